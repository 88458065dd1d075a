"""What OID changes after the issue comes back: the certificate is marked, everybody is told once, and cleared when it ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest

from certificates.domain import public_check, shipments, suspension, voiding
from certificates.models import Certificate, OidMark
from core import clock
from core.errors import Conflict
from core.identity import NOBODY, act_as
from core.models import Notification
from core.topics import render
from oid_sync import tasks
from oid_sync.domain import marks
from oid_sync.models import Drift, DriftKind
from organizations.models import OperationStatus
from tests.oid_store.server import StoreServer
from tests.oid_sync.reconciling import reconcile
from tests.support.certificates import issued, issued_by_oid
from tests.support.world import World, set_status


def open_marks(world: World) -> list[tuple[str, list[str]]]:
    with act_as(world.loop()):
        return list(OidMark.objects.filter(closed_at=None).order_by("kind").values_list("kind", "fields"))


def told(world: World, topic: str) -> list[Notification]:
    with act_as(world.loop()):
        return list(Notification.objects.filter(topic=topic).order_by("audience"))


def flag(world: World, certificate: Certificate) -> str:
    with act_as(world.loop()):
        return Certificate.objects.get(pk=certificate.pk).flagged_because


def drift(world: World, certificate: Certificate, kind: DriftKind, theirs: object) -> Drift:
    with act_as(world.loop()):
        row = Drift(
            certifier=world.certifier, kind=kind, subject=str(certificate.pk), certificate_id=certificate.pk,
            portal_value="issued", other_value=theirs,
        )  # fmt: skip
        row.save(force_insert=True)
    return row


def close(world: World, row: Drift) -> None:
    with act_as(world.loop()):
        Drift.objects.filter(pk=row.pk).update(closed_at=clock.now())


@pytest.mark.django_db(transaction=True)
def test_a_record_voided_by_the_government_marks_the_certificate_for_everybody(
    linked: World, store: StoreServer, later: Callable[[], None]
) -> None:
    certificate = issued_by_oid(linked, tasks.sweep_registration)
    later()
    store.void_as_nop(certificate.number or "", "Fraud suspected")
    for _time in range(2):
        reconcile(linked)
    assert open_marks(linked) == [("void", [])]
    assert flag(linked, certificate) == "OID shows this certificate as void."
    for role in ("manager", "viewer", "importer"):
        page = linked.browser(role).get(f"/certificates/{certificate.pk}/").content.decode()
        assert "OID shows it as void" in page, role
    answer = public_check.ask(NOBODY, certificate.number or "", certificate.check_code)
    assert answer is not None and answer.flagged_because == "OID shows this certificate as void."
    messages = told(linked, "certificate.oid_marked")
    assert [row.audience for row in messages] == ["certifier", "client", "operation"]
    assert certificate.number is not None and certificate.number in render(messages[2], "en", "").subject
    assert "void" in render(messages[2], "en", "").body
    # the government takes it back
    store.execute("UPDATE oid_store_certificate SET status = 'live', voided_at = NULL, void_by = '', void_reason = ''")
    reconcile(linked)
    assert (open_marks(linked), flag(linked, certificate)) == ([], "")
    assert [row.audience for row in told(linked, "certificate.oid_cleared")] == ["certifier", "client", "operation"]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The acts of the test so far are long ago: the reconciliation leaves fresh ones alone."""

    def settle() -> None:
        monkeypatch.setattr("oid_sync.domain.reconciliation.oid_step.SETTLING", -dt.timedelta(hours=1))

    return settle


@pytest.mark.django_db
def test_a_changed_record_names_its_fields_and_another_change_is_told_again(world: World) -> None:
    certificate = issued(world)
    first = drift(world, certificate, DriftKind.OID_FIELDS, {"hts": "0901110025", "net_weight_kg": "900.000"})
    marks.settle_all(world.certifier.pk)
    assert open_marks(world) == [("changed", ["hts", "net_weight_kg"])]
    assert "hts, net weight kg" in flag(world, certificate)
    assert marks.settle_all(world.certifier.pk) == 0
    close(world, first)
    drift(world, certificate, DriftKind.OID_FIELDS, {"hts": "0901110025"})
    marks.settle_all(world.certifier.pk)
    assert open_marks(world) == [("changed", ["hts"])]
    assert len(told(world, "certificate.oid_marked")) == 2 * 3


@pytest.mark.django_db
def test_a_lost_record_marks_it_and_refuses_new_shipments(world: World) -> None:
    certificate = issued(world)
    drift(world, certificate, DriftKind.MISSING_IN_OID, "")
    marks.settle_all(world.certifier.pk)
    assert open_marks(world) == [("missing", [])]
    with act_as(world.who("signatory")) as signatory, pytest.raises(Conflict) as refused:
        shipments.report(
            signatory, certificate.pk, quantity=Decimal(10), unit="KGM", departure_date=certificate.start_date, key="k"
        )
    assert refused.value.code == "SHIP-SUSPENDED"


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "theirs"), [(DriftKind.ACTUALS, {}), (DriftKind.OID_STATUS, "expired")])
def test_other_differences_mark_nothing(world: World, kind: DriftKind, theirs: object) -> None:
    drift(world, issued(world), kind, theirs)
    assert marks.settle_all(world.certifier.pk) == 0
    assert open_marks(world) == []


@pytest.mark.django_db
def test_a_party_and_oid_share_one_flag_and_each_takes_back_its_own_part(world: World) -> None:
    certificate = issued(world)
    row = drift(world, certificate, DriftKind.OID_STATUS, "void")
    marks.settle_all(world.certifier.pk)
    set_status(world.importer.pk, OperationStatus.SUSPENDED)
    suspension.settle_all(world.certifier.pk)
    assert flag(world, certificate).startswith("OID shows this certificate as void. Invented Imports Inc.")
    close(world, row)
    marks.settle_all(world.certifier.pk)
    assert flag(world, certificate).startswith("Invented Imports Inc.")
    set_status(world.importer.pk, OperationStatus.CERTIFIED)
    suspension.settle_all(world.certifier.pk)
    assert flag(world, certificate) == ""


@pytest.mark.django_db
def test_voided_in_the_portal_too_it_is_cleared_without_a_word(world: World) -> None:
    certificate = issued(world)
    row = drift(world, certificate, DriftKind.OID_STATUS, "void")
    marks.settle_all(world.certifier.pk)
    with act_as(world.who("manager")) as manager:
        voiding.void(manager, certificate.pk, reason="NOP has voided it.")
    close(world, row)
    marks.settle_all(world.certifier.pk)
    assert open_marks(world) == []
    assert told(world, "certificate.oid_cleared") == []


@pytest.mark.django_db
def test_what_nobody_relies_on_is_not_marked(world: World) -> None:
    certificate = issued(world)
    with act_as(world.who("manager")) as manager:
        voiding.void(manager, certificate.pk, reason="Wrong.")
    drift(world, certificate, DriftKind.OID_STATUS, "replaced")
    assert marks.settle_all(world.certifier.pk) == 0
