"""An outage of OID against the real store: left alone while it lasts, then one record, or none where goods have left."""

from __future__ import annotations

from decimal import Decimal

import pytest

from certificates.domain import amending, documents, shipments
from certificates.domain.amending import Asked
from certificates.models import Certificate, CertificateState, ContinuityDocument, Unregistered
from core import clock
from core.errors import Conflict
from core.identity import act_as
from oid_sync import tasks
from oid_sync.connectors.assisted import entries
from oid_sync.domain import calls, links
from oid_sync.models import CallState, OidCall, Operation
from tests.oid_store.server import StoreServer
from tests.oid_sync.reconciling import open_drifts, reconcile
from tests.support.certificates import issued_by_oid
from tests.support.continuity import over, under_continuity
from tests.support.two_managers import agree
from tests.support.world import World

pytestmark = pytest.mark.django_db(transaction=True)
KG = Decimal


def run(world: World, *, times: int = 1) -> None:
    """Sweep, with every waiting time over."""
    for _ in range(times):
        with act_as(world.loop()):
            OidCall.objects.filter(state__in=[CallState.WAITING, CallState.UNKNOWN]).update(next_attempt_at=clock.now())
        tasks.sweep_registration()


def fresh(world: World, certificate: Certificate) -> Certificate:
    with act_as(world.loop()):
        return Certificate.objects.get(pk=certificate.pk)


def records(store: StoreServer) -> int:
    return len(store.rows("SELECT number FROM oid_store_certificate"))


def waiting_call(world: World) -> None:
    """The call that the sweep made at the approval, before the outage."""
    with act_as(world.loop()):
        Certificate.objects.update(state=CertificateState.AWAITING_NUMBER)
        assert calls.make_missing(world.certifier.pk) == 1
        Certificate.objects.update(state=CertificateState.CONTINUITY)


def test_while_the_outage_lasts_nothing_is_sent_and_afterwards_one_record_and_the_regular_certificate(
    linked: World, store: StoreServer
) -> None:
    certificate = under_continuity(linked)
    waiting_call(linked)
    run(linked, times=2)
    assert (records(store), fresh(linked, certificate).state) == (0, CertificateState.CONTINUITY)
    reconcile(linked)
    assert open_drifts(linked) == {}
    over(linked)
    run(linked)
    assert records(store) == 1
    assert fresh(linked, certificate).state == CertificateState.AWAITING_DOCUMENT
    assert documents.make(linked.certifier.pk, certificate.pk)
    issued = fresh(linked, certificate)
    assert (issued.state, issued.number is None) == (CertificateState.ISSUED, False)
    reconcile(linked)
    assert open_drifts(linked) == {}


def test_once_goods_have_left_nothing_is_registered_and_that_is_no_difference(
    linked: World, store: StoreServer
) -> None:
    certificate = under_continuity(linked)
    waiting_call(linked)
    with act_as(linked.who("signatory")) as actor:
        shipments.report(
            actor, certificate.pk, quantity=KG(300), unit="KGM", departure_date=certificate.start_date, key="s"
        )
    over(linked)
    run(linked, times=3)
    assert (records(store), fresh(linked, certificate).state) == (0, CertificateState.CONTINUITY)
    with act_as(linked.loop()):
        assert ContinuityDocument.objects.get().unregistered_because == Unregistered.DEPARTED
        assert list(OidCall.objects.values_list("state", flat=True)) == [CallState.CANCELLED]
    reconcile(linked)
    assert open_drifts(linked) == {}


