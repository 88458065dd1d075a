"""The Celery application: workers are woken here, the record is PostgreSQL."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, setup_logging, task_postrun, task_prerun, worker_init
from django.conf import settings
from django.db import close_old_connections
from django.utils.log import configure_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "certportal.settings")

app = Celery("certportal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def _log_as_the_web_does(**_: Any) -> None:
    configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)


@worker_init.connect
@beat_init.connect
def write_for_nobody_else(**_: Any) -> None:
    """Whatever a worker writes is its own user's alone, as in web (deploy/gunicorn.conf.py)."""
    os.umask(0o077)


@worker_init.connect
@beat_init.connect
def refuse_a_powerful_role(**_: Any) -> None:
    """End the process unless row-level security binds its database role (also where the database cannot be asked).

    ``SystemExit``, since Celery logs whatever else a receiver raises and goes on.
    """
    # imported here: models are not loaded yet when this module is
    from core.role_guard import require_restricted_role  # noqa: PLC0415

    try:
        require_restricted_role()
    except Exception as error:
        raise SystemExit(f"not started: {error}") from error


@task_prerun.connect
@task_postrun.connect
def _let_go_of_old_connections(**_: Any) -> None:
    # what Django does before and after a request: too old or broken ones are closed, the others checked at their next use
    close_old_connections()
