"""Races on what holds and moves kilograms after a submit: rivals at an exact call, a twin without the lock, lock orders."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from certificates.domain import numbers, shipments
from certificates.models import Certificate, CertificateState, Shipment
from core.errors import DomainError
from core.identity import act_as
from organizations.tenancy import find
from pvf.domain import ledger
from pvf.models import Balance, Bucket, Cause, Movement
from requests_app.domain import submission
from tests.support import ledger_acts as acts
from tests.support.world import World, make_world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]


def in_review(world: World, kg: int = 1000) -> uuid.UUID:
    """A recommended request."""
    request = acts.draft(world, world.line, Decimal(kg), "KGM")
    acts.submit(world, request)
    acts.recommend(world, request)
    return request


def issued(world: World, kg: int = 1000) -> uuid.UUID:
    """An issued certificate."""
    certificate = acts.approve(world, in_review(world, kg))
    acts.issue(world, certificate)
    return certificate


def at_once(*work: Callable[[], Any]) -> list[Any]:
    """Do everything at the same moment, each on a connection of its own; results or what was raised."""
    gate = threading.Barrier(len(work))

    def one(act: Callable[[], Any]) -> Any:
        connection.ensure_connection()
        gate.wait(timeout=60)
        try:
            return act()
        except DomainError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(work)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(one, act) for act in work]]


def buckets(world: World) -> tuple[Decimal, ...]:
    """Available, reserved, certified, shipped; after a look at the sums of the movements."""
    with act_as(world.loop()):
        row = Balance.objects.get(line=world.line)
        last = Movement.objects.filter(line=world.line).order_by("-sequence")[0]
        found = (row.available, row.reserved, row.certified, row.shipped)
        assert found == (last.available_after, last.reserved_after, last.certified_after, last.shipped_after)
    return found


# --- two threads on one function ---


def test_a_shipment_reported_by_many_at_once_leaves_once() -> None:
    world = make_world(kg=5000)
    certificate = issued(world)
    answers = at_once(*[lambda: acts.ship(world, certificate, Decimal(300), "KGM", "one")] * 8)
    assert len(set(answers)) == 1
    assert buckets(world) == (4000, 0, 700, 300)


def test_shipments_at_once_never_take_more_than_the_certificate_has() -> None:
    world = make_world(kg=5000)
    certificate = issued(world)
    answers = at_once(
        *[lambda key=number: acts.ship(world, certificate, Decimal(300), "KGM", str(key)) for number in range(8)]
    )
    refused = [answer for answer in answers if isinstance(answer, DomainError)]
    assert [answer.code for answer in refused] == ["SHIP-REST"] * 5
    assert buckets(world) == (4000, 0, 100, 900)


def test_a_shipment_taken_back_by_many_at_once_comes_back_once() -> None:
    world = make_world(kg=5000)
    shipment = acts.ship(world, issued(world), Decimal(300), "KGM", "one")
    assert at_once(*[lambda: acts.correct(world, shipment)] * 6) == [None] * 6
    assert buckets(world) == (4000, 0, 1000, 0)


def test_approved_and_withdrawn_at_once_is_one_of_the_two() -> None:
    world = make_world(kg=5000)
    for _turn in range(4):
        before = buckets(world)
        request = in_review(world, 100)
        answers = at_once(lambda: acts.approve(world, request), lambda: acts.withdraw(world, request))  # noqa: B023
        assert sum(isinstance(answer, DomainError) for answer in answers) == 1, answers
        gone = not isinstance(answers[1], DomainError)
        certified = before[2] + (0 if gone else 100)
        assert buckets(world) == (5000 - certified, 0, certified, 0)


def test_two_keys_for_the_last_kilograms_close_out_and_ship() -> None:
    world = make_world(kg=5000)
    certificate = issued(world)
    causes = acts.Causes(world.who("approver"))

    def close() -> None:
        causes.give_back(Cause.CLOSE_OUT, world.line.pk, certificate, Decimal(1000), "close")

    answers = at_once(close, lambda: acts.ship(world, certificate, Decimal(1000), "KGM", "one"))
    assert sum(isinstance(answer, ledger.VolumeExceeded) for answer in answers) == 1
    assert sum(buckets(world)) == 5000 and buckets(world)[2] == 0


# --- over HTTP, and the twin without the lock ---


def report_all(world: World, certificate: uuid.UUID, number: int) -> list[int]:
    """Report ``number`` shipments of 400 kg at once by the page. The statuses, sorted."""
    browsers = [world.browser("signatory") for _ in range(number)]
    with act_as(world.loop()):
        leaves = Certificate.objects.get(pk=certificate).start_date
    form = {"quantity": "400", "unit": "KGM", "departure_date": leaves.isoformat(), "transport_document": "BL-1"}
    url = reverse("certificates:shipments", args=[certificate])
    answers = at_once(
        *[lambda browser=browser: browser.post(url, {**form, "key": str(uuid.uuid4())}) for browser in browsers]
    )
    return sorted(answer.status_code for answer in answers)


def test_shipments_by_the_page_at_once_stop_at_the_certificates_rest() -> None:
    world = make_world(kg=5000)
    assert report_all(world, issued(world), 6) == [302] * 2 + [422] * 4
    assert buckets(world) == (4000, 0, 200, 800)


def everybody_has_looked(number: int) -> Callable[..., Certificate]:
    """The twin of the lock: reads the certificate, and waits until all have read the same."""
    gate = threading.Barrier(number)

    def look(actor: Any, certificate_id: uuid.UUID) -> Certificate:
        found = find(Certificate.objects.all(), actor, certificate_id)
        gate.wait(timeout=30)
        return found

    return look


def test_twin_without_the_lock_ships_more_than_was_certified(
    monkeypatch: pytest.MonkeyPatch, owner_connection: psycopg.Connection
) -> None:
    world = make_world(kg=5000)
    certificate = issued(world)
    issued(world, 1000)  # kilograms of another certificate on the same line: the bucket alone stops nothing
    monkeypatch.setattr(shipments, "_lock", everybody_has_looked(4))
    numbered = iter(range(100))
    monkeypatch.setattr(shipments, "Max", lambda _name: Bump(next(numbered)))
    assert report_all(world, certificate, 4) == [302] * 4
    with act_as(world.loop()):
        shipped = sum(row.net_kg for row in Shipment.objects.filter(certificate=certificate))
    assert shipped == 1600
    row = owner_connection.execute(
        "SELECT net_kg FROM certificates_certificate WHERE id = %s", [certificate]
    ).fetchone()
    assert row == (1000,)


def Bump(number: int) -> Any:
    """A shipment number that nobody else gets: the unique number would stop the twin for another reason."""
    from django.db.models import IntegerField, Max, Value

    return Max("sequence", default=Value(0, output_field=IntegerField())) + Value(number * 10)


# --- a rival at an exact call ---


@contextmanager
def rival_before(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, act: Callable[[], Any]
) -> Iterator[list[Any]]:
    """Start ``act`` on another connection just before the first call of ``module.name``; what came of it, afterwards."""
    original, started, outcome = getattr(module, name), threading.Event(), []

    def run() -> None:
        try:
            outcome.append(act())
        except DomainError as error:
            outcome.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)

    def intercept(*args: Any, **how: Any) -> Any:
        if not started.is_set():
            started.set()
            thread.start()
            thread.join(0.5)  # it waits at our lock, or is through
        return original(*args, **how)

    monkeypatch.setattr(module, name, intercept)
    yield outcome
    thread.join(30)
    assert started.is_set() and not thread.is_alive()


def test_a_withdrawal_at_the_moment_of_the_approving_movement_comes_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(kg=5000)
    request = in_review(world)
    with rival_before(monkeypatch, ledger, "move", lambda: acts.withdraw(world, request)) as outcome:
        acts.approve(world, request)
    assert [answer.code for answer in outcome] == ["REQUEST-STATE"]
    assert buckets(world) == (4000, 0, 1000, 0)


def test_a_number_at_the_moment_of_going_back_comes_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(kg=5000)
    certificate = acts.approve(world, in_review(world))
    with rival_before(monkeypatch, ledger, "move", lambda: acts.give_number(world, certificate)) as outcome:
        acts.back_to_review(world, certificate)
    assert [answer.code for answer in outcome] == ["CERTIFICATE-STATE"]
    assert buckets(world) == (4000, 1000, 0, 0)


def test_going_back_at_the_moment_of_a_number_comes_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(kg=5000)
    certificate = acts.approve(world, in_review(world))
    with rival_before(
        monkeypatch, numbers, "_require_match", lambda: acts.back_to_review(world, certificate)
    ) as outcome:
        acts.give_number(world, certificate)
    assert [answer.code for answer in outcome] == ["HAS-NUMBER"]
    with act_as(world.loop()):
        assert Certificate.objects.get(pk=certificate).state == CertificateState.AWAITING_DOCUMENT


def test_a_movement_is_timed_under_the_lock() -> None:
    """Who began first but moved last is timed last: a past moment never gains a movement afterwards."""
    world = make_world(kg=5000)
    began, moved = threading.Event(), threading.Event()

    def late() -> None:
        with act_as(world.loop()) as loop:
            began.set()
            assert moved.wait(30)
            ledger.move(loop, world.line.pk, Cause.REDUCE, Bucket.AVAILABLE, Bucket.OUTSIDE, Decimal(1), key="late")

    def early() -> None:
        assert began.wait(30)
        with act_as(world.loop()) as loop:
            ledger.move(loop, world.line.pk, Cause.REDUCE, Bucket.AVAILABLE, Bucket.OUTSIDE, Decimal(1), key="early")
        moved.set()

    assert at_once(late, early) == [None, None]
    with act_as(world.loop()):
        rows = list(Movement.objects.filter(line=world.line).order_by("sequence"))
    assert [row.idempotency_key for row in rows[1:]] == ["early", "late"]
    assert rows[1].made_at < rows[2].made_at


# --- the order of locks ---

#: How each lock shows in what is asked of the database, in the one order.
ORDER = (
    ("operations", re.compile(r"requests_app_lock\(|organizations_operation.*FOR SHARE", re.DOTALL)),
    ("request or certificate", re.compile(r"requests_app_lock\(|\"certificates_certificate\".*FOR UPDATE", re.DOTALL)),
    ("line", re.compile(r"pvf_lock_line\(")),
    ("balance", re.compile(r"pvf_lock_balances\(|pvf_try_move\(")),
)


def locks_of(act: Callable[[], Any]) -> list[str]:
    """The locks that an act takes, in their order, each once in a row."""
    with CaptureQueriesContext(connection) as asked:
        act()
    found: list[str] = []
    for query in asked.captured_queries:
        for name, pattern in ORDER:
            if pattern.search(query["sql"]) and found[-1:] != [name]:
                found.append(name)
    return found


def test_every_act_takes_its_locks_in_the_one_order() -> None:
    world = make_world(kg=50000)
    draft, reviewed, second = acts.draft(world, world.line, Decimal(10), "KGM"), in_review(world), in_review(world)
    asked, certificate, unnumbered = in_review(world), issued(world), acts.approve(world, in_review(world))
    acts.ask_for_quantity(world, asked)
    shipment = acts.ship(world, certificate, Decimal(1), "KGM", "one")
    every: dict[str, Callable[[], Any]] = {
        "submit": lambda: acts.submit(world, draft),
        "approve": lambda: acts.approve(world, reviewed),
        "reject": lambda: acts.reject(world, second),
        "answer": lambda: acts.answer(world, asked, Decimal(900)),
        "withdraw": lambda: acts.withdraw(world, asked),
        "ship": lambda: acts.ship(world, certificate, Decimal(1), "KGM", "two"),
        "correct": lambda: acts.correct(world, shipment),
        "back": lambda: acts.back_to_review(world, unnumbered),
    }
    names = [name for name, _pattern in ORDER]
    for act, do in every.items():
        taken = locks_of(do)
        assert taken[0] == "operations" and taken[-1] == "balance", (act, taken)
        places = [names.index(name) for name in taken]
        # a certificate may follow its request; a second movement may follow the first
        assert places == sorted(places), (act, taken)


def test_the_locks_inside_the_database_are_ordered_too() -> None:
    root = Path(submission.__file__).parents[2]
    surroundings = (root / "requests_app/sql/025_surroundings.sql").read_text(encoding="utf-8")
    body = surroundings[surroundings.index("FUNCTION requests_app_lock") :]
    assert body.index("ORDER BY o.id FOR SHARE") < body.index("WHERE r.id = p_request FOR UPDATE")
    ledger_sql = (root / "pvf/sql/020_ledger.sql").read_text(encoding="utf-8")
    move = ledger_sql[ledger_sql.index("FUNCTION pvf_move") : ledger_sql.index("FUNCTION pvf_try_move")]
    places = [
        move.index(text)
        for text in ("pvf_queue(p_line)", "FOR UPDATE", "idempotency_key = p_key", "UPDATE pvf_balance")
    ]
    assert places == sorted(places)
    locks = ledger_sql[ledger_sql.index("FUNCTION pvf_lock_balances") :]
    assert locks.index("ORDER BY l LOOP") < locks.index("ORDER BY b.line_id FOR UPDATE")
