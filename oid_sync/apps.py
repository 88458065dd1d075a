from importlib import import_module

from django.apps import AppConfig


class OidSyncConfig(AppConfig):
    name = "oid_sync"
    verbose_name = "OID synchronisation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """A connection that two managers agreed on is put in force here."""
        links = import_module("oid_sync.domain.links")
        kinds = import_module("organizations.models_changes").GuardedChange.Kind
        import_module("organizations.domain.two_managers").register(kinds.CONNECTION, links.put_confirmed_in_force)
