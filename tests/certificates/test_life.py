"""After the issue: amended down, voided, totals, reminders, closing, receipts, overages — each with its kilograms."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from certificates.domain import actuals, amending, closing, overages, receipts, shipments, voiding
from certificates.models import Certificate, CertificateChange, CertificateState, OverageReport, Shipment
from core.errors import Conflict, DomainError, InvalidInput, NotPermitted, NotVisible
from core.identity import act_as
from core.models import AuditRow, Notification
from organizations.domain import brokers
from pvf.models import Balance, Cause, Movement
from tests.support.certificates import issued
from tests.support.drafts import PAPER
from tests.support.world import World, make_world

pytestmark = pytest.mark.django_db
KG = Decimal


def ship(world: World, certificate: Certificate, kg: str, **more: Any) -> Shipment:
    """A shipment that left on the first day of the period."""
    with act_as(world.who("signatory")) as actor:
        return shipments.report(
            actor, certificate.pk, quantity=KG(kg), unit="KGM", key=uuid.uuid4().hex,
            departure_date=certificate.start_date, **more,
        )  # fmt: skip


def buckets(world: World) -> tuple[Decimal, ...]:
    """(available, reserved, certified, shipped) of the world's line."""
    with act_as(world.loop()):
        row = Balance.objects.get(line=world.line)
    return (row.available, row.reserved, row.certified, row.shipped)


def now(world: World, certificate: Certificate) -> Certificate:
    """The certificate as it is now."""
    with act_as(world.loop()):
        return Certificate.objects.get(pk=certificate.pk)


def topics(world: World) -> list[str]:
    """What people were told, in order."""
    with act_as(world.loop()):
        return list(Notification.objects.order_by("created_at", "id").values_list("topic", flat=True))


class TestAmending:
    def test_the_difference_goes_back_and_both_parties_are_told(self, world: World) -> None:
        certificate = issued(world)
        ship(world, certificate, "300")
        before = buckets(world)
        with act_as(world.who("approver")) as approver:
            amending.amend_down(approver, certificate.pk, KG("450.5"), reason="Less was loaded.")
        assert buckets(world) == (before[0] + KG("549.5"), before[1], before[2] - KG("549.5"), before[3])
        with act_as(world.loop()):
            change = CertificateChange.objects.get()
            movement = Movement.objects.get(cause=Cause.AMEND_DOWN)
        assert (change.net_kg_before, change.net_kg_after, change.freed_kg) == (KG(1000), KG("450.5"), KG("549.5"))
        assert (movement.source_holder_id, movement.reason) == (certificate.pk, "Less was loaded.")
        assert topics(world).count("certificate.amended") == 2

    def test_again_with_the_same_weight_changes_nothing(self, world: World) -> None:
        certificate = issued(world)
        for _ in range(2):
            with act_as(world.who("manager")) as manager:
                amending.amend_down(manager, certificate.pk, KG(900), reason="Less.")
        with act_as(world.loop()):
            assert CertificateChange.objects.count() == 1

    @pytest.mark.parametrize(("kg", "says"), [("1000.001", "only goes down"), ("299.999", "300.000"), ("0", "void it")])
    def test_up_below_what_shipped_or_to_nothing_is_refused_with_the_figures(
        self, world: World, kg: str, says: str
    ) -> None:
        certificate = issued(world)
        ship(world, certificate, "300")
        before = buckets(world)
        with act_as(world.who("approver")) as approver, pytest.raises(InvalidInput, match=says):
            amending.amend_down(approver, certificate.pk, KG(kg), reason="x")
        assert buckets(world) == before

    def test_a_form_filled_in_on_another_weight_is_refused(self, world: World) -> None:
        certificate = issued(world)
        with act_as(world.who("approver")) as approver, pytest.raises(Conflict):
            amending.amend_down(approver, certificate.pk, KG(500), reason="x", expected_kg=KG(900))


