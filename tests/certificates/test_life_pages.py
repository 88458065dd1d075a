"""Pages and API of what happens after the issue: who may open them, what they do, and that strangers find nothing."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from certificates.domain import overages, shipments
from certificates.models import Certificate, CertificateState, OverageReport, Receipt, Shipment
from core.identity import act_as
from organizations.domain import second_step, tokens
from requests_app.models import Request
from tests.support.certificates import issued
from tests.support.world import World, make_world

pytestmark = pytest.mark.django_db
KG = Decimal
ROLES = ("reviewer", "approver", "manager", "auditor", "preparer", "signatory", "viewer", "importer", "broker")


@pytest.fixture
def certificate(world: World) -> Certificate:
    return issued(world)


@pytest.fixture
def shipment(world: World, certificate: Certificate) -> Shipment:
    with act_as(world.who("signatory")) as actor:
        return shipments.report(
            actor, certificate.pk, quantity=KG(600), unit="KGM", departure_date=certificate.start_date, key="s"
        )


@pytest.fixture
def overage(world: World, certificate: Certificate) -> OverageReport:
    with act_as(world.who("signatory")) as actor:
        return overages.report(
            actor, certificate.pk, quantity=KG(1500), unit="KGM", departure_date=certificate.start_date, key="o"
        )


#: Page → roles that open it (200). Others get 403; brokers without a grant do not see the certificate at all (404).
OPENS = {
    "amend": {"approver", "manager"},
    "void": {"approver", "manager"},
    "total": {"reviewer", "approver", "manager", "signatory"},
    "settle": {"approver", "manager"},
    "receipt": {"importer"},
    "overages": {"reviewer", "approver", "manager", "auditor", "preparer", "signatory", "viewer"},
}


def _url(name: str, certificate: Certificate, shipment: Shipment, overage: OverageReport) -> str:
    arguments = {"settle": [overage.pk], "overages": [], "receipt": [certificate.pk, shipment.pk]}
    return reverse(f"certificates:{name}", args=arguments.get(name, [certificate.pk]))


@pytest.mark.parametrize("name", OPENS)
def test_each_page_opens_for_its_roles_and_never_across_tenants(
    world: World, certificate: Certificate, shipment: Shipment, overage: OverageReport, name: str
) -> None:
    url = _url(name, certificate, shipment, overage)
    found = {role: world.browser(role).get(url).status_code for role in ROLES}
    assert {role for role, status in found.items() if status == 200} == OPENS[name]
    assert set(found.values()) <= {200, 403, 404}
    other = make_world(2)
    for role in ("manager", "signatory", "broker"):
        answer = other.browser(role).get(url)
        if name == "overages" and role != "broker":
            assert certificate.number not in answer.content.decode()
        else:
            assert answer.status_code in {403, 404}
        assert other.browser(role).post(url, {"reason": "x", "settlement": "x"}).status_code in {403, 404, 405}
    with act_as(world.loop()):
        assert Certificate.objects.get().state == CertificateState.ISSUED


def test_amend_void_and_total_by_the_page(world: World, certificate: Certificate) -> None:
    browser = world.browser("manager")
    url = reverse("certificates:amend", args=[certificate.pk])
    refused = browser.post(url, {"net_kg": "1200", "reason": "More.", "expected_kg": "1000.000"})
    assert refused.status_code == 422
    assert "only goes down" in refused.content.decode()
    stale = browser.post(url, {"net_kg": "800", "reason": "Less.", "expected_kg": "900.000"})
    assert stale.status_code == 409
    assert browser.post(url, {"net_kg": "800", "reason": "Less.", "expected_kg": "1000.000"}).status_code == 302
    signatory = world.browser("signatory")
    total = reverse("certificates:total", args=[certificate.pk])
    assert signatory.post(total, {"ending_inventory_kg": "3.5"}).status_code == 302
    page = signatory.get(reverse("certificates:detail", args=[certificate.pk])).content.decode()
    assert "net weight from 1,000.000" in page
    assert "Total declared" in page
    assert browser.post(reverse("certificates:void", args=[certificate.pk]), {"reason": ""}).status_code == 422
    assert browser.post(reverse("certificates:void", args=[certificate.pk]), {"reason": "Lost."}).status_code == 302
    with act_as(world.loop()):
        row = Certificate.objects.get()
    assert (row.state, row.net_kg, row.ending_inventory_kg) == (CertificateState.VOID, KG(800), KG("3.5"))


def test_a_replacement_starts_from_the_page_with_the_content_of_the_old(world: World, certificate: Certificate) -> None:
    answer = world.browser("preparer").post(reverse("certificates:replace", args=[certificate.pk]))
    assert answer.status_code == 302
    with act_as(world.who("preparer")):
        draft = Request.objects.get(replaces_certificate_id=certificate.pk)
        assert (draft.net_kg, draft.documents.count()) == (KG(1000), 1)
    assert str(draft.pk) in answer["Location"]
    assert world.browser("manager").post(reverse("certificates:replace", args=[certificate.pk])).status_code == 403


def test_too_much_is_offered_as_an_overage_and_told_to_the_certifier(world: World, certificate: Certificate) -> None:
    browser, url = world.browser("signatory"), reverse("certificates:shipments", args=[certificate.pk])
    given = {
        "quantity": "1500", "unit": "KGM", "departure_date": certificate.start_date.isoformat(), "key": str(uuid.uuid4()),
    }  # fmt: skip
    refused = browser.post(url, given)
    assert refused.status_code == 422
    assert 'name="overage"' in refused.content.decode()
    assert browser.post(url, {**given, "overage": "1"}).status_code == 302
    with act_as(world.loop()):
        assert OverageReport.objects.get().over_kg == KG(500)
        assert not Shipment.objects.exists()
    assert (
        "1 overage waits for a decision" in world.browser("reviewer").get(reverse("certificates:list")).content.decode()
    )


def test_a_shipment_with_lots_and_a_document(world: World, certificate: Certificate) -> None:
    browser, url = world.browser("signatory"), reverse("certificates:shipments", args=[certificate.pk])
    given = {
        "quantity": "500", "unit": "KGM", "departure_date": certificate.start_date.isoformat(), "key": str(uuid.uuid4()),
        "transport_document": "BL-9", "containers": "MSCU1234567", "invoices": "I-1, I-2",
    }  # fmt: skip
    wrong = browser.post(url, {**given, "lots": "VS-26-014 250\nVS-26-015"})
    assert wrong.status_code == 422
    assert "Line 2" in wrong.content.decode()
    assert browser.post(url, {**given, "lots": "VS 26 014 250.5\n\nVS-26-015 100"}).status_code == 302
    with act_as(world.loop()):
        row = Shipment.objects.get()
    assert row.lots == [{"lot": "VS 26 014", "kg": "250.500"}, {"lot": "VS-26-015", "kg": "100.000"}]
    page = browser.get(reverse("certificates:detail", args=[certificate.pk])).content.decode()
    assert "Check digit or form is wrong" in page
    importer = world.browser("importer").get(reverse("certificates:detail", args=[certificate.pk])).content.decode()
    assert "Check digit or form is wrong" not in importer


def test_the_importer_confirms_on_its_page(world: World, certificate: Certificate, shipment: Shipment) -> None:
    browser = world.browser("importer")
    detail = reverse("certificates:detail", args=[certificate.pk])
    url = reverse("certificates:receipt", args=[certificate.pk, shipment.pk])
    assert url in browser.get(detail).content.decode()
    early = {
        "quantity": "598.5",
        "unit": "KGM",
        "received_on": (shipment.departure_date - dt.timedelta(days=1)).isoformat(),
    }
    assert browser.post(url, early).status_code == 422
    assert browser.post(url, {**early, "received_on": shipment.departure_date.isoformat()}).status_code == 302
    assert "598.5" in browser.get(detail).content.decode()
    with act_as(world.loop()):
        assert Receipt.objects.get().received_kg == KG("598.5")


def _post(world: World, role: str, path: str, body: dict[str, Any]) -> Any:
    if not second_step.is_set_up(world.members[role].user_id):
        world.with_second_step(role)
    with act_as(world.who(role)) as actor:
        _row, secret = tokens.create(actor, name="t", days=1)
    return world.browser(role).post(
        f"/api/v1/{path}",
        json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )


def test_the_api_does_the_same_and_keeps_strangers_out(
    world: World, certificate: Certificate, shipment: Shipment, overage: OverageReport
) -> None:
    calls = {
        f"certificates/{certificate.pk}/amend/": ("approver", {"net_kg": "900", "reason": "Less."}, 200),
        f"certificates/{certificate.pk}/overages/": (
            "signatory",
            {"quantity": "5000", "departure_date": certificate.start_date.isoformat(), "key": "o2"},
            201,
        ),
        f"overages/{overage.pk}/settle/": ("manager", {"settlement": "A mistake."}, 200),
        f"shipments/{shipment.pk}/receipt/": (
            "importer", {"quantity": "600", "received_on": shipment.departure_date.isoformat()}, 201,
        ),
        f"certificates/{certificate.pk}/total/": ("signatory", {}, 200),
        f"shipments/{shipment.pk}/correct/": ("signatory", {"reason": "Wrong."}, 200),
        f"certificates/{certificate.pk}/replace/": ("preparer", {}, 201),
        f"certificates/{certificate.pk}/void/": ("manager", {"reason": "Lost."}, 200),
    }  # fmt: skip
    other = make_world(2)
    for path, (role, body, status) in calls.items():
        stranger = "broker" if role == "importer" else role
        assert _post(other, stranger, path, body).status_code == 404, path
        assert _post(world, "viewer", path, body).status_code == 403, path
        answer = _post(world, role, path, body)
        assert answer.status_code == status, (path, answer.content)
