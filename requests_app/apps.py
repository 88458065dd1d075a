from importlib import import_module

from django.apps import AppConfig


class RequestsAppConfig(AppConfig):
    name = "requests_app"
    verbose_name = "Requests"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """What this floor registers: checks, words of their values, the look for tariff codes, names for the ledger."""
        import_module("requests_app.checks")
        import_module("requests_app.domain.tariff_changes")
        kinds = import_module("requests_app.models").DocumentKind.choices
        import_module("core.templatetags._findings").name_values(("required", "there", "missing"), dict(kinds))
        holders = import_module("pvf.domain.holders")
        names = import_module("requests_app.domain.names")
        holders.register(names.HOLDER, names.references)
