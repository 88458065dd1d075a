"""Every pair of acts that lock requests, certificates, lines and balances, at the same moment, on the same things.

Real threads, real commits. Each act may succeed or be refused by its rule; PostgreSQL must find no deadlock, nobody may wait
past the limit, and afterwards every balance is the sum of its movements.
"""

from __future__ import annotations

import itertools
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import psycopg
import pytest
from django.db import OperationalError, connection, connections

from core.errors import DomainError
from core.identity import act_as
from organizations.models import Operation
from pvf.models import Cause, PVFLine
from tests.support import ledger_acts as acts
from tests.support.world import PLATFORM, World, make_line, make_world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800)]

PAIR_SECONDS = 30
TURNS = 2


class Things:
    """What two acts meet on: made anew for each turn, only what the acts name."""

    def __init__(self, world: World, lines: tuple[PVFLine, PVFLine]) -> None:
        self.world, self.lines = world, lines
        self.made: dict[str, uuid.UUID] = {}

    def __getitem__(self, stage: str) -> uuid.UUID:
        return self.made[stage]

    def make(self, stage: str) -> None:
        """A request or certificate at this stage, the same for both acts."""
        if stage in self.made or not stage:
            return
        world, line = self.world, self.lines[0]
        request = acts.draft(world, line, Decimal(10), "KGM")
        if stage == "draft":
            self.made[stage] = request
            return
        acts.submit(world, request)
        if stage == "asked":
            acts.ask_for_quantity(world, request)
        if stage == "recommended":
            acts.recommend(world, request)
        if stage in {"unnumbered", "issued", "shipped"}:
            acts.recommend(world, request)
            certificate = acts.approve(world, request)
            if stage != "unnumbered":
                acts.issue(world, certificate)
            if stage == "shipped":
                self.made["shipment"] = acts.ship(world, certificate, Decimal(4), "KGM", "first")
            request = certificate
        self.made[stage] = request


def process(things: Things) -> None:
    """The second line's kilograms become the first's."""
    actor = things.world.who("manager")
    into, out_of = things.lines[0].pk, things.lines[1].pk
    acts.Causes(actor).process(into, out_of, Decimal(1), Decimal(1), f"process:{uuid.uuid4()}")


def back_and_forth(things: Things) -> None:
    """The other way round: whoever locks in another order than by key meets the one above."""
    actor = things.world.who("manager")
    into, out_of = things.lines[1].pk, things.lines[0].pk
    acts.Causes(actor).process(into, out_of, Decimal(1), Decimal(1), f"process:{uuid.uuid4()}")


def end(cause: Cause) -> Callable[[Things], None]:
    """A part of a certificate's rest goes back."""

    def act(things: Things) -> None:
        causes, key = acts.Causes(things.world.who("approver")), f"{cause}:{uuid.uuid4()}"
        causes.give_back(cause, things.lines[0].pk, things["issued"], Decimal(1), key)

    return act


def replace(things: Things) -> None:
    """certified(old)→certified(new)."""
    causes = acts.Causes(things.world.who("approver"))
    causes.replace(things.lines[0].pk, things["issued"], uuid.uuid4(), Decimal(1), f"replace:{uuid.uuid4()}")


def authorise(things: Things) -> None:
    """A manager puts a version in force that gives both lines more."""
    quantity = Decimal(10**6) + Decimal(uuid.uuid4().int % 1000)
    acts.authorise(things.world, dict.fromkeys(things.lines, (quantity, "KGM")))


def directory(things: Things) -> None:
    """The directory writes the importer's and the exporter's rows, in the order of their keys."""
    keys = sorted([things.world.importer.pk, things.world.client.operation_id])
    with act_as(PLATFORM):
        for key in keys:
            list(Operation.objects.select_for_update().filter(pk=key))


