"""The Celery application: workers are woken here, the record is PostgreSQL."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_init
from django.conf import settings
from django.utils.log import configure_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "certportal.settings")

app = Celery("certportal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def _log_as_the_web_does(**_: Any) -> None:
    configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)


@worker_init.connect
def _refuse_a_powerful_role(**_: Any) -> None:
    # imported here: models are not loaded yet when this module is
    from core.role_guard import require_restricted_role  # noqa: PLC0415

    require_restricted_role()
