"""Waking a worker: a hint, never the record.

Upper floors are woken by name and are never imported. The message is sent after commit; if it is lost, the sweep of
that loop finds the row by its state.
"""

from __future__ import annotations

import uuid
from functools import partial

import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)


def wake(name: str, certifier_id: uuid.UUID | None, row_id: uuid.UUID | None = None) -> None:
    """Wake the loop ``name`` (a key of ``settings.WAKE_TASKS``) for one row of one certifier, after commit.

    Raises ``KeyError`` at once for a name nobody registered: a silent typo would leave everything to the sweep.
    """
    task, queue = settings.WAKE_TASKS[name]
    transaction.on_commit(partial(_send, task, queue, certifier_id, row_id), robust=True)


def _send(task: str, queue: str, certifier_id: uuid.UUID | None, row_id: uuid.UUID | None) -> None:
    """Send one message; a broker that is away costs nothing but time, since the sweep will find the row."""
    arguments = [str(certifier_id) if certifier_id else None, str(row_id) if row_id else None]
    try:
        current_app.send_task(task, args=arguments, queue=queue, retry=False, ignore_result=True)
    except (OperationalError, OSError) as error:
        log.warning("wake_up_lost", task=task, row_id=arguments[1], reason=type(error).__name__)
