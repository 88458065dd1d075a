"""Outage mode: who switches it, what a continuity document says, that it takes shipments, and what follows afterwards."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.urls import reverse

from certificates.document.continuity import DATA_FILE, render_continuity
from certificates.document.errors import NoSigningKey
from certificates.domain import (
    actuals,
    closing,
    continuity,
    coop,
    documents,
    numbers,
    replacing,
    return_to_review,
    shipments,
    suspension,
    voiding,
)
from certificates.models import (
    Certificate,
    CertificateState,
    ContinuityDocument,
    Outage,
    PartyFinding,
    Unregistered,
)
from core import clock
from core.errors import Conflict, InvalidInput, NotPermitted, NotVisible
from core.identity import act_as
from core.models import AuditRow, Notification
from organizations.domain import certifiers
from organizations.models import OperationStatus
from pvf.models import Balance
from tests.support import stages
from tests.support.certificates import issued
from tests.support.continuity import CODE, OR1, asked, declare, make, over, under_continuity
from tests.support.world import World, make_world, set_status

pytestmark = pytest.mark.django_db
KG = Decimal
DOCS = Path(__file__).resolve().parents[2] / "docs" / "certificate-life.md"


def fresh(world: World, certificate: Certificate) -> Certificate:
    with act_as(world.loop()):
        return Certificate.objects.get(pk=certificate.pk)


def number_of(world: World, serial: int = 800001) -> str:
    return f"{world.certifier.code}-{world.client.operation.nop_id}-{serial}"


def give_number(world: World, certificate: Certificate) -> None:
    with act_as(world.loop()) as loop:
        numbers.give(loop, certificate.pk, number_of(world), registered_at=clock.now())


def ship(world: World, certificate: Certificate, kg: str, *, days: int = 0) -> None:
    left = certificate.start_date + dt.timedelta(days=days)
    with act_as(world.who("signatory")) as actor:
        shipments.report(actor, certificate.pk, quantity=KG(kg), unit="KGM", key=kg, departure_date=left)


def topics(world: World) -> list[str]:
    with act_as(world.loop()):
        return list(Notification.objects.order_by("created_at", "id").values_list("topic", flat=True))


def words_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return " ".join(" ".join(page.get_textpage().get_text_range().split()) for page in document)


class TestMode:
    def test_only_a_manager_switches_it(self, world: World) -> None:
        for role in ("reviewer", "approver", "auditor", "signatory", "importer"):
            with act_as(world.who(role)) as actor:
                with pytest.raises(NotPermitted):
                    coop.start(actor, coop_code=CODE, reason="x")
                with pytest.raises(NotPermitted):
                    coop.end(actor)

    def test_once_on_it_stays_on_under_its_code_until_it_is_switched_off(self, world: World) -> None:
        declare(world)
        declare(world)
        with act_as(world.who("manager")) as manager, pytest.raises(Conflict):
            coop.start(manager, coop_code="ANOTHER", reason="x")
        over(world)
        over(world)
        declare(world, "COOP-26-8")
        with act_as(world.loop()):
            rows = list(Outage.objects.order_by("started_at").values_list("coop_code", "ended_at"))
        assert [code for code, _ended in rows] == [CODE, "COOP-26-8"]
        assert (rows[0][1] is None, rows[1][1] is None) == (False, True)
        assert topics(world).count("coop.started") == 2
        assert topics(world).count("coop.ended") == 1

    def test_it_needs_code_and_reason(self, world: World) -> None:
        for code, reason, field in ((" ", "x", "coop_code"), ("C", " ", "reason")):
            with act_as(world.who("manager")) as manager, pytest.raises(InvalidInput) as refused:
                coop.start(manager, coop_code=code, reason=reason)
            assert refused.value.field == field

    def test_staff_see_it_on_every_page_and_others_on_none(self, world: World) -> None:
        declare(world)
        other = make_world(2)
        for browser, path in (
            (world.browser("reviewer"), "review:queue"), (world.browser("auditor"), "certificates:list"),
        ):  # fmt: skip
            assert CODE in browser.get(reverse(path)).content.decode()
        for browser in (world.browser("signatory"), other.browser("manager")):
            assert CODE not in browser.get(reverse("certificates:list")).content.decode()
        assert CODE not in world.browser("importer").get(reverse("certificates:inbox")).content.decode()


class TestAsking:
    def test_in_ordinary_times_none_is_made(self, world: World) -> None:
        certificate = stages.approved(world)
        with pytest.raises(Conflict) as refused:
            asked(world, certificate)
        assert refused.value.code == "NO-OUTAGE"

    def test_only_an_approver_has_it_made_and_strangers_find_nothing(self, world: World) -> None:
        certificate = stages.approved(world)
        declare(world)
        for role in ("reviewer", "manager", "auditor", "signatory"):
            with act_as(world.who(role)) as actor, pytest.raises(NotPermitted):
                continuity.ask(actor, certificate.pk, **OR1)
        with act_as(make_world(2).who("approver")) as stranger, pytest.raises(NotVisible):
            continuity.ask(stranger, certificate.pk, **OR1)

    def test_what_or1_asks_for_may_not_be_missing(self, world: World) -> None:
        certificate = stages.approved(world)
        declare(world)
        for missing in ("intended_use", "consignee_contact", "issuer_contact", "last_handler_contact"):
            with pytest.raises(InvalidInput) as refused:
                asked(world, certificate, **{missing: " "})
            assert (refused.value.code, refused.value.field) == ("OR1", missing)

    def test_what_the_certificate_states_is_not_taken_from_the_form(self, world: World) -> None:
        certificate = stages.approved(world)
        declare(world)
        row = asked(world, certificate, exporter_address="Somewhere else")
        assert row.data["or1"]["exporter"]["address"] == certificate.snapshot["exporter"]["address"]

    def test_after_the_departure_none_is_made(self, world: World) -> None:
        certificate = stages.approved(world, start_date=clock.now().date())
        declare(world)
        assert certificate.departure_date is not None
        later = dt.datetime.combine(certificate.departure_date + dt.timedelta(days=2), dt.time(12), tzinfo=dt.UTC)
        with time_machine.travel(later, tick=False), pytest.raises(Conflict) as refused:
            asked(world, certificate)
        assert refused.value.code == "COOP-CHECKS"
        assert "PER-2" in str(refused.value.message)

    def test_nor_one_that_was_asked_for_before_it(self, world: World) -> None:
        certificate = stages.approved(world, start_date=clock.now().date())
        declare(world)
        row = asked(world, certificate)
        with act_as(world.loop()) as loop:
            assert certificate.departure_date is not None
            later = dt.datetime.combine(certificate.departure_date + dt.timedelta(days=2), dt.time(12), tzinfo=dt.UTC)
            with time_machine.travel(later, tick=False):
                job = continuity._take(loop, row.pk)
                assert job is not None
                assert continuity._record(loop, job, b"%PDF-1.7\n%%EOF") is False
            row.refresh_from_db()
        assert (row.made_at, row.error) == (None, "PER-2: the departure has passed")
        assert fresh(world, certificate).state == CertificateState.AWAITING_NUMBER

    def test_while_a_party_is_not_certified_none_is_made(self, world: World) -> None:
        certificate = stages.approved(world)
        declare(world)
        set_status(world.importer.pk, OperationStatus.SUSPENDED)
        with pytest.raises(Conflict) as refused:
            asked(world, certificate)
        assert "IMP-1" in str(refused.value.message)

    def test_a_replacement_gets_none_the_old_certificate_is_still_there(self, world: World) -> None:
        old = issued(world)
        certificate = stages.approved(world, "500")
        declare(world)
        with act_as(world.loop()):
            Certificate.objects.filter(pk=certificate.pk).update(replaces=old)
        with pytest.raises(Conflict) as refused:
            asked(world, certificate)
        assert refused.value.code == "COOP-REPLACES"

    def test_asked_twice_one_is_made_and_after_the_outage_none(self, world: World) -> None:
        certificate = stages.approved(world)
        declare(world)
        row = asked(world, certificate)
        assert asked(world, certificate).pk == row.pk
        over(world)
        with act_as(world.loop()):
            assert continuity._take(world.loop(), row.pk) is None
            assert continuity.due(world.certifier.pk) == []
        declare(world, "NEXT")
        again = asked(world, certificate)
        assert (again.pk == row.pk, again.coop_code) == (False, "NEXT")

    def test_without_a_key_none_is_made_and_after_some_tries_an_approver_asks_anew(
        self, world: World, settings: Any
    ) -> None:
        settings.DOCUMENT_MAX_ATTEMPTS = 1
        certificate = stages.approved(world)
        declare(world)
        row = asked(world, certificate)
        with act_as(world.loop()) as loop:
            job = continuity._take(loop, row.pk)
            assert job is not None
            with pytest.raises(NoSigningKey) as refused:
                continuity.render(job)
            continuity._fail(loop, job, f"{refused.value.code}: {refused.value.message}")
            row.refresh_from_db()
        assert row.error.startswith("DOC-KEY:")
        page = world.browser("approver").get(reverse("certificates:detail", args=[certificate.pk])).content.decode()
        assert "The continuity document could not be made" in page
        assert reverse("certificates:continuity", args=[certificate.pk]) in page
        assert asked(world, certificate).pk != row.pk

    def test_whose_worker_was_killed_at_the_last_try_is_given_up_in_the_open(self, world: World, settings: Any) -> None:
        settings.DOCUMENT_MAX_ATTEMPTS = 1
        certificate = stages.approved(world)
        declare(world)
        row = asked(world, certificate)
        with act_as(world.loop()) as loop:
            assert continuity._take(loop, row.pk) is not None
            assert continuity.due(world.certifier.pk) == []
            ContinuityDocument.objects.update(lease_until=clock.now() - dt.timedelta(seconds=1))
            assert continuity.due(world.certifier.pk) == [row.pk]
            assert continuity._take(loop, row.pk) is None
            row.refresh_from_db()
            assert (row.error[:9], row.lease_until) == ("DOC-DIED:", None)
            assert continuity.due(world.certifier.pk) == []
            assert AuditRow.objects.filter(act="certificate.continuity_failed").count() == 1


class TestDocument:
    def test_its_face_says_what_it_is_and_carries_or1(self, world: World) -> None:
        certificate = stages.approved(world, lot="L1")
        declare(world)
        row = asked(world, certificate)
        pdf = make(world, row)
        text = words_of(pdf)
        for said in (
            "Continuity document", CODE, row.reference, "has no certificate number", "OR1", "human consumption",
            world.client.operation.name, world.client.operation.nop_id, "Ms Invented, +51 1 000", "Mr Invented",
            world.importer.name, world.certifier.name, "1,000.000", "L1", "Last handler", "Certified by",
        ):  # fmt: skip
            assert said in text.replace("\N{NO-BREAK SPACE}", " "), said
        assert "NOP Import Certificate" not in text
        assert not re.search(r"\d{3}-\d{10}-\d{6}", text)
        with pikepdf.open(io.BytesIO(pdf)) as opened:
            content = json.loads(opened.attachments[DATA_FILE].get_file().read_bytes())
        assert content["data"] == row.data
        assert content["data"]["or1"]["last_handler"]["certifier"]["nop_id"] == world.certifier.code

    def test_the_same_data_give_the_same_bytes(self, world: World) -> None:
        certificate = stages.approved(world)
        declare(world)
        row = asked(world, certificate)
        facts: dict[str, Any] = {
            "check_code": row.check_code, "check_url": continuity.check_url(row), "made_at": clock.now(),
            "public_origin": "http://127.0.0.1:8000",
        }  # fmt: skip
        assert render_continuity(row.data, **facts) == render_continuity(row.data, **facts)

    def test_it_never_changes_and_is_never_deleted(self, world: World) -> None:
        certificate = under_continuity(world)
        with act_as(world.loop()):
            rows = ContinuityDocument.objects.filter(certificate=certificate)
            with pytest.raises(DatabaseError), transaction.atomic():
                rows.update(sha256="0" * 64)
            with pytest.raises(DatabaseError), transaction.atomic():
                rows.update(data={})
            with pytest.raises(DatabaseError), transaction.atomic():
                rows.delete()


class TestLife:
    def test_both_parties_are_told_and_may_download_it(self, world: World) -> None:
        certificate = under_continuity(world)
        assert topics(world).count("certificate.continuity") == 2
        url = reverse("certificates:continuity-pdf", args=[certificate.pk])
        for role in ("importer", "signatory", "auditor"):
            browser = world.browser(role)
            answer = browser.get(url)
            assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")
            page = browser.get(reverse("certificates:detail", args=[certificate.pk])).content.decode()
            assert "Under a continuity document" in page
            assert url in page
        assert url in world.browser("importer").get(reverse("certificates:inbox")).content.decode()
        other = make_world(2)
        for role in ("manager", "signatory", "broker"):
            assert other.browser(role).get(url).status_code == 404

    def test_it_takes_shipments_and_is_closed_at_its_end(self, world: World) -> None:
        certificate = under_continuity(world)
        ship(world, certificate, "300")
        with act_as(world.loop()):
            row = Balance.objects.get(line=world.line)
        assert (row.certified, row.shipped) == (KG(700), KG(300))
        late = dt.datetime.combine(certificate.end_date + dt.timedelta(days=8), dt.time(17), tzinfo=dt.UTC)
        with time_machine.travel(late, tick=False):
            assert closing.sweep(world.certifier.pk) == 1
        with act_as(world.loop()):
            row = Balance.objects.get(line=world.line)
        assert (row.certified, row.shipped) == (KG(0), KG(300))
        assert (fresh(world, certificate).state, fresh(world, certificate).number) == (CertificateState.CLOSED, None)

    def test_the_total_is_declared_as_of_any_other(self, world: World) -> None:
        certificate = under_continuity(world)
        ship(world, certificate, "1000")
        with act_as(world.who("signatory")) as actor:
            actuals.declare_total(actor, certificate.pk)
        assert closing.sweep(world.certifier.pk) == 1

    def test_it_is_not_amended_voided_replaced_or_sent_back(self, world: World) -> None:
        certificate = under_continuity(world)
        with act_as(world.who("manager")) as manager:
            with pytest.raises(Conflict):
                voiding.void(manager, certificate.pk, reason="x")
            with pytest.raises(Conflict):
                return_to_review.back_to_review(manager, certificate.pk, "x")
        with act_as(world.who("signatory")) as actor, pytest.raises(Conflict):
            replacing.start(actor, certificate.pk)

    def test_numbered_it_gets_its_regular_certificate_which_names_the_continuity_document(self, world: World) -> None:
        certificate = under_continuity(world)
        over(world)
        give_number(world, certificate)
        assert fresh(world, certificate).state == CertificateState.AWAITING_DOCUMENT
        browser, url = world.browser("importer"), reverse("certificates:continuity-pdf", args=[certificate.pk])
        assert browser.get(url).status_code == 200  # no gap: it stays until the regular one is there
        with act_as(world.loop()) as loop:
            job = documents._take(loop, certificate.pk)
            assert job is not None
            pdf = documents._render(job)
            assert documents._record(loop, job, pdf)
            reference = ContinuityDocument.objects.get().reference
        assert reference in words_of(pdf)
        assert topics(world).count("certificate.issued") == 2
        assert browser.get(url).status_code == 200

    def test_a_party_that_loses_its_certification_is_told_of_it_too(self, world: World) -> None:
        certificate = under_continuity(world)
        set_status(world.importer.pk, OperationStatus.SUSPENDED)
        assert suspension.settle_all(world.certifier.pk) == 1
        with act_as(world.loop()):
            assert PartyFinding.objects.get().certificate_id == certificate.pk
        with pytest.raises(Conflict):
            ship(world, certificate, "1")


class TestAfterwards:
    def test_while_it_lasts_oid_is_left_alone_and_then_asked(self, world: World) -> None:
        certificate = under_continuity(world)
        with act_as(world.loop()):
            waiting = Certificate.objects.filter(coop.to_register(world.certifier.pk))
            assert not waiting.exists()
            assert coop.holds(Certificate.objects.get(pk=certificate.pk))
        over(world)
        with act_as(world.loop()):
            row = Certificate.objects.get(pk=certificate.pk)
            assert (coop.holds(row), coop.stays_because(row)) == (False, None)
            assert Certificate.objects.filter(coop.to_register(world.certifier.pk)).exists()

    def test_once_the_goods_have_left_it_stays(self, world: World) -> None:
        certificate = under_continuity(world)
        ship(world, certificate, "1")
        over(world)
        with act_as(world.loop()):
            assert coop.stays_because(Certificate.objects.get(pk=certificate.pk)) == Unregistered.DEPARTED

    def test_by_setting_it_stays(self, world: World) -> None:
        certificate = under_continuity(world)
        with act_as(world.who("manager")) as manager:
            certifiers.change_settings(manager, {"register_after_outage": False}, expected_version=0)
        over(world)
        with act_as(world.loop()):
            assert coop.stays_because(Certificate.objects.get(pk=certificate.pk)) == Unregistered.SETTING
            assert not Certificate.objects.filter(coop.to_register(world.certifier.pk)).exists()

    def test_left_unregistered_both_parties_are_told_once(self, world: World) -> None:
        certificate = under_continuity(world)
        over(world)
        for _ in range(2):
            with act_as(world.loop()) as loop:
                coop.leave_unregistered(loop, certificate.pk, Unregistered.DEPARTED)
        assert topics(world).count("certificate.unregistered") == 2
        page = world.browser("importer").get(reverse("certificates:detail", args=[certificate.pk])).content.decode()
        assert "The continuity document stays" in page


class TestAfterTheOutage:
    def test_what_leaves_afterwards_does_not_go_under_a_continuity_document(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        certificate = under_continuity(world)
        ship(world, certificate, "100")
        over(world)
        moment = clock.now() + dt.timedelta(days=5)
        monkeypatch.setattr(clock, "now", lambda: moment)
        with pytest.raises(InvalidInput, match="SHIP-OUTAGE"):
            ship(world, certificate, "150", days=4)
        ship(world, certificate, "120")

    def test_its_rest_is_free_once_the_total_is_declared(self, world: World) -> None:
        certificate = under_continuity(world)
        ship(world, certificate, "100")
        over(world)
        with act_as(world.loop()) as loop:
            coop.leave_unregistered(loop, certificate.pk, Unregistered.DEPARTED)
        with act_as(world.who("signatory")) as signatory:
            actuals.declare_total(signatory, certificate.pk)
        assert closing.sweep(world.certifier.pk) == 1
        assert fresh(world, certificate).state == CertificateState.CLOSED
