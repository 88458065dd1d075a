from importlib import import_module

from django.apps import AppConfig


class RequestsAppConfig(AppConfig):
    name = "requests_app"
    verbose_name = "Requests"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """What this floor registers: checks, the look for tariff codes, the names that the ledger shows."""
        import_module("requests_app.checks")
        import_module("requests_app.domain.tariff_changes")
        holders = import_module("pvf.domain.holders")
        names = import_module("requests_app.domain.names")
        holders.register(names.HOLDER, names.references)
