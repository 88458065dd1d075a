"""The store as a Django app."""

from django.apps import AppConfig


class OidStoreConfig(AppConfig):
    """Registers the store's models, commands, templates and static files."""

    name = "oid_store"
    label = "oid_store"
    verbose_name = "OID-style store"
    default_auto_field = "django.db.models.BigAutoField"
