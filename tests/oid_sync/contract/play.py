"""What the suite does with every connector: connects it, brings a fault about, and looks at what is shown meanwhile."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from decimal import Decimal

import pytest

from certificates.domain import actuals, amending, voiding
from certificates.models import Certificate, CertificateState
from core import clock
from core.identity import act_as
from oid_sync import tasks
from oid_sync.connectors.base import Fault
from oid_sync.domain import calls, desk, taking
from oid_sync.models import CallState, OidCall, OidConnection, OidExchange, Operation
from tests.oid_sync.contract.sides import Side, cases, on_desk
from tests.support import stages
from tests.support.certificates import with_document
from tests.support.world import World

ROUNDS = 6


#: Faults at the acts after the issue that every day's run rehearses; the long suite does the others.
DAILY = frozenset({Fault.COMMIT_THEN_DROP, Fault.DROP, Fault.REJECTED})


def each_fault(*, registering: bool, only: Collection[Fault] = frozenset(Fault)) -> Callable[..., object]:
    """The cases of the suite: each connector with each fault that it declares, of those in ``only``."""
    found = [(name, fault) for name, fault in cases(registering=registering) if fault in only]
    names = [f"{name}-{fault.name.lower()}" for name, fault in found]
    return pytest.mark.parametrize(("side", "fault"), found, ids=names, indirect=["side"])


def run(world: World) -> None:
    """Sweep, with every waiting time over."""
    with act_as(world.loop()):
        due = OidCall.objects.filter(state__in=[CallState.WAITING, CallState.UNKNOWN])
        due.update(next_attempt_at=clock.now())
        OidConnection.objects.update(paused_until=None)
    tasks.sweep_registration()


def kill_a_worker(world: World) -> None:
    """Killed between sending and recording: what was sent is not known, and the lease runs out."""
    loop = world.loop()
    with act_as(loop):
        calls.make_missing(world.certifier.pk)
        due = calls.due(world.certifier.pk)
    with act_as(loop):
        taken = taking.take(loop, due[0])
    assert taken is not None
    calls._send(taken)
    with act_as(loop):
        OidCall.objects.filter(pk=due[0]).update(lease_until=clock.now() - dt.timedelta(seconds=1))


def read(world: World, certificate: Certificate) -> Certificate:
    with act_as(world.loop()):
        return Certificate.objects.get(pk=certificate.pk)


def check_what_is_shown(world: World, side: Side, certificate: Certificate) -> None:
    """At any moment: no number that OID has not given, none shown as registered that is not, no second record."""
    now, held = read(world, certificate), side.numbers(certificate)
    assert len(held) <= 1
    with act_as(world.loop()):
        call = OidCall.objects.filter(certificate=certificate, operation=Operation.REGISTER).first()
    if now.number:
        assert held == [now.number]
    else:
        assert now.state == CertificateState.AWAITING_NUMBER
        page = world.browser("signatory").get(f"/certificates/{certificate.pk}/").content.decode()
        assert "Awaiting number" in page
    if call is not None and call.state == CallState.DONE:
        assert held == [now.number]
    if call is not None and call.state == CallState.REJECTED:
        assert held == []


def mended(world: World, side: Side) -> None:
    """What lasts is over, and what was refused is sent again by a person."""
    side.mend()
    with act_as(world.who("manager")) as manager:
        for call in OidCall.objects.filter(state=CallState.REJECTED):
            desk.resend(manager, call.pk)


def until_done(world: World, side: Side, certificate: Certificate) -> None:
    for turn in range(ROUNDS):
        run(world)
        side.work(world)
        check_what_is_shown(world, side, certificate)
        if turn == 1:
            mended(world, side)
        if not on_desk(world):
            return


def what_was_said(world: World) -> list[tuple[object, ...]]:
    """Calls and exchanges of the certifier, oldest first: for a failure's message."""
    with act_as(world.loop()):
        said = OidExchange.objects.order_by("at").values_list("call__operation", "milliseconds", "status", "answer")
        rows = OidCall.objects.order_by("created_at").values_list(
            "operation", "state", "attempts", "why", "reason_code", "reason", "next_attempt_at"
        )
        return [*rows, *((*one[:3], one[3][:200]) for one in said)]


def act(world: World, certificate: Certificate, operation: str) -> None:
    with act_as(world.who("manager")) as manager:
        if operation == "amend":
            amending.amend_down(manager, certificate.pk, Decimal(600), reason="Less was loaded.")
        elif operation == "actuals":
            actuals.declare_total(manager, certificate.pk)
        else:
            voiding.void(manager, certificate.pk, reason="Wrong importer.")


def told_once_and_in_order(connected: World, side: Side, fault: Fault) -> None:
    """Weight lowered, total declared, void: each goes wrong once on its way, and is done once."""
    certificate = stages.approved(connected, start_date=clock.now().date())
    until_done(connected, side, certificate)
    certificate = with_document(connected, read(connected, certificate))
    for operation in ("amend", "actuals", "void"):
        act(connected, certificate, operation)
        if fault is Fault.KILLED:
            kill_a_worker(connected)
        else:
            side.provoke(fault, operation)
        until_done(connected, side, certificate)
        assert on_desk(connected) == [], what_was_said(connected)
    assert side.done(certificate) == ["amend", "actuals", "void"]
    assert len(side.numbers(certificate)) == 1
