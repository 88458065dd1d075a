from importlib import import_module

from django.apps import AppConfig


class RequestsAppConfig(AppConfig):
    name = "requests_app"
    verbose_name = "Requests"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """What this floor registers, it does when its modules are imported: checks, and the look for tariff codes."""
        import_module("requests_app.checks")
        import_module("requests_app.domain.tariff_changes")
