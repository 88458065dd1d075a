"""What a broker does with certificates: receipts for an importer, shipments and totals for an exporter, each by its scope."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from certificates.domain import actuals, bundles, downloads, overages, receipts, shipments
from certificates.models import Certificate, CertificateChange, Receipt, Shipment
from core import clock
from core.errors import Conflict, NotPermitted, NotVisible
from core.identity import act_as
from core.models import AuditRow
from organizations.domain import brokers
from organizations.models import Delegation
from pvf.models import Balance
from requests_app.models import Request
from tests.support.certificates import issued, released
from tests.support.drafts import PAPER, complete_draft
from tests.support.world import World, make_world

pytestmark = pytest.mark.django_db
KG = Decimal


def give(world: World, role: str, *scopes: str) -> Delegation:
    with act_as(world.who(role)) as actor:
        last = clock.now().date() + dt.timedelta(days=60)
        return brokers.grant(actor, broker_id=world.broker.pk, valid_until=last, scopes=scopes)


def take_back(world: World, role: str, grant: Delegation) -> None:
    with act_as(world.who(role)) as actor:
        brokers.revoke(actor, grant.pk)


def departed(world: World, certificate: Certificate) -> dt.date:
    """A day in the period that is not in the future."""
    return certificate.start_date


@pytest.fixture
def certificate(world: World) -> Certificate:
    """Issued, its period begun today."""
    made = issued(world)
    with act_as(world.loop()):
        Certificate.objects.filter(pk=made.pk).update(start_date=clock.now().date())
        made.refresh_from_db()
    return made


def ship(world: World, certificate: Certificate, kg: str = "100", role: str = "broker", **more: Any) -> Shipment:
    with act_as(world.who(role)) as actor:
        return shipments.report(
            actor, certificate.pk, quantity=KG(kg), unit="KGM", departure_date=departed(world, certificate),
            key=f"{role}-{kg}", **more,
        )  # fmt: skip


def confirm(world: World, shipment: Shipment, role: str = "broker") -> Receipt:
    with act_as(world.who(role)) as actor:
        return receipts.confirm(actor, shipment.pk, quantity=KG(99), unit="KGM", received_on=shipment.departure_date)


class TestShipments:
    def test_it_reports_corrects_and_declares_on_behalf_of_the_exporter(
        self, world: World, certificate: Certificate
    ) -> None:
        give(world, "signatory", "shipments")
        first = ship(world, certificate, "100", document=("bl.pdf", PAPER), transport_document="BL-1")
        second = ship(world, certificate, "200")
        with act_as(world.who("broker")) as broker:
            shipments.correct(broker, first.pk, reason="Wrong scale.")
            assert actuals.declare_total(broker, certificate.pk).total_declared_at is not None
        with act_as(world.loop()):
            certificate.refresh_from_db()
            assert certificate.shipped_kg == second.net_kg == KG(200)
            assert Balance.objects.get(line=world.line).shipped == KG(200)
            rows = list(AuditRow.objects.filter(actor_kind="broker", act__startswith="certificate.").order_by("at"))
        assert [row.act for row in rows] == [
            "certificate.ship", "certificate.ship", "certificate.ship_corrected", "certificate.total",
        ]  # fmt: skip
        name = world.client.operation.name
        assert {(row.on_behalf_of, row.client_id) for row in rows} == {(name, world.client.pk)}

    @pytest.mark.parametrize("scopes", [(), ("drafts",)])
    def test_without_the_scope_it_sees_the_certificate_and_reports_nothing(
        self, world: World, certificate: Certificate, scopes: tuple[str, ...]
    ) -> None:
        sent = ship(world, certificate, "50", role="signatory")
        give(world, "signatory", *scopes)
        with act_as(world.who("broker")) as broker:
            for act in (
                lambda: ship(world, certificate),
                lambda: shipments.correct(broker, sent.pk, reason="x"),
                lambda: actuals.declare_total(broker, certificate.pk),
            ):
                with pytest.raises(NotPermitted) as refused:
                    act()
                assert refused.value.code == "SCOPE"

    def test_the_importers_grant_reports_no_shipment_and_the_exporters_confirms_no_receipt(
        self, world: World, certificate: Certificate
    ) -> None:
        sent = ship(world, certificate, "50", role="signatory")
        give(world, "importer", "receipts")
        with pytest.raises(NotPermitted):
            ship(world, certificate)
        take_back(world, "importer", _only(world, "importer"))
        give(world, "signatory", "drafts", "shipments")
        with pytest.raises(NotPermitted):
            confirm(world, sent)

    def test_after_the_grant_the_certificate_is_not_there(self, world: World, certificate: Certificate) -> None:
        grant = give(world, "signatory", "shipments")
        ship(world, certificate)
        take_back(world, "signatory", grant)
        with pytest.raises(NotVisible):
            ship(world, certificate, "7")

    def test_an_overage_is_the_exporters_own_word(self, world: World, certificate: Certificate) -> None:
        give(world, "signatory", "shipments")
        with act_as(world.who("broker")) as broker, pytest.raises(NotPermitted):
            overages.report(
                broker, certificate.pk, quantity=KG(9000), unit="KGM", departure_date=certificate.start_date, key="k"
            )

    def test_a_certificate_that_is_being_replaced_takes_no_shipment_from_a_broker_either(
        self, world: World, certificate: Certificate
    ) -> None:
        give(world, "signatory", "shipments")
        draft = complete_draft(world, "100")
        with act_as(world.loop()):
            Request.objects.filter(pk=draft.pk).update(
                replaces_certificate_id=certificate.pk, state="submitted", submitted_at=clock.now()
            )
        with pytest.raises(Conflict) as refused:
            ship(world, certificate)
        assert refused.value.code == "FROZEN"


def _only(world: World, role: str) -> Delegation:
    with act_as(world.who(role)) as actor:
        return Delegation.objects.visible_to(actor).get(revoked_at=None)


class TestReceipts:
    def test_without_the_scope_the_receipt_is_refused(self, world: World, certificate: Certificate) -> None:
        sent = ship(world, certificate, "50", role="signatory")
        give(world, "importer")
        with pytest.raises(NotPermitted):
            confirm(world, sent)

    def test_the_history_names_the_broker_to_certifier_exporter_importer_and_broker(
        self, world: World, certificate: Certificate
    ) -> None:
        give(world, "importer", "receipts")
        confirm(world, ship(world, certificate, "50", role="signatory"))
        who = f"{world.members['broker'].user.name} ({world.broker.name})"
        for role in ("reviewer", "signatory", "importer", "broker"):
            text = world.browser(role).get(reverse("certificates:detail", args=[certificate.pk])).content.decode()
            assert who in text, role
            assert f"on behalf of {world.importer.name}" in text, role
        other = make_world(2)
        assert other.browser("reviewer").get(reverse("certificates:detail", args=[certificate.pk])).status_code == 404


class TestRowPolicies:
    """The second net, asked without the first."""

    def _shut(self, world: World, certificate: Certificate, sent: Shipment) -> None:
        books = {"certifier_id": world.certifier.pk, "client_id": world.client.pk, "certificate_id": certificate.pk}
        with act_as(world.who("broker")):
            assert Certificate.objects.filter(pk=certificate.pk).update(shipped_kg=1) == 0
            assert Shipment.objects.filter(pk=sent.pk).update(corrected_at=clock.now()) == 0
            for row in (
                Shipment(**books, sequence=9, entered_quantity=1, net_kg=1, departure_date=certificate.start_date),
                CertificateChange(**books, kind="total", net_kg_before=1, net_kg_after=1, shipped_kg=0),
                Receipt(
                    **books, shipment=sent, importer_id=world.importer.pk, entered_quantity=1, received_kg=1,
                    received_on=certificate.start_date,
                ),
            ):  # fmt: skip
                with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
                    row.save(force_insert=True)
            with pytest.raises(DatabaseError, match="no such PVF line"), transaction.atomic(), connection.cursor() as c:
                c.execute(
                    MOVE, [certificate.line_id, "certified", "shipped", certificate.pk, certificate.pk, "shipment"]
                )

    def test_with_certificates_alone_nothing_is_written(self, world: World, certificate: Certificate) -> None:
        sent = ship(world, certificate, "50", role="signatory")
        give(world, "signatory")
        give(world, "importer")
        self._shut(world, certificate, sent)

    def test_after_the_grants_neither(self, world: World, certificate: Certificate) -> None:
        sent = ship(world, certificate, "50", role="signatory")
        for role, scope in (("signatory", "shipments"), ("importer", "receipts")):
            take_back(world, role, give(world, role, scope))
        self._shut(world, certificate, sent)

    def test_who_ships_changes_nothing_else(self, world: World, certificate: Certificate) -> None:
        sent = ship(world, certificate, "50", role="signatory")
        give(world, "signatory", "shipments")
        with act_as(world.who("broker")):
            for values in ({"net_kg": 99}, {"state": "void"}, {"snapshot": {}}, {"end_date": dt.date(2099, 1, 1)}):
                with pytest.raises(DatabaseError, match="changes nothing else"), transaction.atomic():
                    Certificate.objects.filter(pk=certificate.pk).update(**values)
            for values in ({"net_kg": 99}, {"departure_date": dt.date(2099, 1, 1)}, {"reported_by": None}):
                with pytest.raises(DatabaseError, match="changes nothing else"), transaction.atomic():
                    Shipment.objects.filter(pk=sent.pk).update(**values)

    @pytest.mark.parametrize(
        ("source", "target", "cause"),
        [
            ("available", "reserved", "submit"),
            ("reserved", "available", "withdraw"),
            ("certified", "available", "void"),
        ],
    )
    def test_who_ships_moves_kilograms_for_no_other_cause(
        self, world: World, certificate: Certificate, source: str, target: str, cause: str
    ) -> None:
        give(world, "signatory", "shipments", "drafts")
        moves = pytest.raises(DatabaseError, match="a broker may not move")
        with act_as(world.who("broker")), connection.cursor() as cursor, moves, transaction.atomic():
            cursor.execute(MOVE, [certificate.line_id, source, target, certificate.pk, certificate.pk, cause])


MOVE = (
    "SELECT * FROM pvf_move(gen_random_uuid(), %s, %s, %s, 1, 'certificate', %s, 'certificate', %s, %s, '',"
    " gen_random_uuid()::text, NULL)"
)


class TestReading:
    def test_what_a_broker_takes_is_taken_on_behalf_of_those_who_let_it(self, world: World) -> None:
        certificate = released(world)
        importers = give(world, "importer")
        with act_as(world.who("broker")) as broker:
            downloads.download(broker, certificate.pk)
        give(world, "signatory")
        with act_as(world.who("broker")) as broker:
            downloads.download(broker, certificate.pk)
            bundles.ask(broker, bundles.Wanted())
        with act_as(world.who("auditor")):
            rows = AuditRow.objects.filter(act="certificate.download").order_by("at")
            names = [row.on_behalf_of for row in rows]
        assert names[0] == world.importer.name
        assert set(names[1].split(", ")) == {world.importer.name, world.client.operation.name}
        with act_as(world.who("importer")):
            assert Delegation.objects.get(pk=importers.pk).last_used_at is not None

    def test_the_pages_say_for_whom(self, world: World, certificate: Certificate) -> None:
        give(world, "signatory", "shipments")
        browser, name = world.browser("broker"), world.client.operation.name
        assert name in browser.get(reverse("certificates:inbox")).content.decode()
        for page in ("detail", "shipments", "total"):
            text = browser.get(reverse(f"certificates:{page}", args=[certificate.pk])).content.decode()
            assert f"You act for {name}" in text, page

    def test_over_the_api_too(self, world: World, certificate: Certificate) -> None:
        browser = world.browser("broker")
        body = {
            "quantity": "100", "unit": "KGM", "departure_date": certificate.start_date.isoformat(), "key": "k-1",
        }  # fmt: skip
        url = reverse("api:certificate-shipments", args=[certificate.pk])
        assert browser.post(url, body, content_type="application/json").status_code == 404
        give(world, "signatory")
        assert browser.post(url, body, content_type="application/json").status_code == 403
        give(world, "signatory", "shipments")
        answer = browser.post(url, body, content_type="application/json")
        assert answer.status_code == 201, answer.json()
        wrong = reverse("api:shipment-correct", args=[answer.json()["id"]])
        assert browser.post(wrong, {"reason": "Twice."}, content_type="application/json").status_code == 200
        total = reverse("api:certificate-total", args=[certificate.pk])
        assert browser.post(total, {}, content_type="application/json").status_code == 200
