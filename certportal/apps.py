from importlib import import_module

from django.apps import AppConfig
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models.signals import post_migrate

from certportal import celery
from core.policy import apply_all


def apply_policies(sender: AppConfig, using: str = DEFAULT_DB_ALIAS, **_: object) -> None:
    """After a migration by the owner: functions, grants and row policies, in one transaction."""
    if settings.DATABASE_ROLE != "owner":
        return
    with transaction.atomic(using=using):
        apply_all(connections[using])


class CertportalConfig(AppConfig):
    name = "certportal"
    verbose_name = "CertPortal"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Bind Celery to Django and, as the last app of all, put the policies in place after each migration."""
        celery.app.set_default()
        import_module("certportal.api.schema")
        # connectors bring their own pages, whose views need the models
        import_module("certportal.url_roles").register_all()
        import_module("certportal.deploy_checks").register_all()
        import_module("certportal.callers")
        post_migrate.connect(apply_policies, sender=self)
