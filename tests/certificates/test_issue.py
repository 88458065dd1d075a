"""From approval to the released document."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from certificates.document.snapshot import snapshot_sha256
from certificates.domain import documents, numbers, return_to_review, signing
from certificates.models import Certificate, CertificateDocument, CertificateState
from certificates.tasks import sweep_documents
from core.clock import now
from core.errors import Conflict, InvalidInput
from core.files import read_file
from core.identity import act_as
from core.models import Notification
from pvf.models import Balance
from requests_app.models import RequestState
from tests.support import stages
from tests.support.world import World, make_world

NUMBER = "101-1010000011-000001"


@pytest.mark.django_db
def test_approval_makes_a_certificate_without_a_number(world: World):
    certificate = stages.approved(world)
    assert certificate.state == CertificateState.AWAITING_NUMBER
    assert certificate.number is None
    assert certificate.snapshot_sha256 == snapshot_sha256(certificate.snapshot)
    with act_as(world.loop()):
        balance = Balance.objects.get(line=world.line)
    assert (balance.available, balance.reserved, balance.certified) == (Decimal("49000"), 0, Decimal("1000"))


@pytest.mark.django_db
def test_a_number_is_given_once_and_kept(world: World):
    certificate = stages.approved(world)
    loop = world.loop()
    with act_as(loop):
        numbers.give(loop, certificate.pk, NUMBER, registered_at=now())
        again = numbers.give(loop, certificate.pk, NUMBER, registered_at=now())
        assert again.state == CertificateState.AWAITING_DOCUMENT
        with pytest.raises(Conflict):
            numbers.give(loop, certificate.pk, "101-1010000011-000002", registered_at=now())


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", ["1010000011", "101-1010000011-1", "101-1010000011-000001 draft"])
def test_what_is_not_a_number_is_refused(world: World, wrong: str):
    certificate = stages.approved(world)
    loop = world.loop()
    with act_as(loop), pytest.raises(InvalidInput):
        numbers.give(loop, certificate.pk, wrong, registered_at=now())


@pytest.mark.django_db
def test_back_to_review_only_without_a_number(world: World):
    certificate = stages.approved(world)
    manager = world.who("manager")
    with act_as(manager):
        return_to_review.back_to_review(manager, certificate.pk, "The importer asked to change the port.")
        request = certificate.request
        request.refresh_from_db()
        balance = Balance.objects.get(line=world.line)
    assert request.state == RequestState.IN_REVIEW
    assert (balance.reserved, balance.certified) == (Decimal("1000"), 0)


@pytest.mark.django_db(transaction=True)
def test_the_document_is_made_once_from_the_snapshot_and_released():
    world = make_world()
    loop = world.loop()
    with act_as(world.who("manager")):
        signing.install_demo_key(world.certifier)
    certificate = stages.approved(world, lot="LOT-1")
    with act_as(loop):
        numbers.give(loop, certificate.pk, NUMBER, registered_at=now())
    assert documents.make(world.certifier.pk, certificate.pk) is True
    assert documents.make(world.certifier.pk, certificate.pk) is False
    with act_as(loop):
        certificate = Certificate.objects.get(pk=certificate.pk)
        document = CertificateDocument.objects.get(certificate=certificate)
        assert read_file(document.file).startswith(b"%PDF-")
        topics = Notification.objects.filter(topic__startswith="certificate.").values_list("topic", flat=True)
        assert sorted(topics) == ["certificate.invited", "certificate.issued", "certificate.issued"]
    assert certificate.state == CertificateState.ISSUED


@pytest.mark.django_db(transaction=True)
def test_without_a_key_there_is_no_document_and_the_desk_learns_why(settings):
    world = make_world()
    loop = world.loop()
    certificate = stages.approved(world)
    with act_as(loop):
        numbers.give(loop, certificate.pk, NUMBER, registered_at=now())
    for _ in range(settings.DOCUMENT_MAX_ATTEMPTS + 2):
        assert documents.make(world.certifier.pk, certificate.pk) is False
    with act_as(loop):
        certificate = Certificate.objects.get(pk=certificate.pk)
        assert documents.due(world.certifier.pk) == []
    assert certificate.state == CertificateState.AWAITING_DOCUMENT
    assert certificate.document_attempts == settings.DOCUMENT_MAX_ATTEMPTS
    assert "key" in certificate.document_error


@pytest.mark.django_db(transaction=True)
def test_whose_worker_was_killed_at_the_last_try_people_learn_of_it(settings):
    world = make_world()
    loop = world.loop()
    certificate = stages.approved(world)
    with act_as(loop):
        numbers.give(loop, certificate.pk, NUMBER, registered_at=now())
        killed = {"document_attempts": settings.DOCUMENT_MAX_ATTEMPTS, "document_lease_until": now()}
        Certificate.objects.filter(pk=certificate.pk).update(**killed)
        assert documents.due(world.certifier.pk) == [certificate.pk]
    assert documents.make(world.certifier.pk, certificate.pk) is False
    with act_as(loop):
        certificate.refresh_from_db()
        assert documents.due(world.certifier.pk) == []
        assert Notification.objects.filter(topic="certificate.document_stuck").exists()
    assert certificate.document_error.startswith("DOC-DIED:")


@pytest.mark.django_db(transaction=True)
def test_what_breaks_at_one_document_keeps_no_other_waiting(monkeypatch):
    world = make_world()
    keys = [stages.approved(world).pk for _ in range(2)]
    with act_as(loop := world.loop()):
        for place, key in enumerate(keys):
            numbers.give(loop, key, f"{NUMBER[:-1]}{place}", registered_at=now())
    tried = []

    def broken(certifier_id, certificate_id):
        tried.append(certificate_id)
        raise RuntimeError("seeded")

    monkeypatch.setattr(documents, "make", broken)
    sweep_documents()
    assert tried == keys


@pytest.mark.django_db(transaction=True)
def test_a_lease_that_ended_is_taken_over():
    world = make_world()
    loop = world.loop()
    with act_as(world.who("manager")):
        signing.install_demo_key(world.certifier)
    certificate = stages.approved(world)
    with act_as(loop):
        numbers.give(loop, certificate.pk, NUMBER, registered_at=now())
        Certificate.objects.filter(pk=certificate.pk).update(document_lease_until=now() + dt.timedelta(seconds=60))
    assert documents.make(world.certifier.pk, certificate.pk) is False
    with act_as(loop):
        Certificate.objects.filter(pk=certificate.pk).update(document_lease_until=now() - dt.timedelta(seconds=1))
        assert documents.due(world.certifier.pk) == [certificate.pk]
    assert documents.make(world.certifier.pk, certificate.pk) is True
