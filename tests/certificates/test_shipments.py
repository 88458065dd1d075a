"""Shipments move certified→shipped, never more than is left, and a mistake goes back."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.urls import reverse

from certificates.domain import shipments
from certificates.models import Certificate, Shipment
from core.errors import Conflict, InvalidInput, NotPermitted
from core.identity import act_as
from pvf.models import Balance
from tests.support.certificates import issued, numbered
from tests.support.world import World, set_status


def _report(world: World, certificate: Certificate, kg: str, *, key: str = "", role: str = "signatory") -> Shipment:
    actor = world.who(role)
    with act_as(actor):
        return shipments.report(
            actor, certificate.pk, quantity=Decimal(kg), unit="KGM", key=key or uuid.uuid4().hex,
            departure_date=certificate.start_date, transport_document="BL-1",
        )  # fmt: skip


def _balance(world: World) -> tuple[Decimal, Decimal]:
    with act_as(world.loop()):
        row = Balance.objects.get(line=world.line)
    return row.certified, row.shipped


@pytest.mark.django_db
def test_a_shipment_moves_its_kilograms(world: World):
    certificate = issued(world)
    shipment = _report(world, certificate, "400.5")
    assert (shipment.sequence, shipment.net_kg) == (1, Decimal("400.500"))
    assert _balance(world) == (Decimal("599.500"), Decimal("400.500"))
    with act_as(world.loop()):
        assert Certificate.objects.get(pk=certificate.pk).shipped_kg == Decimal("400.500")


@pytest.mark.django_db
def test_sent_twice_it_is_reported_once(world: World):
    certificate = issued(world)
    first = _report(world, certificate, "400", key="k")
    assert _report(world, certificate, "400", key="k").pk == first.pk
    assert _balance(world) == (Decimal("600"), Decimal("400"))


@pytest.mark.django_db
def test_above_the_rest_is_refused_with_the_arithmetic(world: World):
    certificate = issued(world)
    _report(world, certificate, "900")
    with pytest.raises(shipments.AboveTheRest) as refused:
        _report(world, certificate, "100.001")
    assert refused.value.details == {
        "certified_kg": "1000.000",
        "shipped_kg": "900.000",
        "rest_kg": "100.000",
        "asked_kg": "100.001",
        "over_kg": "0.001",
    }
    assert _balance(world) == (Decimal("100"), Decimal("900"))


@pytest.mark.django_db
def test_a_corrected_shipment_goes_back_and_stays_in_the_history(world: World):
    certificate = issued(world)
    shipment = _report(world, certificate, "400")
    signatory = world.who("signatory")
    with act_as(signatory):
        with pytest.raises(InvalidInput):
            shipments.correct(signatory, shipment.pk, reason=" ")
        shipments.correct(signatory, shipment.pk, reason="It was 390 kg.")
        again = shipments.correct(signatory, shipment.pk, reason="Twice.")
    assert again.correction_reason == "It was 390 kg."
    assert _balance(world) == (Decimal("1000"), Decimal(0))
    assert _report(world, certificate, "390").sequence == 2


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["preparer", "viewer", "auditor"])
def test_only_signatory_and_acting_staff_report(world: World, role: str):
    certificate = issued(world)
    with pytest.raises(NotPermitted):
        _report(world, certificate, "1", role=role)
    assert _report(world, certificate, "1", role="reviewer").net_kg == 1


@pytest.mark.django_db
def test_only_an_issued_certificate_takes_shipments(world: World):
    with pytest.raises(Conflict):
        _report(world, numbered(world), "1")


@pytest.mark.django_db
def test_none_while_a_party_is_suspended(world: World):
    certificate = issued(world)
    set_status(world.importer.pk, "Suspended")
    with pytest.raises(Conflict) as refused:
        _report(world, certificate, "1")
    assert refused.value.code == "SHIP-SUSPENDED"


@pytest.mark.django_db
def test_departure_lies_in_the_period(world: World):
    certificate = issued(world)
    signatory = world.who("signatory")
    for day in (certificate.start_date - dt.timedelta(days=1), certificate.end_date + dt.timedelta(days=1)):
        with act_as(signatory), pytest.raises(InvalidInput):
            shipments.report(
                signatory, certificate.pk, quantity=Decimal(1), unit="KGM", departure_date=day, key=str(day)
            )


@pytest.mark.django_db
def test_the_form_keeps_what_was_typed_and_shows_the_figures(world: World):
    certificate = issued(world)
    browser, address = world.browser("signatory"), reverse("certificates:shipments", args=[certificate.pk])
    typed = {
        "quantity": "1500", "unit": "KGM", "departure_date": certificate.start_date.isoformat(),
        "transport_document": "BL-77", "containers": "msku1234565, ", "key": str(uuid.uuid4()),
    }  # fmt: skip
    refused = browser.post(address, typed)
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "500.000 kg too many" in page
    assert "BL-77" in page
    done = browser.post(address, {**typed, "quantity": "250"})
    assert done.status_code == 302
    page = browser.get(done["Location"]).content.decode()
    assert "BL-77" in page
    with act_as(world.loop()):
        shipment = Shipment.objects.get(certificate=certificate)
    correction = reverse("certificates:correct-shipment", args=[certificate.pk, shipment.pk])
    assert browser.get(correction).status_code == 200
    assert browser.post(correction, {"reason": "Wrong weight"}).status_code == 302
    assert _balance(world) == (Decimal("1000"), Decimal(0))


@pytest.mark.django_db
def test_over_the_api(world: World):
    certificate = issued(world)
    address = reverse("api:certificate-shipments", args=[certificate.pk])
    body = {"quantity": "2000", "unit": "LBR", "departure_date": certificate.start_date.isoformat(), "key": "a"}
    browser = world.browser("signatory")
    made = browser.post(address, body, content_type="application/json")
    assert made.status_code == 201
    assert made.json()["net_kg"] == "907.185"
    over = browser.post(address, {**body, "key": "b"}, content_type="application/json")
    assert over.status_code == 422
    assert over.json()["errors"][0]["code"] == "SHIP-REST"
    assert len(browser.get(address).json()) == 1
