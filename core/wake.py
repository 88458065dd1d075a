"""Waking a worker: a hint, never the record.

Upper floors are woken by name and are never imported. The message is sent after commit; if it is lost, the sweep of
that loop finds the row by its state.

A loop whose task does all that waits for one certifier (``settings.WAKE_TOGETHER``) is woken once for many rows: while
a message is on its way another would only be read for nothing. The task calls :func:`awake` before it looks for rows,
so that a row written after that look has a message of its own.
"""

from __future__ import annotations

import uuid
from functools import partial

import structlog
from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

#: Seconds after which a message that nobody read is taken for lost, and the next row sends another.
ON_ITS_WAY = 5


def wake(name: str, certifier_id: uuid.UUID | None, row_id: uuid.UUID | None = None) -> None:
    """Wake the loop ``name`` (a key of ``settings.WAKE_TASKS``) for one row of one certifier, after commit.

    Raises ``KeyError`` at once for a name nobody registered: a silent typo would leave everything to the sweep.
    """
    task, queue = settings.WAKE_TASKS[name]
    send = _send_once if name in settings.WAKE_TOGETHER else _send
    transaction.on_commit(partial(send, task, queue, certifier_id, row_id), robust=True)


def awake(name: str, certifier_id: uuid.UUID | None) -> None:
    """Say that the task of a loop that is woken once for many rows is about to look for them."""
    try:
        cache.delete(_marker(settings.WAKE_TASKS[name][0], certifier_id))
    except (RedisError, OSError) as error:
        log.warning("wake_marker_kept", name=name, reason=type(error).__name__)


def _marker(task: str, certifier_id: uuid.UUID | None) -> str:
    return f"wake:{task}:{certifier_id}"


def _send_once(task: str, queue: str, certifier_id: uuid.UUID | None, row_id: uuid.UUID | None) -> None:
    """Send a message for all that waits for a certifier, unless one is on its way."""
    try:
        first = cache.add(_marker(task, certifier_id), "sent", timeout=ON_ITS_WAY)
    except (RedisError, OSError) as error:
        log.warning("wake_up_lost", task=task, row_id=str(row_id), reason=type(error).__name__)
        return
    if first:
        _send(task, queue, certifier_id, None)


def _send(task: str, queue: str, certifier_id: uuid.UUID | None, row_id: uuid.UUID | None) -> None:
    """Send one message; a broker that is away costs nothing but time, since the sweep will find the row."""
    arguments = [str(certifier_id) if certifier_id else None, str(row_id) if row_id else None]
    try:
        current_app.send_task(task, args=arguments, queue=queue, retry=False, ignore_result=True)
    except (OperationalError, OSError) as error:
        log.warning("wake_up_lost", task=task, row_id=arguments[1], reason=type(error).__name__)
