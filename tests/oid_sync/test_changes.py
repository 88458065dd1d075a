"""What happens after the issue reaches OID: each change once, in its order, against the real store."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest

from certificates.domain import actuals, amending, shipments, voiding
from certificates.models import Certificate
from core import clock
from core.identity import act_as
from oid_sync import tasks
from oid_sync.domain import calls
from oid_sync.models import CallState, OidCall, Operation
from tests.oid_store.server import StoreServer
from tests.support.certificates import issued_by_oid
from tests.support.world import World

pytestmark = pytest.mark.django_db(transaction=True)
KG = Decimal


def run(world: World, *, times: int = 1) -> None:
    """Sweep, with every waiting time over."""
    for _ in range(times):
        with act_as(world.loop()):
            OidCall.objects.filter(state__in=[CallState.WAITING, CallState.UNKNOWN]).update(next_attempt_at=clock.now())
        tasks.sweep_registration()


@pytest.fixture
def certificate(linked: World) -> Certificate:
    return issued_by_oid(linked, lambda: run(linked))


def ship(world: World, certificate: Certificate, kg: str) -> uuid.UUID:
    with act_as(world.who("signatory")) as actor:
        return shipments.report(
            actor, certificate.pk, quantity=KG(kg), unit="KGM", departure_date=certificate.start_date,
            key=uuid.uuid4().hex,
        ).pk  # fmt: skip


def record(store: StoreServer, certificate: Certificate) -> tuple[object, ...]:
    """(net kg, reported kg, declared total, status) as the store holds them."""
    rows = store.rows(
        "SELECT net_weight_kg, actual_kg, declared_total_kg, status FROM oid_store_certificate WHERE reference = %s",
        certificate.pk,
    )
    return tuple(rows[0])


def unfinished(world: World) -> list[tuple[str, str, str]]:
    with act_as(world.loop()):
        rows = OidCall.objects.exclude(state=CallState.DONE)
        return list(rows.values_list("operation", "state", "reason"))


def test_all_of_it_at_once_arrives_in_the_order_in_which_it_happened(
    linked: World, store: StoreServer, certificate: Certificate
) -> None:
    wrong = ship(linked, certificate, "100")
    with act_as(linked.who("signatory")) as actor:
        shipments.correct(actor, wrong, reason="Another weight.")
    ship(linked, certificate, "250.5")
    with act_as(linked.who("approver")) as approver:
        amending.amend_down(approver, certificate.pk, KG(600), reason="Less was loaded.")
    with act_as(linked.who("signatory")) as actor:
        actuals.declare_total(actor, certificate.pk)
    run(linked, times=3)
    assert unfinished(linked) == []
    assert record(store, certificate) == (KG(600), KG("250.5"), KG("250.5"), "live")
    with act_as(linked.who("manager")) as manager:
        voiding.void(manager, certificate.pk, reason="Wrong importer.")
    run(linked, times=2)
    assert unfinished(linked) == []
    assert record(store, certificate)[3] == "void"


def test_a_sweep_makes_no_second_call(linked: World, certificate: Certificate) -> None:
    ship(linked, certificate, "100")
    with act_as(linked.who("signatory")) as actor:
        actuals.declare_total(actor, certificate.pk)
    with act_as(linked.loop()):
        assert calls.make_missing(linked.certifier.pk) == 2
        assert calls.make_missing(linked.certifier.pk) == 0
        assert OidCall.objects.filter(operation=Operation.ACTUALS).count() == 2
