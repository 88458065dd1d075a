"""Every act that moves kilograms, by the functions that pages, API and loops use, for tests that try them in any order.

What certificates do beyond shipments (close-out, amendment, void, replacement) and processing go through :class:`Causes`:
the one place to change where a domain function of its own takes such an act over.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import uuid
from decimal import Decimal

import time_machine

from certificates.domain import amending, closing, numbers, replacing, return_to_review, shipments, voiding
from certificates.models import Certificate, CertificateState, Shipment
from core.clock import now
from core.identity import Identity, act_as
from pvf.domain import ledger, proposals
from pvf.domain.rows import ProposedLine
from pvf.models import Bucket, Cause, Holder, PVFLine
from requests_app.domain import drafts, questions, submission
from requests_app.models import Request, RequestState
from review.domain import claims, decisions, recommendations
from tests.support.drafts import complete_draft
from tests.support.world import World

_serial = itertools.count(1)


def authorise(world: World, quantities: dict[PVFLine, tuple[Decimal, str]]) -> uuid.UUID:
    """Propose and approve a version that authorises these quantities. Returns the version's key."""
    rows = [
        ProposedLine(
            line_number=line.line_number, product_name=world.terms.product_name, label_name=world.terms.label_name,
            scope=world.terms.scope, hts_codes=tuple(world.terms.hts_codes), origins=tuple(world.terms.origins),
            quantity=quantity, unit=unit,
        )
        for line, (quantity, unit) in quantities.items()
    ]  # fmt: skip
    with act_as(world.who("manager")) as manager:
        version = proposals.propose(
            manager, client_id=world.client.pk, number=world.pvf.number, period_start=world.pvf.period_start,
            period_end=world.pvf.period_end, rows=rows,
        )  # fmt: skip
        approve_version(world, version.pk)
    return version.pk


def approve_version(world: World, version: uuid.UUID) -> None:
    """Put a version in force (again: changes nothing)."""
    with act_as(world.who("manager")) as manager:
        proposals.approve(manager, version)


def draft(world: World, line: PVFLine, quantity: Decimal, unit: str) -> uuid.UUID:
    """A complete draft for a line."""
    # room for an answer that names more: QTY-1 compares with the gross weight
    changes = {
        "line_id": str(line.pk), "entered_quantity": quantity, "entered_unit": unit, "gross_kg": Decimal(10**6),
        "start_date": now().date(),
    }  # fmt: skip
    return complete_draft(world, quantity, **changes).pk


def submit(world: World, request: uuid.UUID) -> None:
    """The signatory submits."""
    with act_as(world.who("signatory")) as signatory:
        submission.submit(signatory, request)


def withdraw(world: World, request: uuid.UUID) -> None:
    """The signatory takes the request back."""
    with act_as(world.who("signatory")) as signatory:
        submission.withdraw(signatory, request)


def claim(world: World, request: uuid.UUID) -> None:
    """The reviewer has the request in hand."""
    with act_as(world.who("reviewer")) as reviewer:
        claims.claim(reviewer, request)


def ask_for_quantity(world: World, request: uuid.UUID) -> None:
    """The reviewer asks about the quantity: it may change now."""
    claim(world, request)
    with act_as(world.who("reviewer")) as reviewer:
        questions.ask(reviewer, request, text="How much?", fields=["entered_quantity"], document_kinds=[])


def answer(world: World, request: uuid.UUID, quantity: Decimal | None) -> None:
    """The exporter answers, with another quantity or none."""
    changes = {} if quantity is None else {"entered_quantity": quantity}
    with act_as(world.who("preparer")) as preparer:
        questions.save_answer(preparer, request, changes, "As in the invoice.")


def complete_answer(world: World, request: uuid.UUID) -> None:
    """The exporter says that this is all."""
    with act_as(world.who("preparer")) as preparer:
        questions.complete(preparer, request)


def reject(world: World, request: uuid.UUID) -> None:
    """The approver rejects a request in review."""
    with act_as(world.who("approver")) as approver:
        decisions.reject(approver, request, reason="volume")


def recommend(world: World, request: uuid.UUID) -> None:
    """The reviewer recommends what is there now."""
    claim(world, request)
    with act_as(world.who("reviewer")) as reviewer:
        recommendations.recommend(reviewer, request, approve=True)


def approve(world: World, request: uuid.UUID) -> uuid.UUID:
    """The approver approves. Returns the certificate's key."""
    with act_as(world.who("approver")) as approver:
        decision = decisions.approve(approver, request)
    assert decision.certificate_id is not None
    return decision.certificate_id


def back_to_review(world: World, certificate: uuid.UUID) -> None:
    """A certificate without a number is given up."""
    with act_as(world.who("reviewer")) as reviewer:
        return_to_review.back_to_review(reviewer, certificate, "The importer was mistyped.")


def issue(world: World, certificate: uuid.UUID) -> None:
    """OID's number, and the state that the document brings: the document itself moves no kilograms and is left out."""
    give_number(world, certificate)
    # a transaction of its own, as the document's is: a row changed twice in one asks for its parents' locks again
    with act_as(world.loop()):
        Certificate.objects.filter(pk=certificate).update(state=CertificateState.ISSUED, issued_at=now())


