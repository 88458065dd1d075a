"""A worker's connection to the database outlives a task, and ends by its age."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from celery import signals
from celery.fixups.django import DjangoWorkerFixup
from django.db import connection

from certportal.celery import app

pytestmark = pytest.mark.django_db(transaction=True)


class Task:
    """A task that a worker runs."""

    request = SimpleNamespace(is_eager=False)


def a_task_ran() -> None:
    """What Celery's worker does around a task: its signals, to our receivers and to those of its part for Django."""
    task, fixup = Task(), DjangoWorkerFixup(app)
    for signal, receiver in (
        (signals.task_prerun, fixup.on_task_prerun),
        (signals.task_postrun, fixup.on_task_postrun),
    ):
        signal.send(sender=task)
        receiver(sender=task)


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections are kept for a minute, as in a worker; the tests' own are not."""
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 60)
    connection.close()


def server_process() -> int:
    """The process of PostgreSQL at the other end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def test_tasks_one_after_another_use_one_connection() -> None:
    first = server_process()
    a_task_ran()
    assert server_process() == first


def test_a_connection_that_is_too_old_ends_with_the_task() -> None:
    first = server_process()
    connection.close_at = time.monotonic() - 1
    a_task_ran()
    assert server_process() != first
