from importlib import import_module

from django.apps import AppConfig


class RequestsAppConfig(AppConfig):
    name = "requests_app"
    verbose_name = "Requests"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """The checks of this floor register themselves when their modules are imported; the ledger learns its names."""
        import_module("requests_app.checks")
        holders = import_module("pvf.domain.holders")
        names = import_module("requests_app.domain.names")
        holders.register(names.HOLDER, names.references)