#: Act by name: the stage it starts from, and what it does.
ACTS: dict[str, tuple[str, Callable[[Things], object]]] = {
    "submit": ("draft", lambda t: acts.submit(t.world, t["draft"])),
    "withdraw": ("recommended", lambda t: acts.withdraw(t.world, t["recommended"])),
    "change quantity": ("asked", lambda t: acts.answer(t.world, t["asked"], Decimal(12))),
    "reject": ("recommended", lambda t: acts.reject(t.world, t["recommended"])),
    "approve": ("recommended", lambda t: acts.approve(t.world, t["recommended"])),
    "back to review": ("unnumbered", lambda t: acts.back_to_review(t.world, t["unnumbered"])),
    "number": ("unnumbered", lambda t: acts.give_number(t.world, t["unnumbered"])),
    "ship": ("issued", lambda t: acts.ship(t.world, t["issued"], Decimal(2), "KGM", str(uuid.uuid4()))),
    "correct": ("shipped", lambda t: acts.correct(t.world, t["shipment"])),
    "close out": ("issued", end(Cause.CLOSE_OUT)),
    "amend down": ("issued", lambda t: acts.amend_down(t.world, t["issued"], Decimal(5))),
    "void": ("issued", lambda t: acts.void(t.world, t["issued"])),
    "replace": ("issued", replace),
    "authorise": ("", authorise),
    "process": ("", process),
    "process back": ("", back_and_forth),
    "directory": ("", directory),
}


def at_once(things: Things, *names: str) -> list[str]:
    """Do the acts at the same moment. Returns what became of each: done, refused, or what must not be."""
    gate = threading.Barrier(len(names))

    def work(name: str) -> str:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = '{PAIR_SECONDS}s'")
        gate.wait(timeout=60)
        try:
            ACTS[name][1](things)
        except DomainError:
            return "refused"
        except OperationalError as error:
            return f"{type(error.__cause__).__name__}: {error}"
        else:
            return "done"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(names)) as pool:
        return [future.result(timeout=PAIR_SECONDS * 2) for future in [pool.submit(work, name) for name in names]]


def test_no_pair_of_acts_deadlocks(owner_connection: psycopg.Connection) -> None:
    world = make_world(kg=10**6)
    second = make_line(world.client, 10**6, pvf=world.pvf).line
    wrong, done = [], 0
    for pair in itertools.combinations_with_replacement(ACTS, 2):
        for _turn in range(TURNS):
            things = Things(world, (world.line, second))
            for name in pair:
                things.make(ACTS[name][0])
            answers = at_once(things, *pair)
            done += answers.count("done")
            wrong += [f"{' + '.join(pair)}: {answer}" for answer in answers if answer not in {"done", "refused"}]
    assert wrong == []
    pairs = len(ACTS) * (len(ACTS) + 1) // 2
    assert done >= pairs * TURNS, "at least one act of each pair was to succeed"
    row = owner_connection.execute(
        "SELECT count(*) FROM pvf_balance b JOIN (SELECT line_id, "
        "sum(kg * ((target = 'available')::int - (source = 'available')::int)) a, "
        "sum(kg * ((target = 'reserved')::int - (source = 'reserved')::int)) r, "
        "sum(kg * ((target = 'certified')::int - (source = 'certified')::int)) c, "
        "sum(kg * ((target = 'shipped')::int - (source = 'shipped')::int)) s FROM pvf_movement GROUP BY line_id) m "
        "USING (line_id) WHERE (b.available, b.reserved, b.certified, b.shipped) = (m.a, m.r, m.c, m.s)"
    ).fetchone()
    assert row == (2,)


def test_the_rehearsal_itself_finds_a_deadlock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two acts that lock in opposite orders, each waiting for the other's first lock, are told apart from the rest."""
    world = make_world(kg=1000)
    second = make_line(world.client, 1000, pvf=world.pvf).line
    both_hold_one = threading.Barrier(2)

    def crossing(first: PVFLine, then: PVFLine) -> Callable[[Things], None]:
        def act(things: Things) -> None:
            with act_as(things.world.loop()), connection.cursor() as cursor:
                cursor.execute("SELECT pvf_lock_balances(%s)", [[first.pk]])
                both_hold_one.wait(timeout=60)
                cursor.execute("SELECT pvf_lock_balances(%s)", [[then.pk]])

        return act

    monkeypatch.setitem(ACTS, "there", ("", crossing(world.line, second)))
    monkeypatch.setitem(ACTS, "back", ("", crossing(second, world.line)))
    answers = at_once(Things(world, (world.line, second)), "there", "back")
    assert sorted(answer.split(":")[0] for answer in answers) == ["DeadlockDetected", "done"]
