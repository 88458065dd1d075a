"""Amendments make versions of the document: immutable, each with what changed; the one before is valid until the next."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from pypdf import PdfReader

from certificates.document.history import AmendedField
from certificates.document.history_page import change_in_words
from certificates.document.page import moment
from certificates.document.verify import verify_document
from certificates.domain import amending, documents, downloads, numbers, versions, voiding
from certificates.domain.amending import Asked
from certificates.models import (
    Amendment,
    Certificate,
    CertificateChange,
    CertificateDocument,
    CertificateState,
    GoodsMark,
)
from core import clock
from core.errors import Conflict, InvalidInput, NotVisible
from core.files import read_file
from core.identity import act_as
from core.models import Notification
from oid_sync.domain import payloads
from tests.certificates.test_replacing import approve, ask
from tests.support.certificates import issued, numbered, oid_has_amendments
from tests.support.keys import install_key
from tests.support.world import World, make_world

pytestmark = pytest.mark.django_db
KG = Decimal


def amend(world: World, certificate: Certificate, reason: str = "The vessel was changed.", **asked: Any) -> Certificate:
    with act_as(world.who("approver")) as approver:
        amended = amending.amend(approver, certificate.pk, Asked(**asked), reason=reason)
    oid_has_amendments(world, certificate)
    return amended


def make_next(world: World, certificate: Certificate) -> bytes:
    """The documents loop's three phases inside the test's own transaction."""
    with act_as(world.loop()) as loop:
        job = documents._take(loop, certificate.pk)
        assert job is not None
        pdf = documents._render(job)
        assert documents._record(loop, job, pdf)
    return pdf


def current(world: World, certificate: Certificate) -> Certificate:
    with act_as(world.loop()):
        return Certificate.objects.get(pk=certificate.pk)


def plain(text: str) -> str:
    return " ".join(text.split())


def topics(world: World) -> list[str]:
    with act_as(world.loop()):
        return list(Notification.objects.order_by("created_at", "id").values_list("topic", flat=True))


def test_each_amendment_becomes_a_signed_version_and_the_one_before_is_valid_until_then(world: World) -> None:
    certificate = issued(world)
    with act_as(world.who("importer")) as importer:
        first = downloads.download(importer, certificate.pk)
    amend(world, certificate, vessel="MV Other", bill_of_lading="BL-77")
    amend(world, certificate, "Less was loaded.", net_kg=KG("900"))
    with act_as(world.who("importer")) as importer:
        assert downloads.download(importer, certificate.pk) == first
    second, third = make_next(world, certificate), make_next(world, certificate)
    with act_as(world.loop()) as loop:
        assert documents._take(loop, certificate.pk) is None
        rows = {row.version: row for row in CertificateDocument.objects.select_related("file")}
        assert {version: read_file(row.file) for version, row in rows.items()} == {1: first.data, 2: second, 3: third}
    assert current(world, certificate).documents_due == 0
    two, three = verify_document(second, remake_page=True), verify_document(third, remake_page=True)
    assert (two.findings, three.findings) == ((), ())
    assert two.content["number"] == three.content["number"] == certificate.number
    assert two.content["check_code"] == certificate.check_code
    assert two.content["version"] == 2
    assert [row["number"] for row in three.content["amendments"]] == [1, 2]
    assert three.content["amendments"][1]["changes"] == [{"field": "net_kg", "before": "1000.000", "after": "900.000"}]
    assert two.content["snapshot"]["transport"]["vessel"] == "MV Other"
    assert three.content["snapshot"]["net_kg"] == "900.000"
    assert "version" not in verify_document(first.data).content
    assert topics(world).count("certificate.amended") == 4
    assert topics(world).count("certificate.document_version") == 4


def test_no_version_leaves_before_oid_has_the_amendment(world: World) -> None:
    certificate = issued(world)
    with act_as(world.who("approver")) as approver:
        amending.amend(approver, certificate.pk, Asked(net_kg=KG("900")), reason="Less was loaded.")
    with act_as(world.loop()) as loop:
        assert documents._take(loop, certificate.pk) is None
    page = world.browser("signatory").get(reverse("certificates:detail", args=[certificate.pk])).content.decode()
    assert "not yet in OID" in page
    assert oid_has_amendments(world, certificate) == 1
    assert oid_has_amendments(world, certificate) == 0
    with act_as(world.loop()):
        change_id = CertificateChange.objects.get(kind="amended").pk
    with act_as(world.loop()) as loop:
        assert amending.confirmed(loop, certificate.pk, change_id) is False
    make_next(world, certificate)
    assert current(world, certificate).documents_due == 0


def test_an_amended_document_says_when_the_certificate_was_issued(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = issued(world)
    first = current(world, certificate).issued_at
    assert first is not None
    later = clock.now() + dt.timedelta(days=3)
    amend(world, certificate, vessel="MV Other")
    monkeypatch.setattr(clock, "now", lambda: later)
    pdf = make_next(world, certificate)
    content = verify_document(pdf, remake_page=True).content
    assert content["first_issued_at"] == first.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert content["issued_at"] == later.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    words = " ".join(PdfReader(io.BytesIO(pdf)).pages[0].extract_text().split())
    assert plain(moment(first)) in words
    assert f"This version was made on {plain(moment(later))}" in words


def test_nothing_is_amended_once_the_period_is_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = issued(world)
    moment = dt.datetime.combine(certificate.end_date, dt.time(12), dt.UTC) + dt.timedelta(days=2)
    monkeypatch.setattr(clock, "now", lambda: moment)
    with pytest.raises(Conflict, match="AMEND-ENDED"):
        amend(world, certificate, net_kg=KG("900"))


def test_the_contact_who_was_let_in_is_told_of_every_change(world: World) -> None:
    certificate = issued(world)
    guest = world.members["viewer"].user_id
    with act_as(world.loop()):
        certificate.contacts.create(
            certifier_id=certificate.certifier_id, email="guest@invented.example", user_id=guest
        )
    amend(world, certificate, net_kg=KG("900"))
    with act_as(world.who("approver")) as approver:
        voiding.void(approver, certificate.pk, reason="Wrong importer.")
    with act_as(world.loop()):
        told = Notification.objects.filter(audience="user", audience_id=guest).values_list("topic", flat=True)
        assert {"certificate.amended", "certificate.voided"} <= set(told)


def test_a_numbered_certificate_is_voided_before_its_document_is_made(world: World) -> None:
    certificate = numbered(world)
    with act_as(world.who("approver")) as approver:
        voided = voiding.void(approver, certificate.pk, reason="Wrong importer.")
    assert voided.state == CertificateState.VOID
    with act_as(world.loop()) as loop:
        assert documents._take(loop, certificate.pk) is None


def test_people_are_told_of_the_first_document_that_is_given_up(world: World, settings: Any) -> None:
    install_key(world)
    for certificate in (numbered(world, "100", lot="A"), numbered(world, "100", lot="B")):
        for _ in range(settings.DOCUMENT_MAX_ATTEMPTS):
            with act_as(world.loop()) as loop:
                job = documents._take(loop, certificate.pk)
                assert job is not None
                documents._fail(loop, job, "DOC-TIMESTAMP: the server does not answer")
    assert topics(world).count("certificate.document_stuck") == 1


def test_a_version_made_twice_is_kept_once(world: World) -> None:
    certificate = issued(world)
    amend(world, certificate, vessel="MV Other")
    with act_as(world.loop()) as loop:
        job = documents._take(loop, certificate.pk)
        assert job is not None
        pdf = documents._render(job)
        assert documents._record(loop, job, pdf)
        assert not documents._record(loop, job, pdf)
        assert CertificateDocument.objects.count() == 2


def test_every_version_is_listed_and_downloaded_by_its_hash(world: World) -> None:
    certificate = issued(world)
    amend(world, certificate, vessel="MV Other")
    make_next(world, certificate)
    page = reverse("certificates:detail", args=[certificate.pk])
    for role in ("importer", "signatory", "reviewer"):
        browser = world.browser(role)
        text = browser.get(page).content.decode()
        with act_as(world.who(role)) as actor:
            listed = versions.of(actor, certificate)
        assert [(row.version, row.superseded) for row in listed] == [(2, False), (1, True)]
        for row in listed:
            url = reverse("certificates:version-pdf", args=[certificate.pk, row.sha256])
            assert url in text
            answer = browser.get(url)
            assert hashlib.sha256(answer.content).hexdigest() == row.sha256
            assert ("SUPERSEDED" in answer["Content-Disposition"]) is row.superseded
    other = make_world(2)
    with act_as(world.loop()):
        sha256 = CertificateDocument.objects.get(version=1).sha256
    foreign = issued(other)
    for role in ("signatory", "manager"):
        mine = reverse("certificates:version-pdf", args=[certificate.pk, sha256])
        assert other.browser(role).get(mine).status_code == 404
        # a hash of another certificate does not open through one's own
        theirs = reverse("certificates:version-pdf", args=[foreign.pk, sha256])
        assert other.browser(role).get(theirs).status_code == 404
    with act_as(world.who("importer")) as importer, pytest.raises(NotVisible):
        downloads.download(importer, certificate.pk, "0" * 64)


def test_the_page_says_that_the_new_version_is_being_made(world: World) -> None:
    certificate = issued(world)
    amend(world, certificate, vessel="MV Other")
    text = world.browser("importer").get(reverse("certificates:detail", args=[certificate.pk])).content.decode()
    assert "Amended, new document being made" in text
    assert "MV Other" in text
    make_next(world, certificate)
    text = world.browser("importer").get(reverse("certificates:detail", args=[certificate.pk])).content.decode()
    assert "Amended, new document being made" not in text


def test_void_before_the_version_is_made_leaves_it_unmade(world: World) -> None:
    certificate = issued(world)
    amend(world, certificate, vessel="MV Other")
    with act_as(world.who("manager")) as manager:
        voiding.void(manager, certificate.pk, reason="Lost.")
    with act_as(world.loop()) as loop:
        assert documents._take(loop, certificate.pk) is None
        assert documents.due(world.certifier.pk) == []


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"vessel": "  "}, "vessel"),
    ({"mode": "rocket"}, "transport_mode"),
    ({"containers": [{"number": "", "seal": "S"}]}, "containers"),
    ({"departure_date": dt.date(2020, 1, 1)}, "departure_date"),
    ({"departure_date": dt.date(2099, 1, 1)}, "departure_date"),
    ({"vessel": "MV \U00012000"}, "vessel"),
]


def test_what_may_not_be_amended_is_refused_at_its_field(world: World) -> None:
    certificate = issued(world)
    for asked, field in REFUSED:
        with pytest.raises(InvalidInput) as refused:
            amend(world, certificate, **asked)
        assert refused.value.field == field
    with act_as(world.loop()):
        assert not Amendment.objects.exists()


def test_a_departure_is_never_amended_to_before_the_issue(world: World) -> None:
    certificate = issued(world)
    assert certificate.issued_at is not None
    day = certificate.issued_at.date()
    with pytest.raises(InvalidInput):
        amend(world, certificate, departure_date=day - dt.timedelta(days=2))
    later = day + dt.timedelta(days=30)
    amend(world, certificate, departure_date=later)
    assert current(world, certificate).departure_date == later


def test_transport_of_several_shipments_is_not_on_the_certificate(world: World) -> None:
    certificate = issued(world)
    content = {**certificate.snapshot, "kind": "multiple"}
    after = {**content, "transport": {**content["transport"], "vessel": "MV Other"}}
    with pytest.raises(InvalidInput) as refused:
        amending._require_allowed(certificate, content, after, amending.differences(content, after))
    assert refused.value.code == "AMEND-KIND"


class TestLots:
    def test_below_the_sum_of_the_lots_it_is_asked_which(self, world: World) -> None:
        certificate = issued(world, lot="L1")
        with pytest.raises(InvalidInput) as refused:
            amend(world, certificate, net_kg=KG(900))
        assert (refused.value.code, refused.value.field) == ("LOTS", "lots")
        amend(world, certificate, net_kg=KG(900), lots=[{"lot": "L1", "kg": KG(850)}])
        with act_as(world.loop()):
            row = Amendment.objects.get()
        assert row.snapshot["lots"] == [{"lot": "L1", "kg": "850.000"}]

    def test_another_lot_or_more_of_one_needs_a_replacement(self, world: World) -> None:
        certificate = issued(world, lot="L1")
        refused_lots: list[list[dict[str, Any]]] = [
            [{"lot": "L2", "kg": KG(10)}],
            [{"lot": "L1", "kg": KG("1000.001")}],
            [{"lot": "L1", "kg": KG(400)}, {"lot": "L1", "kg": KG(400)}],
        ]
        for lots in refused_lots:
            with pytest.raises(InvalidInput) as refused:
                amend(world, certificate, net_kg=KG(900), lots=lots)
            assert refused.value.code == "LOTS"


def test_the_goods_are_looked_for_under_the_new_papers_too(world: World) -> None:
    certificate = issued(world, lot="L1")
    amend(world, certificate, containers=[{"number": "MSKU1234565", "seal": "S1"}], bill_of_lading="BL-9")
    with act_as(world.loop()):
        assert GoodsMark.objects.filter(certificate=certificate).count() == 2


def test_oid_is_told_what_reads_differently_and_nothing_else(world: World) -> None:
    certificate = issued(world)
    amend(world, certificate, vessel="MV Other", containers=[{"number": "MSKU1234565", "seal": "S1"}])
    amend(world, certificate, "Less.", net_kg=KG(900))
    with act_as(world.loop()):
        first, second = (payloads.change(row) for row in certificate.changes.order_by("made_at"))
    assert first == {
        "call_id": first["call_id"],
        "transport": {"vessel": "MV Other", "containers": ["MSKU1234565"], "seals": ["S1"]},
    }
    assert second == {"call_id": second["call_id"], "net_weight_kg": "900.000"}


def test_an_amendment_on_other_figures_than_were_seen_is_refused(world: World) -> None:
    certificate = issued(world)
    amend(world, certificate, vessel="MV Other")
    with act_as(world.who("approver")) as approver, pytest.raises(Conflict) as refused:
        amending.amend(approver, certificate.pk, Asked(vessel="MV Third"), reason="x", expected_amendments=0)
    assert refused.value.code == "STALE"


def test_amendments_and_versions_are_never_changed_behind_the_domain(world: World) -> None:
    certificate = issued(world)
    amend(world, certificate, vessel="MV Other")
    with act_as(world.loop()), pytest.raises(DatabaseError), transaction.atomic():
        Amendment.objects.update(number=7)


def test_by_the_page_weight_and_transport_in_one_act(world: World) -> None:
    certificate = issued(world)
    browser, url = world.browser("manager"), reverse("certificates:amend", args=[certificate.pk])
    shown = browser.get(url)
    assert "MV Invented" in shown.content.decode()
    given = {
        name: value if value is not None else "" for name, value in shown.context["form"].initial.items()
    } | {"vessel": "MV Other", "net_kg": "900", "reason": "Another vessel."}  # fmt: skip
    stale = browser.post(url, given | {"expected_amendments": "3"})
    assert stale.status_code == 409
    assert browser.post(url, given).status_code == 302
    with act_as(world.loop()):
        fields = [part["field"] for part in Amendment.objects.get().content]
    assert fields == ["net_kg", "vessel"]


def test_a_change_reads_as_people_write_it() -> None:
    words = change_in_words(AmendedField("net_kg", "19000.000", "18000.000"))
    assert words.replace("\N{NO-BREAK SPACE}", " ") == "net weight from 19,000.000 kg to 18,000.000 kg"


class TestVoid:
    def test_every_page_about_it_and_the_saved_file_say_so_and_it_stays_downloadable(self, world: World) -> None:
        certificate = issued(world)
        with act_as(world.who("manager")) as manager:
            voiding.void(manager, certificate.pk, reason="Wrong importer.")
        for role in ("importer", "signatory", "auditor"):
            browser = world.browser(role)
            page = browser.get(reverse("certificates:detail", args=[certificate.pk])).content.decode()
            assert "This certificate is void" in page
            assert "Wrong importer." in page
            pdf = browser.get(reverse("certificates:pdf", args=[certificate.pk]))
            assert pdf.status_code == 200
            assert "VOID" in pdf["Content-Disposition"]
        assert "Void" in world.browser("importer").get(reverse("certificates:inbox")).content.decode()

    def test_the_page_says_beforehand_what_it_does_to_the_kilograms(self, world: World) -> None:
        certificate = issued(world)
        text = world.browser("manager").get(reverse("certificates:void", args=[certificate.pk])).content.decode()
        assert "1,000.000 kg go back" in text
        assert "0.000 kg that have shipped stay shipped" in text
        assert current(world, certificate).state == CertificateState.ISSUED


class TestReplacement:
    def test_pending_until_oid_has_the_new_one_whose_document_names_the_old(self, world: World) -> None:
        old = issued(world)
        page = reverse("certificates:detail", args=[old.pk])
        new = approve(world, ask(world, old, "700"))
        for role in ("signatory", "manager", "importer"):
            assert "Replaced, registration pending" in world.browser(role).get(page).content.decode()
        with act_as(world.loop()) as loop:
            assert payloads.registration(new)["replaces"] == old.number
            number = f"{world.certifier.code}-{world.client.operation.nop_id}-700001"
            numbers.give(loop, new.pk, number, registered_at=clock.now())
        pdf = make_next(world, new)
        found = verify_document(pdf, remake_page=True)
        assert found.findings == ()
        assert found.content["replaces"] == old.number
        text = world.browser("importer").get(page).content.decode()
        assert f"Certificate {number} takes its place" in text
        assert "registration pending" not in text
        answer = world.browser("importer").get(reverse("certificates:pdf", args=[old.pk]))
        assert "REPLACED" in answer["Content-Disposition"]
        there = world.browser("importer").get(reverse("certificates:detail", args=[new.pk])).content.decode()
        assert f"It replaces certificate {old.number}" in there