class TestVoiding:
    def test_the_rest_goes_back_and_what_shipped_stays_shipped(self, world: World) -> None:
        certificate = issued(world)
        ship(world, certificate, "300")
        for _ in range(2):
            with act_as(world.who("manager")) as manager:
                voiding.void(manager, certificate.pk, reason="Wrong importer.")
        assert buckets(world) == (KG(49700), KG(0), KG(0), KG(300))
        assert now(world, certificate).state == CertificateState.VOID
        assert topics(world).count("certificate.voided") == 2
        with pytest.raises(Conflict):
            ship(world, certificate, "1")


@pytest.mark.parametrize("act", ["amend", "void", "settle"])
@pytest.mark.parametrize("role", ["reviewer", "auditor", "signatory", "importer", "broker"])
def test_only_approvers_and_managers_decide(world: World, role: str, act: str) -> None:
    certificate = issued(world)
    overage = _overage(world, certificate)
    acts = {
        "amend": lambda actor: amending.amend_down(actor, certificate.pk, KG(1), reason="x"),
        "void": lambda actor: voiding.void(actor, certificate.pk, reason="x"),
        "settle": lambda actor: overages.settle(actor, overage.pk, settlement="x"),
    }
    with act_as(world.who(role)) as actor, pytest.raises(NotPermitted):
        acts[act](actor)
    with act_as(make_world(2).who("manager")) as stranger, pytest.raises(NotVisible):
        acts[act](stranger)


class TestTotal:
    def test_it_stands_until_something_else_is_reported(self, world: World) -> None:
        certificate = issued(world)
        first = ship(world, certificate, "600")
        with act_as(world.who("signatory")) as actor:
            actuals.declare_total(actor, certificate.pk, ending_inventory_kg=KG("12.5"))
        assert now(world, certificate).ending_inventory_kg == KG("12.5")
        ship(world, certificate, "100")
        assert now(world, certificate).total_declared_at is None
        with act_as(world.who("signatory")) as actor:
            actuals.declare_total(actor, certificate.pk)
            shipments.correct(actor, first.pk, reason="Wrong weight.")
        assert now(world, certificate).total_declared_at is None
        with act_as(world.loop()):
            told = CertificateChange.objects.order_by("made_at").values_list("shipped_kg", flat=True)
            assert list(told) == [KG(600), KG(700)]

    def test_the_portal_declares_it_the_day_before_the_end(self, world: World) -> None:
        certificate = issued(world)
        ship(world, certificate, "600")
        with time_machine.travel(_noon(certificate.end_date - dt.timedelta(days=2)), tick=False):
            assert actuals.sweep(world.certifier.pk)["totals"] == 0
        with time_machine.travel(_noon(certificate.end_date - dt.timedelta(days=1)), tick=False):
            assert actuals.sweep(world.certifier.pk)["totals"] == 1
            assert actuals.sweep(world.certifier.pk)["totals"] == 0

    @pytest.mark.parametrize("role", ["preparer", "viewer", "importer", "auditor"])
    def test_others_do_not_declare(self, world: World, role: str) -> None:
        certificate = issued(world)
        with act_as(world.who(role)) as actor, pytest.raises(NotPermitted):
            actuals.declare_total(actor, certificate.pk)


class TestReminders:
    def test_each_once_at_30_14_and_7_days(self, world: World) -> None:
        certificate = issued(world)
        sent = {}
        for left in (31, 30, 29, 14, 13, 7, 1, 0):
            with time_machine.travel(_noon(certificate.end_date - dt.timedelta(days=left)), tick=False):
                sent[left] = actuals.sweep(world.certifier.pk)["reminders"]
        assert sent == {31: 0, 30: 1, 29: 0, 14: 1, 13: 0, 7: 1, 1: 0, 0: 0}
        assert topics(world).count("certificate.actuals_due") == 6

    def test_who_has_declared_the_total_is_left_alone(self, world: World) -> None:
        certificate = issued(world)
        with act_as(world.who("signatory")) as actor:
            actuals.declare_total(actor, certificate.pk)
        with time_machine.travel(_noon(certificate.end_date - dt.timedelta(days=10)), tick=False):
            assert actuals.sweep(world.certifier.pk) == {"totals": 0, "reminders": 0}

    def test_a_certificate_that_is_seen_late_gets_the_nearest_alone(self, world: World) -> None:
        certificate = issued(world)
        with time_machine.travel(_noon(certificate.end_date - dt.timedelta(days=5)), tick=False):
            assert actuals.sweep(world.certifier.pk)["reminders"] == 1
            assert actuals.sweep(world.certifier.pk)["reminders"] == 0


