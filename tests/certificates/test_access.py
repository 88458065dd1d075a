"""Who sees which certificate: by page, by API, by PDF address; and with the application's own filter taken out."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.db.models import Q
from django.test import Client as Browser
from django.urls import reverse

from certificates.models import Certificate, CertificateDocument, CertificateRows, Shipment
from core.clock import now
from core.identity import Identity, Kind, act_as
from core.models import StoredFile
from organizations.models import Delegation, User
from tests.support.certificates import issued, numbered
from tests.support.world import (
    World,
    make_client,
    make_exporter_people,
    make_operation,
    make_world,
    sign_in,
    sign_in_user,
)

PAGES = ("certificates:detail", "certificates:pdf")
ROUTES = ("api:certificate-detail", "api:certificate-pdf", "api:certificate-shipments")


@pytest.fixture
def second(world: World) -> World:
    """Another certifier with everything of its own but the importer."""
    return make_world(2)


def _codes(browser: Browser, certificate: Certificate) -> set[int]:
    return {browser.get(reverse(name, args=[certificate.pk])).status_code for name in PAGES + ROUTES}


@pytest.mark.django_db
def test_those_concerned_open_every_address(world: World):
    certificate = issued(world)
    for role in ("reviewer", "auditor", "preparer", "viewer", "importer"):
        assert _codes(world.browser(role), certificate) == {200}, role


@pytest.mark.django_db
def test_another_certifier_and_its_exporter_get_404(world: World, second: World):
    certificate = issued(world)
    for role in ("reviewer", "manager", "signatory", "broker"):
        assert _codes(second.browser(role), certificate) == {404}, role


@pytest.mark.django_db
def test_another_client_of_the_same_certifier_gets_404(world: World):
    certificate = issued(world)
    rival = make_client(world.certifier, "1010000022", "Invented Rival")
    for role, member in make_exporter_people(rival, "rival").items():
        browser = Browser()
        sign_in(browser, member)
        assert _codes(browser, certificate) == {404}, role
        assert browser.get(reverse("api:certificate-list")).json()["results"] == []


@pytest.mark.django_db
def test_signed_out_nothing_is_shown(world: World):
    certificate = issued(world)
    browser = Browser()
    assert {browser.get(reverse(name, args=[certificate.pk])).status_code for name in PAGES} == {302}
    assert {browser.get(reverse(name, args=[certificate.pk])).status_code for name in ROUTES} == {401}


@pytest.mark.django_db
def test_an_importer_sees_only_what_is_released_to_it(world: World):
    waiting = numbered(world)
    mine = issued(world)
    other = make_operation("3030000099", "Other Imports Inc.", "US")
    theirs = issued(world, importer_nop_id=other.nop_id)
    browser = world.browser("importer")
    assert _codes(browser, waiting) == {404}
    assert _codes(browser, theirs) == {404}
    listed = browser.get(reverse("api:certificate-list")).json()["results"]
    assert [row["id"] for row in listed] == [str(mine.pk)]
    page = browser.get(reverse("certificates:inbox")).content.decode()
    assert str(mine.number) in page
    assert str(theirs.number) not in page


@pytest.mark.django_db
def test_a_broker_sees_by_a_live_grant_only(world: World):
    certificate = issued(world)
    browser = world.browser("broker")
    assert _codes(browser, certificate) == {404}
    today = now().date()
    grant = Delegation(
        broker=world.broker, operation=world.importer, valid_from=today, valid_until=today + dt.timedelta(days=30)
    )
    with act_as(world.who("importer")):
        grant.save(force_insert=True)
    assert _codes(browser, certificate) == {200}
    with act_as(world.who("importer")):
        Delegation.objects.filter(pk=grant.pk).update(revoked_at=now())
    assert _codes(browser, certificate) == {404}


@pytest.mark.django_db
def test_an_ended_grant_shows_nothing(world: World):
    certificate = issued(world)
    today = now().date()
    with act_as(world.who("importer")):
        Delegation(
            broker=world.broker, operation=world.importer, valid_from=today - dt.timedelta(days=30),
            valid_until=today - dt.timedelta(days=1),
        ).save(force_insert=True)  # fmt: skip
    assert _codes(world.browser("broker"), certificate) == {404}


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["importer", "auditor", "viewer", "preparer"])
def test_roles_that_do_not_report_shipments_are_refused(world: World, role: str):
    certificate = issued(world)
    assert world.browser(role).get(reverse("certificates:shipments", args=[certificate.pk])).status_code == 403


@pytest.mark.django_db
def test_shipment_addresses_of_strangers_are_404(world: World, second: World):
    certificate = issued(world)
    for role in ("signatory", "manager"):
        browser = second.browser(role)
        assert browser.get(reverse("certificates:shipments", args=[certificate.pk])).status_code == 404
        assert browser.post(reverse("certificates:shipments", args=[certificate.pk]), {}).status_code == 404
    manager = second.browser("manager")
    assert manager.post(reverse("certificates:retry-document", args=[certificate.pk])).status_code == 404


@pytest.fixture
def no_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The application forgets whom a certificate belongs to."""
    monkeypatch.setattr(CertificateRows, "condition", lambda _self, _actor: Q())


@pytest.mark.django_db
def test_without_the_applications_filter_the_database_still_hides_it(world: World, second: World, no_filter: None):
    certificate = issued(world)
    rival = make_client(world.certifier, "1010000022", "Invented Rival")
    browsers = [second.browser(role) for role in ("reviewer", "manager", "signatory", "broker")]
    for member in make_exporter_people(rival, "rival").values():
        browser = Browser()
        sign_in(browser, member)
        browsers.append(browser)
    for browser in [*browsers, world.browser("broker")]:
        assert _codes(browser, certificate) == {404}
        assert browser.get(reverse("api:certificate-list")).json()["results"] == []


@pytest.mark.django_db
def test_raw_rows_of_strangers_are_none(world: World, second: World):
    issued(world)
    for role in ("reviewer", "signatory", "broker"):
        with act_as(second.who(role)):
            for model in (Certificate, CertificateDocument, Shipment):
                assert model.objects.count() == 0, (role, model)
            assert StoredFile.objects.filter(kind="certificate").count() == 0
    with act_as(Identity(kind=Kind.CHECK)):
        assert Certificate.objects.count() == 0


@pytest.mark.django_db
def test_an_invited_contact_sees_this_certificate_alone(world: World):
    first, _second = issued(world), issued(world)
    guest = User.objects.create_user("contact@importer.example", "a long password 1", name="Contact")
    with act_as(world.loop()), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE certificates_certificatecontact SET user_id = %s WHERE certificate_id = %s", [guest.pk, first.pk]
        )
        assert cursor.rowcount == 1
    browser = Browser()
    sign_in_user(browser, guest)
    assert _codes(browser, first) == {200}
    assert _codes(browser, _second) == {404}
    assert browser.get(reverse("certificates:list")).status_code == 403
    page = browser.get(reverse("certificates:inbox")).content.decode()
    assert str(first.number) in page
    assert str(_second.number) not in page
