"""Replacing a certificate: frozen meanwhile, its rest counted once, and moved when the new one is issued."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest

from certificates.document.issue import issue_document
from certificates.domain import amending, closing, documents, numbers, replacing, return_to_review, shipments, voiding
from certificates.models import Certificate, CertificateState
from core.clock import now
from core.errors import Conflict, DomainError, NotPermitted, NotVisible
from core.identity import act_as
from pvf.domain import ledger
from pvf.models import Balance, Bucket, Cause, Holder, Movement, PVFLine
from requests_app.domain import drafts, submission
from requests_app.models import Request, RequestState
from review.domain import claims, decisions, recommendations
from tests.support.certificates import issued
from tests.support.world import World, make_line, make_world

pytestmark = pytest.mark.django_db
KG = Decimal


def ship(world: World, certificate: Certificate, kg: str) -> None:
    with act_as(world.who("signatory")) as actor:
        shipments.report(
            actor, certificate.pk, quantity=KG(kg), unit="KGM", key=uuid.uuid4().hex,
            departure_date=certificate.start_date,
        )  # fmt: skip


def buckets(world: World, line: PVFLine | None = None) -> tuple[Decimal, ...]:
    with act_as(world.loop()):
        row = Balance.objects.get(line=line or world.line)
    return (row.available, row.reserved, row.certified, row.shipped)


def ask(world: World, certificate: Certificate, kg: str, line: PVFLine | None = None) -> Request:
    """A submitted request that is to replace ``certificate``."""
    with act_as(world.who("signatory")) as actor:
        draft = replacing.start(actor, certificate.pk)
        fields = {"entered_quantity": KG(kg), "gross_kg": KG(kg) + 100, **({"line_id": line.pk} if line else {})}
        draft = drafts.save(actor, draft.pk, fields, expected_version=draft.version)
        bills = [{"number": "INV-N", "kg": KG(kg)}]
        drafts.replace_rows(actor, draft.pk, "invoices", bills, expected_version=draft.version)
        return submission.submit(actor, draft.pk)


def approve(world: World, request: Request) -> Certificate:
    with act_as(world.who("reviewer")) as reviewer:
        claims.claim(reviewer, request.pk)
        version = Request.objects.get(pk=request.pk).version
        recommendations.recommend(reviewer, request.pk, approve=True, note="", expected_version=version)
    with act_as(world.who("approver")) as approver:
        decisions.approve(approver, request.pk)
        return Certificate.objects.exclude(state=CertificateState.ABANDONED).get(request=request)


def issue(world: World, certificate: Certificate, serial: int) -> None:
    with act_as(world.loop()) as loop:
        number = f"{world.certifier.code}-{world.client.operation.nop_id}-9{serial:05d}"
        certificate = numbers.give(loop, certificate.pk, number, registered_at=now())
        job = documents._take(loop, certificate.pk)
        assert job is not None
        pdf = issue_document(
            certificate.snapshot, number=number, check_code=certificate.check_code,
            check_url=documents.check_url(certificate), issued_at=job.issued_at,
            public_origin="http://127.0.0.1:8000", key=job.key,
        )  # fmt: skip
        assert documents._record(loop, job, pdf)


def held(world: World, certificate: Certificate) -> Decimal:
    with act_as(world.loop()):
        return ledger.held(Holder.CERTIFICATE, certificate.pk, Bucket.CERTIFIED)


@pytest.mark.parametrize(
    ("asked", "reserved", "after"),
    [
        ("700", KG(0), (KG(49000), KG(0), KG(700), KG(300))),
        ("400", KG(0), (KG(49300), KG(0), KG(400), KG(300))),
        ("1200", KG(500), (KG(48500), KG(0), KG(1200), KG(300))),
    ],
)
def test_on_the_same_line_only_the_excess_is_reserved_and_the_rest_moves_on_issue(
    world: World, asked: str, reserved: Decimal, after: tuple[Decimal, ...]
) -> None:
    old = issued(world)
    ship(world, old, "300")
    request = ask(world, old, asked)
    assert buckets(world) == (KG(49000) - reserved, reserved, KG(700), KG(300))
    new = approve(world, request)
    assert buckets(world) == (KG(49000) - reserved, KG(0), KG(700) + reserved, KG(300))
    issue(world, new, 1)
    assert buckets(world) == after
    assert (held(world, old), held(world, new)) == (KG(0), KG(asked))
    with act_as(world.loop()):
        assert Certificate.objects.get(pk=old.pk).state == CertificateState.REPLACED
        assert Movement.objects.filter(cause=Cause.REPLACE, source_holder_id=old.pk).exists()


def test_on_another_line_the_new_weight_is_reserved_in_full_and_the_old_rest_returns_home(world: World) -> None:
    old = issued(world)
    ship(world, old, "300")
    other = make_line(
        world.client, "5000", pvf=world.pvf, label_name="Organic green coffee", product_name="Second"
    ).line
    request = ask(world, old, "700", other)
    assert buckets(world, other) == (KG(4300), KG(700), KG(0), KG(0))
    new = approve(world, request)
    issue(world, new, 1)
    assert buckets(world, other) == (KG(4300), KG(0), KG(700), KG(0))
    assert buckets(world) == (KG(49700), KG(0), KG(0), KG(300))


def test_while_it_is_open_the_old_one_is_frozen(world: World) -> None:
    old = issued(world)
    request = ask(world, old, "700")
    with pytest.raises(Conflict) as refused:
        ship(world, old, "1")
    assert refused.value.code == "FROZEN"
    with act_as(world.who("manager")) as manager:
        with pytest.raises(Conflict):
            amending.amend_down(manager, old.pk, KG(900), reason="x")
        with pytest.raises(Conflict):
            voiding.void(manager, old.pk, reason="x")
        assert closing.close(world.loop(), old.pk) is False
    with act_as(world.who("signatory")) as actor:
        submission.withdraw(actor, request.pk)
    ship(world, old, "1")
    assert buckets(world) == (KG(49000), KG(0), KG(999), KG(1))


def test_a_second_replacement_is_refused_while_the_first_is_open(world: World) -> None:
    old = issued(world)
    with act_as(world.who("signatory")) as actor:
        second = replacing.start(actor, old.pk)
    ask(world, old, "700")
    with act_as(world.who("signatory")) as actor:
        with pytest.raises(Conflict):
            replacing.start(actor, old.pk)
        with pytest.raises(DomainError) as refused:
            submission.submit(actor, second.pk)
    assert "RPL-1" in str(refused.value.details)


def test_back_to_review_and_approved_again_counts_the_rest_once(world: World) -> None:
    old = issued(world)
    request = ask(world, old, "1200")
    new = approve(world, request)
    with act_as(world.who("manager")) as manager:
        assert Certificate.objects.get(pk=old.pk).replacement_approved_at == new.approved_at
        return_to_review.back_to_review(manager, new.pk, "A typo.")
        assert Certificate.objects.get(pk=old.pk).replacement_approved_at is None
    assert buckets(world) == (KG(48800), KG(200), KG(1000), KG(0))
    again = approve(world, request)
    issue(world, again, 2)
    assert buckets(world) == (KG(48800), KG(0), KG(1200), KG(0))


def test_rejected_or_withdrawn_leaves_everything_as_it_was(world: World) -> None:
    old = issued(world)
    before = buckets(world)
    request = ask(world, old, "1500")
    with act_as(world.who("signatory")) as actor:
        submission.withdraw(actor, request.pk)
    assert buckets(world) == before
    with act_as(world.loop()):
        assert Request.objects.get(pk=request.pk).state == RequestState.WITHDRAWN


def test_strangers_and_staff_start_none_and_another_clients_certificate_is_never_covered(world: World) -> None:
    old = issued(world)
    other = make_world(2)
    with act_as(other.who("signatory")) as stranger, pytest.raises(NotVisible):
        replacing.start(stranger, old.pk)
    with act_as(world.who("manager")) as manager, pytest.raises(NotPermitted):
        replacing.start(manager, old.pk)
    foreign = issued(other)
    with act_as(other.who("signatory")) as actor:
        draft = submission.draft_from(actor, foreign.request, replaces=old.pk)
        with pytest.raises(DomainError) as refused:
            submission.submit(actor, draft.pk)
    assert "RPL-1" in str(refused.value.details)
