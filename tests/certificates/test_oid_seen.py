"""Where people key records, people say what OID shows of a certificate; it marks it as a reconciliation's finding would."""

from __future__ import annotations

import pytest
from django.urls import reverse

from certificates.domain import oid_marks
from certificates.domain.oid_marks import Seen
from certificates.models import Certificate, OidMark
from core.errors import Conflict, InvalidInput, NotPermitted, NotVisible
from core.identity import act_as
from core.models import AuditRow, Notification
from oid_sync.domain import marks
from tests.support import stages
from tests.support.certificates import released
from tests.support.world import World, make_world

pytestmark = pytest.mark.django_db
SEEN = "Looked up in OID on 26 Nov 2026, 10:00 UTC."


def note(world: World, certificate: Certificate, kind: str, *, role: str = "approver") -> Certificate:
    with act_as(world.who(role)) as actor:
        return oid_marks.note_seen(actor, certificate.pk, kind=kind, reason=SEEN)


def open_marks(world: World) -> list[str]:
    with act_as(world.loop()):
        return sorted(OidMark.objects.filter(closed_at=None).values_list("kind", flat=True))


def flag(world: World, certificate: Certificate) -> str:
    with act_as(world.loop()):
        return Certificate.objects.get(pk=certificate.pk).flagged_because


def told(world: World, topic: str) -> int:
    with act_as(world.loop()):
        return Notification.objects.filter(topic=topic).count()


def test_a_void_seen_in_oid_marks_the_certificate_tells_everybody_and_is_on_record(world: World, client) -> None:
    certificate = released(world)
    note(world, certificate, "void")
    assert flag(world, certificate) == "OID shows this certificate as void."
    assert told(world, "certificate.oid_marked") >= 3  # certifier, exporter, importer
    before = told(world, "certificate.oid_marked")
    note(world, certificate, "void", role="manager")  # a second time changes nothing
    assert (open_marks(world), told(world, "certificate.oid_marked")) == (["void"], before)
    with act_as(world.loop()):
        row = AuditRow.objects.get(act="certificate.oid_seen")
    assert (row.after["note"], row.actor_id) == (SEEN, world.members["approver"].user_id)
    answer = client.post(reverse("certificates:check"), {"number": certificate.number, "code": certificate.check_code})
    assert "OID shows this certificate as void." in answer.content.decode()


def test_no_reconciliation_clears_what_a_person_saw_and_a_person_does(world: World) -> None:
    certificate = released(world)
    note(world, certificate, "missing")
    assert marks.settle_all(world.certifier.pk) == 0
    assert open_marks(world) == ["missing"]
    note(world, certificate, "")
    assert (open_marks(world), flag(world, certificate)) == ([], "")
    assert told(world, "certificate.oid_cleared") >= 3


def test_another_state_takes_the_place_of_the_one_before(world: World) -> None:
    certificate = released(world)
    note(world, certificate, "missing")
    note(world, certificate, "replaced")
    assert open_marks(world) == ["replaced"]
    assert flag(world, certificate) == "OID shows this certificate as replaced."


def test_what_a_reconciliation_found_is_not_doubled_and_stays_its_own(world: World) -> None:
    certificate = released(world)
    with act_as(world.loop()) as loop:
        assert oid_marks.settle(loop, {certificate.pk: [Seen("void")]}) == 1
    before = told(world, "certificate.oid_marked")
    note(world, certificate, "void")
    assert (open_marks(world), told(world, "certificate.oid_marked")) == (["void"], before)
    note(world, certificate, "")
    assert open_marks(world) == ["void"]
    # and the other way round: what a person saw first is not raised again by a run
    with act_as(world.loop()) as loop:
        assert oid_marks.settle(loop, {certificate.pk: []}) == 1
    note(world, certificate, "void")
    with act_as(world.loop()) as loop:
        assert oid_marks.settle(loop, {certificate.pk: [Seen("void")]}) == 0
    assert open_marks(world) == ["void"]


def test_who_may_and_about_what(world: World) -> None:
    certificate = released(world)
    for role in ("reviewer", "auditor"):
        with pytest.raises(NotPermitted):
            note(world, certificate, "void", role=role)
    with act_as(make_world(2).who("manager")) as stranger, pytest.raises(NotVisible):
        oid_marks.note_seen(stranger, certificate.pk, kind="void", reason=SEEN)
    with act_as(world.who("manager")) as manager, pytest.raises(InvalidInput):
        oid_marks.note_seen(manager, certificate.pk, kind="void", reason=" ")
    waiting = stages.approved(world, "100")
    with pytest.raises(Conflict):
        note(world, waiting, "void")
    assert open_marks(world) == []


def test_by_the_page(world: World) -> None:
    certificate = released(world)
    browser, url = world.browser("manager"), reverse("certificates:oid-seen", args=[certificate.pk])
    assert url in browser.get(reverse("certificates:detail", args=[certificate.pk])).content.decode()
    assert browser.post(url, {"kind": "void", "reason": ""}).status_code == 422
    assert browser.post(url, {"kind": "changed", "reason": SEEN}).status_code == 422
    assert open_marks(world) == []
    assert browser.post(url, {"kind": "void", "reason": SEEN}).status_code == 302
    assert open_marks(world) == ["void"]
    assert browser.post(url, {"kind": "issued", "reason": SEEN}).status_code == 302
    assert open_marks(world) == []