def give_number(world: World, certificate: uuid.UUID) -> None:
    """The loop notes the number that OID gave."""
    number = f"{world.certifier.code}-{world.client.operation.nop_id}-{next(_serial):06d}"
    with act_as(world.loop()) as loop:
        numbers.give(loop, certificate, number, registered_at=now())


def ship(world: World, certificate: uuid.UUID, quantity: Decimal, unit: str, key: str) -> uuid.UUID:
    """Goods leave. Returns the shipment's key."""
    with act_as(world.who("signatory")) as signatory:
        leaves = Certificate.objects.get(pk=certificate).start_date
        return shipments.report(
            signatory, certificate, quantity=quantity, unit=unit, departure_date=leaves, key=key
        ).pk  # fmt: skip


def correct(world: World, shipment: uuid.UUID) -> None:
    """A report was a mistake."""
    with act_as(world.who("signatory")) as signatory:
        shipments.correct(signatory, shipment, reason="Reported twice.")


def void(world: World, certificate: uuid.UUID) -> None:
    """The approver voids a certificate."""
    with act_as(world.who("approver")) as approver:
        voiding.void(approver, certificate, reason="Wrong importer.")


def certified_kg(world: World, certificate: uuid.UUID) -> Decimal:
    """The weight that a certificate certifies now."""
    with act_as(world.loop()):
        return Decimal(Certificate.objects.values_list("net_kg", flat=True).get(pk=certificate))


def amend_down(world: World, certificate: uuid.UUID, net_kg: Decimal) -> None:
    """The approver lowers the certified weight."""
    with act_as(world.who("approver")) as approver:
        amending.amend_down(approver, certificate, net_kg, reason="Less was loaded.")


def close_out(world: World, certificate: uuid.UUID) -> None:
    """The loop closes a certificate whose time is over."""
    with act_as(world.loop()):
        end = Certificate.objects.values_list("end_date", flat=True).get(pk=certificate)
    later = dt.datetime.combine(end + dt.timedelta(days=9), dt.time(17), tzinfo=dt.UTC)
    with time_machine.travel(later), act_as(world.loop()) as loop:
        closing.close(loop, certificate)


def ask_for_replacement(world: World, certificate: uuid.UUID, quantity: Decimal) -> uuid.UUID:
    """A draft that is to replace a certificate, for another weight."""
    with act_as(world.who("signatory")) as signatory:
        fresh = replacing.start(signatory, certificate)
        changes = {"entered_quantity": quantity, "entered_unit": "KGM"}
        drafts.save(signatory, fresh.pk, changes, expected_version=fresh.version)
    return fresh.pk


def take_effect(world: World, certificate: uuid.UUID) -> None:
    """The new certificate is issued and takes the old one's place."""
    issue(world, certificate)
    with act_as(world.loop()) as loop:
        replacing.take_effect(loop, *replacing.lock_with_replaced(certificate))


def state_of(world: World, request: uuid.UUID) -> RequestState:
    """Where a request stands."""
    with act_as(world.loop()):
        return RequestState(Request.objects.get(pk=request).state)


def shipment_of(world: World, shipment: uuid.UUID) -> Shipment:
    """A shipment's row."""
    with act_as(world.loop()):
        return Shipment.objects.get(pk=shipment)


def of_certificate(certificate: uuid.UUID) -> ledger.HeldBy:
    """The holder that a certificate is."""
    return Holder.CERTIFICATE, certificate


@dataclasses.dataclass(frozen=True)
class Causes:
    """Acts that the ledger knows by their cause: each call is one movement under its own key."""

    actor: Identity

    def give_back(self, cause: Cause, line: uuid.UUID, certificate: uuid.UUID, kg: Decimal, key: str) -> None:
        """Close-out, amendment downwards, void: certified→available."""
        self._move(line, cause, Bucket.CERTIFIED, Bucket.AVAILABLE, kg, key, source_holder=of_certificate(certificate))

    def replace(self, line: uuid.UUID, old: uuid.UUID, new: uuid.UUID, kg: Decimal, key: str) -> None:
        """certified(old)→certified(new)."""
        self._move(
            line, Cause.REPLACE, Bucket.CERTIFIED, Bucket.CERTIFIED, kg, key, source_holder=of_certificate(old),
            target_holder=of_certificate(new),
        )  # fmt: skip

    def process(self, into: uuid.UUID, out_of: uuid.UUID, kg: Decimal, made: Decimal, key: str) -> None:
        """Kilograms of one line become kilograms of another: both movements or none."""
        with act_as(self.actor) as actor:
            for line in sorted([into, out_of]):
                away = line == out_of
                source, target = (Bucket.AVAILABLE, Bucket.OUTSIDE) if away else (Bucket.OUTSIDE, Bucket.AVAILABLE)
                ledger.move(actor, line, Cause.PROCESS, source, target, kg if away else made, key=f"{key}:{line}")

    def _move(
        self, line: uuid.UUID, cause: Cause, source: Bucket, target: Bucket, kg: Decimal, key: str,
        **holders: ledger.HeldBy,
    ) -> None:  # fmt: skip
        with act_as(self.actor) as actor:
            ledger.move(actor, line, cause, source, target, kg, key=key, **holders)  # type: ignore[arg-type]
