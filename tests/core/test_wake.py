"""One message wakes the loop that tells people, however many rows wait; none is sent for a row that was rolled back."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import pytest
import redis
from django.conf import settings
from django.db import transaction

from core.identity import Identity, act_as
from core.models import Audience
from core.notify import notify
from core.wake import awake, wake

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def queue() -> Iterator[Queue]:
    found = Queue()
    found.empty()
    yield found
    found.empty()


class Queue:
    """The broker's list of messages for the worker of mails; no worker reads it during these tests."""

    name = "default"

    def arguments(self) -> list[list[str | None]]:
        """What the waiting messages ask for, oldest first."""
        with self._server() as client:
            found = [json.loads(raw) for raw in reversed(client.lrange(self._key, 0, -1))]
        return [json.loads(entry["headers"]["argsrepr"].replace("'", '"').replace("None", "null")) for entry in found]

    def empty(self) -> None:
        """Drop what waits. The markers are in the cache, which is each test's own."""
        with self._server() as client:
            client.delete(self._key)

    @property
    def _key(self) -> str:
        return f"{settings.CELERY_BROKER_TRANSPORT_OPTIONS['global_keyprefix']}{self.name}"

    def _server(self) -> redis.Redis:
        return redis.Redis.from_url(settings.CELERY_BROKER_URL, socket_timeout=5)


def _tell(certifier: uuid.UUID) -> None:
    with act_as(Identity.loop(certifier)):
        notify(
            "request.submitted", Audience.CERTIFIER, certifier, certifier_id=certifier, object_type="request",
            object_id=None,
        )  # fmt: skip


def test_many_rows_of_one_certifier_send_one_message_for_all_of_them(queue: Queue) -> None:
    one, other = uuid.uuid4(), uuid.uuid4()
    for _ in range(3):
        _tell(one)
    _tell(other)
    assert queue.arguments() == [[str(one), None], [str(other), None]]


def test_a_row_written_after_the_loop_looked_sends_its_own(queue: Queue) -> None:
    certifier = uuid.uuid4()
    _tell(certifier)
    awake("notifications", certifier)
    _tell(certifier)
    assert len(queue.arguments()) == 2


def test_loops_that_work_row_by_row_are_woken_for_each(queue: Queue) -> None:
    queue.name = "documents"
    queue.empty()
    certifier, rows = uuid.uuid4(), [uuid.uuid4(), uuid.uuid4()]
    with transaction.atomic():
        for row in rows:
            wake("documents", certifier, row)
        assert queue.arguments() == []
    assert queue.arguments() == [[str(certifier), str(row)] for row in rows]


def test_what_was_rolled_back_wakes_nobody(queue: Queue) -> None:
    with transaction.atomic():
        wake("notifications", uuid.uuid4())
        transaction.set_rollback(True)
    assert queue.arguments() == []


def test_a_name_nobody_registered_is_refused_at_once() -> None:
    with pytest.raises(KeyError):
        wake("notification", uuid.uuid4())