@pytest.mark.parametrize("kind", ["commit_then_drop", "drop"])
def test_an_unclear_call_from_before_the_outage_is_asked_about_first(
    linked: World, store: StoreServer, kind: str
) -> None:
    store.add_fault(kind, operation="register", next=1)
    certificate = under_continuity(linked)
    waiting_call(linked)
    with act_as(linked.loop()):
        Certificate.objects.update(state=CertificateState.AWAITING_NUMBER)
    tasks.sweep_registration()
    with act_as(linked.loop()):
        Certificate.objects.update(state=CertificateState.CONTINUITY)
        assert OidCall.objects.get().state == CallState.UNKNOWN
    with act_as(linked.who("signatory")) as actor:
        shipments.report(
            actor, certificate.pk, quantity=KG(300), unit="KGM", departure_date=certificate.start_date, key="s"
        )
    over(linked)
    run(linked, times=2)
    # what OID has is taken over although goods have left; what it has not is not sent any more
    has = kind == "commit_then_drop"
    assert records(store) == int(has)
    state = CertificateState.AWAITING_DOCUMENT if has else CertificateState.CONTINUITY
    assert fresh(linked, certificate).state == state


@pytest.mark.parametrize("kind", ["commit_then_drop", "error_500"])
def test_an_amendment_of_weight_and_transport_reaches_oid_once(linked: World, store: StoreServer, kind: str) -> None:
    certificate = issued_by_oid(linked, lambda: run(linked), lot="L1")
    with act_as(linked.who("approver")) as approver:
        asked = Asked(
            net_kg=KG(600), lots=[{"lot": "L1", "kg": KG(600)}], vessel="MV Other", bill_of_lading="BL-1",
            departure_date=certificate.end_date, containers=[{"number": "MSKU1234565", "seal": "S1"}],
        )  # fmt: skip
        amending.amend(approver, certificate.pk, asked, reason="Another vessel.")
    store.add_fault(kind, operation="amend", next=1)
    run(linked, times=3)
    with act_as(linked.loop()):
        assert list(OidCall.objects.exclude(state=CallState.DONE).values_list("reason", flat=True)) == []
        assert OidCall.objects.filter(operation=Operation.AMEND).count() == 1
    row = store.rows("SELECT net_weight_kg, transport, departure_date FROM oid_store_certificate")[0]
    assert (row[0], row[1]["vessel"], row[1]["containers"]) == (KG(600), "MV Other", ["MSKU1234565"])
    assert row[2] == certificate.end_date
    reconcile(linked)
    assert open_drifts(linked) == {}


def test_a_held_call_is_not_due_and_not_performed(linked: World, store: StoreServer) -> None:
    under_continuity(linked)
    waiting_call(linked)
    with act_as(linked.loop()):
        assert calls.due(linked.certifier.pk) == []
        held = OidCall.objects.get()
    assert calls.perform(linked.certifier.pk, held.pk) is False


@pytest.mark.parametrize("left", [True, False])
def test_what_a_person_was_to_key_is_not_begun_in_an_outage_and_left_alone_once_goods_have_left(
    linked: World, left: bool
) -> None:
    with act_as(linked.who("manager")) as manager:
        links.connect(manager, connector="assisted")
    assert agree(linked) == 1
    certificate = under_continuity(linked)
    waiting_call(linked)
    with act_as(linked.loop()):
        OidCall.objects.update(state=CallState.AWAITING_PERSON, connector="assisted", attempts=1, sent_at=clock.now())
        call = OidCall.objects.get()
    if left:
        with act_as(linked.who("signatory")) as actor:
            shipments.report(
                actor, certificate.pk, quantity=KG(300), unit="KGM", departure_date=certificate.start_date, key="s"
            )
    with act_as(linked.who("reviewer")) as reviewer, pytest.raises(Conflict) as refused:
        entries.begin(reviewer, call.pk)
    assert refused.value.code == "COOP"
    over(linked)
    run(linked)
    with act_as(linked.loop()):
        state = OidCall.objects.get().state
        assert state == (CallState.CANCELLED if left else CallState.AWAITING_PERSON)
        because = ContinuityDocument.objects.get().unregistered_because
        assert because == (Unregistered.DEPARTED if left else "")
    if not left:
        with act_as(linked.who("reviewer")) as reviewer:
            assert entries.begin(reviewer, call.pk).begun_by == reviewer.user_id
