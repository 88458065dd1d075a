from django.apps import AppConfig


class OidSyncConfig(AppConfig):
    name = "oid_sync"
    verbose_name = "OID synchronisation"
    default_auto_field = "django.db.models.BigAutoField"
