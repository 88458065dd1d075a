"""A signing key's life: a word in time before it ends, and documents that wait while a server does not answer."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from certificates.domain import documents, leases, numbers, signing
from certificates.models import Certificate, CertificateState, SigningKey
from certificates.tasks import sweep_documents
from core import clock
from core.identity import act_as
from core.models import Notification
from core.topics import render
from organizations.roles import Role
from tests.certificates.test_signing_key import PAGE, PASSWORD, a_key
from tests.support import pki, stages
from tests.support.two_managers import agree
from tests.support.world import World, make_world


def install(world: World, days: int) -> SigningKey:
    with act_as(world.who("manager")) as manager:
        signing.install(manager, world.certifier.pk, a_key(days=days), PASSWORD)
    agree(world)
    with act_as(world.loop()):
        return SigningKey.objects.get(retired_at=None)


def warnings(world: World) -> list[Notification]:
    with act_as(world.loop()):
        return list(Notification.objects.filter(topic="certificate.key_ends").order_by("created_at"))


def later(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
    monkeypatch.setattr(clock, "now", lambda: moment)


@pytest.mark.django_db
def test_managers_are_warned_sixty_days_ahead_and_once_at_each_step(world: World, monkeypatch: pytest.MonkeyPatch):
    install(world, 100)
    sent = []
    for day in (0, 39, 41, 42, 71, 72, 87, 94, 99, 99, 101, 105):
        later(monkeypatch, day)
        sent.append(signing.warn_of_the_end(world.certifier.pk))
    assert sent == [False, False, True, False, True, False, True, True, True, False, True, False]
    rows = warnings(world)
    assert {tuple(row.audience_roles) for row in rows} == {(Role.MANAGER,)}
    assert [row.context["ended"] for row in rows] == [False] * 5 + [True]


@pytest.mark.django_db
def test_of_several_warnings_that_are_due_the_nearest_alone_is_sent(world: World):
    install(world, 10)
    assert signing.warn_of_the_end(world.certifier.pk)
    assert not signing.warn_of_the_end(world.certifier.pk)
    assert len(warnings(world)) == 1


@pytest.mark.django_db
def test_the_next_key_is_warned_about_anew_and_the_old_one_no_more(world: World):
    install(world, 50)
    assert signing.warn_of_the_end(world.certifier.pk)
    install(world, 20)
    assert signing.warn_of_the_end(world.certifier.pk)
    install(world, 300)
    assert not signing.warn_of_the_end(world.certifier.pk)


@pytest.mark.django_db
def test_another_certifier_is_not_told(world: World):
    other = make_world(2)
    install(world, 10)
    assert not signing.warn_of_the_end(other.certifier.pk)
    assert signing.warn_of_the_end(world.certifier.pk)
    assert warnings(other) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("days", "after", "says"),
    [(None, 0, "No key is installed"), (59, 0, "The signing key ends on"), (59, 60, "The signing key ended on")],
)
@pytest.mark.parametrize("page", [PAGE, "/certificates/documents/"])
def test_the_desk_says_how_it_stands_with_the_key(
    world: World, monkeypatch: pytest.MonkeyPatch, days: int | None, after: int, says: str, page: str
):  # fmt: skip
    if days is not None:
        install(world, days)
    if after:
        later(monkeypatch, after)
    assert says in world.browser("reviewer").get(page).content.decode()


@pytest.mark.django_db
def test_nothing_is_said_about_a_key_that_has_time(world: World):
    install(world, 61)
    assert "usa-alert" not in world.browser("reviewer").get("/certificates/documents/").content.decode()


@pytest.mark.django_db
def test_a_warning_leads_to_the_page_of_keys(world: World):
    install(world, 10)
    signing.warn_of_the_end(world.certifier.pk)
    message = render(warnings(world)[0], "en", world.certifier.name)
    assert message.link == PAGE
    assert "ends on" in message.subject


@pytest.mark.django_db(transaction=True)
def test_a_document_waits_for_its_time_stamp_and_at_last_for_a_person(
    world: World, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = pki.holder("Invented Authority", ca=True)
    (tmp_path / "authority.pem").write_bytes(authority.pem)
    certificate = stages.approved(world)
    with act_as(world.loop()) as loop:
        numbers.give(loop, certificate.pk, "101-1010000011-000001", registered_at=clock.now())
    install(world, 300)
    with pki.serving(pki.holder("Invented Clock", authority, stamps=True)) as server:
        settings.TIMESTAMP_URL, settings.TIMESTAMP_CA = server.url, str(tmp_path / "authority.pem")
        server.mode = "refuses"
        start, waited = clock.now(), []
        for attempt in range(settings.DOCUMENT_MAX_ATTEMPTS):
            assert documents.make(world.certifier.pk, certificate.pk) is False
            with act_as(world.loop()) as loop:
                row = Certificate.objects.get()
                assert row.document_error.startswith("DOC-TIMESTAMP:")
                given_up = attempt + 1 == settings.DOCUMENT_MAX_ATTEMPTS
                assert documents.failed(loop).exists() is given_up
                if not given_up:
                    assert documents.due(world.certifier.pk) == []
                    assert row.document_lease_until is not None
                    waited.append((row.document_lease_until - clock.now()).total_seconds())
                    after = row.document_lease_until + dt.timedelta(seconds=1)
                    monkeypatch.setattr(clock, "now", lambda moment=after: moment)
        assert [round(seconds / 30) for seconds in waited] == [1, 2, 4, 8]

        server.mode = "stamps"
        monkeypatch.setattr(clock, "now", lambda: start)
        with act_as(world.who("manager")) as manager:
            documents.retry(manager, certificate.pk)
        assert documents.make(world.certifier.pk, certificate.pk) is True
    with act_as(world.loop()):
        assert Certificate.objects.get().state == CertificateState.ISSUED


@pytest.mark.django_db(transaction=True)
def test_the_sweep_makes_what_was_given_up_when_its_reason_has_passed(
    world: World, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = pki.holder("Invented Authority", ca=True)
    (tmp_path / "authority.pem").write_bytes(authority.pem)
    settings.DOCUMENT_MAX_ATTEMPTS = 1
    certificate = stages.approved(world)
    with act_as(world.loop()) as loop:
        numbers.give(loop, certificate.pk, "101-1010000011-000001", registered_at=clock.now())
    install(world, 300)
    start = clock.now()
    with pki.serving(pki.holder("Invented Clock", authority, stamps=True)) as server:
        settings.TIMESTAMP_URL, settings.TIMESTAMP_CA = server.url, str(tmp_path / "authority.pem")
        server.mode = "refuses"
        for turn in range(2):
            moment = start + turn * (leases.HEALING_PAUSE + dt.timedelta(seconds=1))
            monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
            sweep_documents()
            with act_as(world.loop()) as loop:
                assert documents.failed(loop).count() == 1
                assert documents.due(world.certifier.pk) == []
        page = world.browser("viewer").get(f"/certificates/{certificate.pk}/").content.decode()
        assert "Document delayed" in page and "DOC-TIMESTAMP" not in page
        with act_as(world.loop()):
            assert Notification.objects.filter(topic="certificate.document_stuck").count() == 1
        server.mode = "stamps"
        later = start + 2 * (leases.HEALING_PAUSE + dt.timedelta(seconds=1))
        monkeypatch.setattr(clock, "now", lambda: later)
        sweep_documents()
    with act_as(world.loop()):
        assert Certificate.objects.get().state == CertificateState.ISSUED


@pytest.mark.django_db
def test_the_page_says_what_a_signature_carries(world: World, settings: Any, tmp_path: Path):
    authority = pki.holder("Invented Authority", ca=True)
    (tmp_path / "authority.pem").write_bytes(authority.pem)
    signer = pki.holder("Listed Signer", authority, crl="http://lists.invented.example/list.crl")
    with act_as(world.who("manager")) as manager:
        signing.install(manager, world.certifier.pk, signer.pkcs12(authority), pki.PASSWORD)
    page = world.browser("auditor").get(PAGE).content.decode()
    assert "set up no time-stamp server" in page
    assert "names lists.invented.example, which the operator" in page
    settings.TIMESTAMP_URL, settings.TIMESTAMP_CA = "http://clock.invented.example/", str(tmp_path / "authority.pem")
    settings.REVOCATION_HOSTS = ["lists.invented.example"]
    page = world.browser("auditor").get(PAGE).content.decode()
    assert "stamped by clock.invented.example" in page
    assert "The answer of lists.invented.example is part" in page


@pytest.mark.django_db
def test_a_replaced_key_is_still_one_to_trust(world: World):
    first, second = install(world, 100), install(world, 200)
    assert signing.trust_of(world.certifier.pk).fingerprints == {
        first.fingerprint_sha256, second.fingerprint_sha256
    }  # fmt: skip