class TestClosing:
    def test_after_the_end_and_its_grace_the_rest_goes_back_to_its_line(self, world: World) -> None:
        certificate = issued(world)
        ship(world, certificate, "600")
        with time_machine.travel(_noon(certificate.end_date + dt.timedelta(days=7)), tick=False):
            assert closing.sweep(world.certifier.pk) == 0
        with time_machine.travel(_noon(certificate.end_date + dt.timedelta(days=8)), tick=False):
            assert closing.sweep(world.certifier.pk) == 1
            assert closing.sweep(world.certifier.pk) == 0
        assert buckets(world) == (KG(49400), KG(0), KG(0), KG(600))
        assert now(world, certificate).state == CertificateState.CLOSED

    def test_shipped_in_full_and_declared_it_closes_at_once(self, world: World) -> None:
        certificate = issued(world)
        ship(world, certificate, "1000")
        assert closing.sweep(world.certifier.pk) == 0
        with act_as(world.who("signatory")) as actor:
            actuals.declare_total(actor, certificate.pk)
        assert closing.sweep(world.certifier.pk) == 1
        assert now(world, certificate).state == CertificateState.CLOSED

    def test_many_are_closed_batch_by_batch(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(closing, "BATCH", 1)
        ends = [issued(world, lot=f"L{number}").end_date for number in range(3)]
        with time_machine.travel(_noon(max(ends) + dt.timedelta(days=8)), tick=False):
            assert closing.sweep(world.certifier.pk) == 3


class TestReceipts:
    def test_the_importers_own_weight_stands_beside_and_a_difference_is_told(self, world: World) -> None:
        certificate = issued(world)
        shipment = ship(world, certificate, "600")
        with time_machine.travel(_noon(shipment.departure_date + dt.timedelta(days=20)), tick=False):
            for quantity in ("598.5", "1"):
                with act_as(world.who("importer")) as importer:
                    row = receipts.confirm(
                        importer, shipment.pk, quantity=KG(quantity), unit="KGM",
                        received_on=shipment.departure_date + dt.timedelta(days=19),
                    )  # fmt: skip
        assert row.received_kg == KG("598.5")
        assert topics(world).count("certificate.receipt_differs") == 1
        assert buckets(world)[3] == KG(600)

    def test_a_broker_confirms_on_behalf_of_the_importer_while_its_grant_lasts(self, world: World) -> None:
        certificate = issued(world)
        shipments_sent = [ship(world, certificate, kg) for kg in ("100", "200")]
        day = shipments_sent[0].departure_date
        with act_as(world.who("importer")) as importer:
            last = day + dt.timedelta(days=30)
            grant = brokers.grant(importer, broker_id=world.broker.pk, valid_until=last, scopes=["receipts"])

        def confirm(shipment: Shipment) -> None:
            with act_as(world.who("broker")) as broker:
                receipts.confirm(broker, shipment.pk, quantity=KG(100), unit="KGM", received_on=day)

        with time_machine.travel(_noon(day + dt.timedelta(days=1)), tick=False):
            confirm(shipments_sent[0])
            with act_as(world.who("manager")):
                row = AuditRow.objects.get(act="certificate.received")
            assert (row.actor_kind, row.on_behalf_of) == ("broker", world.importer.name)
            with act_as(world.who("importer")) as importer:
                brokers.revoke(importer, grant.pk)
            with pytest.raises(NotVisible):
                confirm(shipments_sent[1])

    @pytest.mark.parametrize("role", ["signatory", "reviewer", "manager"])
    def test_nobody_else_confirms(self, world: World, role: str) -> None:
        shipment = ship(world, issued(world), "600")
        with act_as(world.who(role)) as actor, pytest.raises(NotPermitted):
            receipts.confirm(actor, shipment.pk, quantity=KG(1), unit="KGM", received_on=shipment.departure_date)
        with act_as(make_world(2).who("broker")) as stranger, pytest.raises(NotVisible):
            receipts.confirm(stranger, shipment.pk, quantity=KG(1), unit="KGM", received_on=shipment.departure_date)

    def test_before_the_departure_or_after_today_is_refused(self, world: World) -> None:
        shipment = ship(world, issued(world), "600")
        for day in (shipment.departure_date - dt.timedelta(days=1), dt.date(2099, 1, 1)):
            with act_as(world.who("importer")) as importer, pytest.raises(InvalidInput):
                receipts.confirm(importer, shipment.pk, quantity=KG(1), unit="KGM", received_on=day)


def _overage(world: World, certificate: Certificate, kg: str = "1200", key: str = "k") -> OverageReport:
    with act_as(world.who("signatory")) as actor:
        return overages.report(
            actor, certificate.pk, quantity=KG(kg), unit="KGM", departure_date=certificate.start_date, key=key
        )


class TestOverages:
    def test_it_moves_nothing_and_is_told_and_settled_once(self, world: World) -> None:
        certificate = issued(world)
        before = buckets(world)
        row = _overage(world, certificate)
        assert (row.rest_kg, row.over_kg) == (KG(1000), KG(200))
        assert _overage(world, certificate).pk == row.pk
        assert buckets(world) == before
        for words in ("Another request was made.", "Another word."):
            with act_as(world.who("manager")) as manager:
                overages.settle(manager, row.pk, settlement=words)
        with act_as(world.loop()):
            assert OverageReport.objects.get().settlement == "Another request was made."
        assert topics(world).count("certificate.overage") == 1
        assert topics(world).count("certificate.overage_settled") == 1

    def test_within_the_rest_it_is_a_shipment(self, world: World) -> None:
        certificate = issued(world)
        with pytest.raises(InvalidInput, match="report it as a shipment"):
            _overage(world, certificate, "1000")


class TestShipmentDetails:
    def test_lots_invoices_and_findings_are_kept(self, world: World) -> None:
        certificate = issued(world)
        row = ship(
            world, certificate, "500", containers=["MSCU1234567"], lots=[{"lot": "VS-1", "kg": KG("499.5")}],
            invoices=["INV-1", " "], transport_document="BL-1",
        )  # fmt: skip
        assert (row.lots, row.invoices) == ([{"lot": "VS-1", "kg": "499.500"}], ["INV-1"])
        outcomes = {entry["code"]: entry["outcome"] for entry in row.findings}
        assert outcomes == {"CTR-1": "warn", "DUP-1": "warn", "DOC-1": "warn"}

    def test_more_in_lots_than_in_the_shipment_is_refused(self, world: World) -> None:
        with pytest.raises(InvalidInput) as refused:
            ship(world, issued(world), "500", lots=[{"lot": "A", "kg": KG(300)}, {"lot": "B", "kg": KG("200.001")}])
        assert refused.value.field == "lots"

    def test_a_file_that_is_no_document_is_refused_at_its_field(self, world: World) -> None:
        certificate = issued(world)
        with pytest.raises(DomainError) as refused:
            ship(world, certificate, "500", document=("x.exe", b"MZ not a document"))
        assert refused.value.field == "document"
        row = ship(world, certificate, "500", document=("bl.pdf", PAPER), transport_document="BL-1")
        assert {entry["code"]: entry["outcome"] for entry in row.findings}["DOC-1"] == "pass"


def _noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(17), tzinfo=dt.UTC)
