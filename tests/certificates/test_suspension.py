"""A party that is not Certified any more: live certificates are flagged once, the people concerned told once."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import QuerySet

from certificates.domain import flags, shipments, suspension
from certificates.models import Certificate, PartyFinding
from certificates.tasks import run_suspension
from core.checks import Moment
from core.clock import now
from core.errors import Conflict, NotVisible
from core.identity import Identity, act_as
from core.models import AuditRow, Notification
from core.topics import render
from organizations.domain import clients
from organizations.models import Operation
from organizations.tenancy import find
from requests_app.domain import checking
from tests.organizations.test_directory_import import row, workbook
from tests.support import certificates, stages
from tests.support.world import World, make_world

pytestmark = pytest.mark.django_db


def read_in(tmp_path: Path, *operations: Operation, status: str) -> None:
    """The directory of today says this status of these operations."""
    rows = [row(one.nop_id, one.name, status, opSC_HANDLING="Certified") for one in operations]
    path = workbook(tmp_path / f"{status}.xlsx", rows)
    call_command("import_directory", str(path), "--partial", "--as-of", f"{now():%Y-%m-%d}", stdout=io.StringIO())


def told(world: World, topic: str = "certificate.flagged") -> list[tuple[str, Any]]:
    """Audience and whom, of the notifications on a topic."""
    with act_as(world.loop()):
        rows = Notification.objects.filter(topic=topic, certifier_id=world.certifier.pk)
        return sorted((row.audience, row.audience_id) for row in rows)


def findings(world: World, who: str = "manager") -> QuerySet[PartyFinding]:
    return PartyFinding.objects.visible_to(world.who(who)).filter(closed_at=None)


def flag(world: World, certificate: Certificate) -> str:
    with act_as(world.who("manager")):
        return Certificate.objects.get(pk=certificate.pk).flagged_because


def test_a_suspended_importer_flags_issued_and_unnumbered_certificates_and_tells_each_once(
    world: World, tmp_path: Path
) -> None:
    issued, unnumbered = certificates.issued(world), stages.approved(world)
    read_in(tmp_path, world.importer, status="Suspended")
    for _again in range(3):
        run_suspension()
    for certificate in (issued, unnumbered):
        assert f"{world.importer.name} ({world.importer.nop_id}), importer, is Suspended" in flag(world, certificate)
    with act_as(world.who("manager")):
        assert [(item.party, item.source, item.status) for item in findings(world)] == [
            ("importer", "directory", "Suspended")
        ] * 2
    assert told(world) == sorted(
        [("certifier", world.certifier.pk), ("client", world.client.pk), ("operation", world.importer.pk)]
    )
    with act_as(world.loop()):
        assert AuditRow.objects.filter(act="certificate.flag").count() == 2
        to_importer = Notification.objects.get(topic="certificate.flagged", audience="operation")
        # what was not released to the importer is not named to it
        assert to_importer.context["names"] == [issued.number]
        message = render(to_importer, "en", world.certifier.name)
        assert message.subject == f"{issued.number}: a party is not Certified"
        assert "importer, is Suspended in OID's directory" in message.body
        to_client = Notification.objects.get(topic="certificate.flagged", audience="client")
        assert render(to_client, "en", "").subject == "2 certificates: a party is not Certified"


def test_certified_again_clears_the_flag_once_with_an_audit_row(world: World, tmp_path: Path) -> None:
    certificate = certificates.issued(world)
    read_in(tmp_path, world.client.operation, status="Revoked")
    run_suspension(str(world.certifier.pk))
    assert "exporter, is Revoked" in flag(world, certificate)
    read_in(tmp_path, world.client.operation, status="Certified")
    run_suspension()
    run_suspension()
    assert flag(world, certificate) == ""
    assert len(told(world, "certificate.cleared")) == 3
    with act_as(world.loop()):
        cleared = AuditRow.objects.get(act="certificate.unflag")
        assert "Revoked" in cleared.before["flagged_because"] and cleared.after["flagged_because"] == ""
        assert PartyFinding.objects.get(certificate=certificate).closed_at is not None


def test_another_uncertified_status_is_told_anew(world: World, tmp_path: Path) -> None:
    certificate = certificates.issued(world)
    read_in(tmp_path, world.importer, status="Suspended")
    run_suspension()
    read_in(tmp_path, world.importer, status="Revoked")
    run_suspension()
    assert "Revoked" in flag(world, certificate) and "Suspended" not in flag(world, certificate)
    assert len(told(world)) == 6
    assert told(world, "certificate.cleared") == []


def test_the_certifiers_own_record_counts_too(world: World) -> None:
    certificate = certificates.issued(world)
    manager = world.who("manager")
    with act_as(manager):
        clients.change(manager, world.client.pk, {"own_status": "Suspended"})
    run_suspension(str(world.certifier.pk))
    assert "in the certifier's record" in flag(world, certificate)


def test_a_closed_certificate_is_not_flagged_anew(world: World, tmp_path: Path) -> None:
    certificate = certificates.issued(world)
    with act_as(world.loop()):
        Certificate.objects.filter(pk=certificate.pk).update(state="closed")
    read_in(tmp_path, world.importer, status="Suspended")
    run_suspension()
    assert flag(world, certificate) == ""
    assert told(world) == []


def test_open_requests_fail_and_shipments_are_refused(world: World, tmp_path: Path) -> None:
    certificate, waiting = certificates.issued(world), stages.submitted(world)
    read_in(tmp_path, world.importer, world.client.operation, status="Surrendered")
    run_suspension()
    reviewer = world.who("reviewer")
    with act_as(reviewer):
        found = {item.code: item.outcome for item in checking.findings(reviewer, waiting, Moment.REVIEW)}
    assert (found["EXP-1"], found["IMP-1"]) == ("fail", "fail")
    signatory = world.who("signatory")
    with act_as(signatory), pytest.raises(Conflict) as refusal:
        shipments.report(
            signatory, certificate.pk, quantity=Decimal(100), unit="KGM", departure_date=certificate.start_date, key="x"
        )
    assert refusal.value.code == "SHIP-SUSPENDED"


def test_findings_stay_with_their_tenant(world: World, tmp_path: Path) -> None:
    other = make_world(2)
    mine, theirs = certificates.issued(world), certificates.issued(other)
    read_in(tmp_path, world.importer, status="Suspended")
    run_suspension()
    assert flag(world, mine) and flag(other, theirs)
    assert {audience for audience, _who in told(other)} == {"certifier", "client", "operation"}
    for role, expected in (("manager", {mine.pk}), ("signatory", {mine.pk}), ("importer", {mine.pk, theirs.pk})):
        actor = world.who(role)
        with act_as(actor):
            assert {item.certificate_id for item in findings(world, role)} == expected
            # the second net, without the first
            assert {item.certificate_id for item in PartyFinding.objects.all()} == expected
    with act_as(Identity()):
        assert PartyFinding.objects.count() == 0
    with act_as(other.who("manager")):
        foreign = PartyFinding.objects.get(certificate=theirs)
    for role in ("manager", "signatory"):
        with act_as(world.who(role)), pytest.raises(NotVisible):
            find(PartyFinding.objects.all(), world.who(role), foreign.pk)
    with act_as(world.who("signatory")):
        assert PartyFinding.objects.update(closed_at=now()) == 0


@pytest.mark.parametrize("role", ["manager", "signatory", "importer"])
def test_the_certificates_page_says_it(world: World, tmp_path: Path, role: str) -> None:
    certificate = certificates.issued(world)
    read_in(tmp_path, world.importer, status="Suspended")
    run_suspension()
    page = world.browser(role).get(f"/certificates/{certificate.pk}/").content.decode()
    assert "A party is not Certified" in page and "Suspended" in page


def test_the_desk_lists_it(world: World, tmp_path: Path) -> None:
    certificate = certificates.issued(world)
    other = make_world(2)
    read_in(tmp_path, world.importer, status="Suspended")
    run_suspension()
    page = world.browser("manager").get("/oid/").content.decode()
    assert "Live certificates with a party that is not Certified" in page and str(certificate.number) in page
    assert str(certificate.number) not in other.browser("manager").get("/oid/").content.decode()


def test_more_certificates_than_fit_one_transaction_are_all_flagged(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flags, "TOGETHER", 2)
    made = [stages.approved(world, "100") for _ in range(5)]
    read_in(tmp_path, world.importer, status="Suspended")
    assert suspension.settle_all(world.certifier.pk) == 5
    assert suspension.settle_all(world.certifier.pk) == 0
    assert all(flag(world, certificate) for certificate in made)
