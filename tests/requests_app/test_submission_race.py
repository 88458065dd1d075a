"""Two hundred exporters' clerks press "submit" at once on a line that has volume for fifty.

With the lock exactly fifty succeed and every other is told so by VOL-1 with the arithmetic. Its twins show that this is not
luck: with the lock taken out the CHECK constraint alone stops what would be oversold (and then the arithmetic is
missing from the answer); with lock and constraint taken out the line **is** oversold.
"""

from __future__ import annotations

import queue
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db import connection, connections

from core.errors import DomainError
from core.identity import act_as
from pvf.domain import ledger
from pvf.models import Balance, Movement
from requests_app.domain import submission
from tests.support.drafts import complete_draft
from tests.support.world import World, make_world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

SUBMITS, CONNECTIONS, ROOM = 200, 80, 50


def submit_all(world: World, drafts: list[uuid.UUID]) -> list[Any]:
    """Submit every draft from a thread of its own connection; the request, or what was raised."""
    signatory = world.who("signatory")
    workers = min(CONNECTIONS, len(drafts))
    gate = threading.Barrier(workers)
    waiting = queue.SimpleQueue[uuid.UUID]()
    for pk in drafts:
        waiting.put(pk)

    def work() -> list[Any]:
        answers: list[Any] = []
        connection.ensure_connection()
        gate.wait(timeout=60)
        try:
            while True:
                pk = waiting.get_nowait()
                try:
                    with act_as(signatory):
                        answers.append(submission.submit(signatory, pk))
                except Exception as error:
                    answers.append(error)
        except queue.Empty:
            return answers
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=workers) as pool:
        done = [pool.submit(work) for _ in range(workers)]
    return [answer for future in done for answer in future.result()]


def unlocked(line_ids: Any) -> dict[uuid.UUID, Balance]:
    """The twin: reads the balances without locking them."""
    return {row.line_id: row for row in Balance.objects.filter(line_id__in=set(line_ids))}


def everybody_has_looked(workers: int) -> Callable[[Any], dict[uuid.UUID, Balance]]:
    """An unlocked read after which each of the first ``workers`` waits until all of them have read the same balance."""
    gate = threading.Barrier(workers)
    counter = iter(range(workers))
    guard = threading.Lock()

    def look(line_ids: Any) -> dict[uuid.UUID, Balance]:
        found = unlocked(line_ids)
        with guard:
            first = next(counter, None) is not None
        if first:
            gate.wait(timeout=60)
        return found

    return look


@pytest.mark.long
def test_two_hundred_submits_on_room_for_fifty():
    world = make_world(kg=1000 * ROOM)
    drafts = [complete_draft(world, "1000").pk for _ in range(SUBMITS)]

    answers = submit_all(world, drafts)

    refused = [answer for answer in answers if isinstance(answer, Exception)]
    assert Counter(type(answer).__name__ for answer in refused) == {"NotReady": SUBMITS - ROOM}
    for answer in refused:
        assert answer.code == "VOL-1"
        compared = answer.details["findings"][0]["compared"]
        assert Decimal(compared["asked_kg"]) == 1000
        assert Decimal(compared["over_kg"]) == 1000 - Decimal(compared["available_kg"]) == 1000
    with act_as(world.loop()):
        balance = Balance.objects.get(line=world.line)
        assert (balance.available, balance.reserved) == (0, 1000 * ROOM)
        assert Movement.objects.filter(line=world.line, cause="submit").count() == ROOM


def test_twin_without_the_lock_is_stopped_by_the_check_constraint_alone(monkeypatch):
    world = make_world(kg=3000)
    drafts = [complete_draft(world, "1000").pk for _ in range(10)]
    monkeypatch.setattr(ledger, "lock_balances", everybody_has_looked(10))

    answers = submit_all(world, drafts)

    refused = [answer for answer in answers if isinstance(answer, DomainError)]
    assert len(refused) == 7
    assert {type(answer).__name__ for answer in refused} == {"VolumeExceeded"}
    with act_as(world.loop()):
        assert Balance.objects.get(line=world.line).available == 0


def test_twin_without_lock_and_constraint_oversells(monkeypatch, owner_connection: psycopg.Connection[Any]):
    world = make_world(kg=3000)
    drafts = [complete_draft(world, "1000").pk for _ in range(10)]
    monkeypatch.setattr(ledger, "lock_balances", everybody_has_looked(10))
    owner_connection.execute("ALTER TABLE pvf_balance DROP CONSTRAINT balance_available_not_negative")
    try:
        answers = submit_all(world, drafts)
        with act_as(world.loop()):
            oversold = Balance.objects.get(line=world.line).available
    finally:
        owner_connection.execute("UPDATE pvf_balance SET available = 0")
        owner_connection.execute(
            "ALTER TABLE pvf_balance ADD CONSTRAINT balance_available_not_negative CHECK (available >= 0)"
        )
    assert not any(isinstance(answer, Exception) for answer in answers)
    assert oversold == -7000
