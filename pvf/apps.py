from django.apps import AppConfig


class PvfConfig(AppConfig):
    name = "pvf"
    verbose_name = "Product verification"
    default_auto_field = "django.db.models.BigAutoField"
