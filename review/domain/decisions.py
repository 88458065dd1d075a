"""Approving and rejecting: the certifier's word, with what it was founded on.

Everything happens in the caller's transaction, on rows locked in the one order: operations FOR SHARE, request FOR
UPDATE, PVF line FOR SHARE, balance FOR UPDATE. The effects outside (OID, the document) start from rows that this
transaction commits.
"""

from __future__ import annotations

import dataclasses
import uuid
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from certificates.domain import approval
from core import audit, clock, rows
from core.checks import Finding, Moment
from core.errors import Conflict, DomainError, InvalidInput, NotPermitted
from core.identity import Identity
from core.models import Audience
from core.notify import notify
from organizations.roles import Role
from pvf.domain import ledger, lines
from pvf.models import Balance, Cause, PVFLineTerms
from requests_app.domain import checking, replaced, submission, transitions
from requests_app.domain.facts import RequestFacts, gather
from requests_app.models import Request, RequestState
from review.domain import standing
from review.domain.acting import begin, require_fresh
from review.domain.overrides import still_blocking
from review.domain.standing import Standing
from review.models import CheckOverride, Decision, RejectionReason


class Blocked(DomainError):
    """Checks fail on the locked rows; ``details["findings"]`` lists the failures with what was compared."""

    def __init__(self, found: list[Finding]) -> None:
        codes = ", ".join(item.code for item in found)
        text = _("This request cannot be approved: %(codes)s. %(first)s") % {
            "codes": codes, "first": found[0].message,
        }  # fmt: skip
        super().__init__(found[0].code, text, details={"findings": [item.as_json() for item in found]})


@dataclasses.dataclass(frozen=True, slots=True)
class _Ground:
    """What a decision rests on: every finding, the overrides that count, the facts with the line as it stood."""

    facts: RequestFacts
    found: list[Finding]
    overrides: dict[str, CheckOverride]

    @property
    def terms(self) -> PVFLineTerms | None:
        return self.facts.terms

    def as_json(self) -> list[dict[str, Any]]:
        return [self._entry(item) for item in self.found]

    def _entry(self, item: Finding) -> dict[str, Any]:
        entry = item.as_json()
        row = self.overrides.get(item.code)
        if row is not None and item.blocks and item.overridable:
            entry["overridden"] = {"by": str(row.made_by), "at": row.made_at.isoformat(), "reason": row.reason}
        return entry

    @property
    def line_sha256(self) -> str:
        return lines.line_sha256(self.terms) if self.terms else ""


def approve(actor: Identity, request_id: uuid.UUID, *, expected_version: int | None = None, note: str = "") -> Decision:
    """Approve a request: all checks again on locked rows, four eyes, decision, certificate. Twice gives the first decision.

    Raises :class:`Blocked`, ``NotPermitted`` (ROLE, FOUR-EYES, SECOND-PERSON), ``Conflict`` (STALE, REQUEST-STATE,
    NO-RECOMMENDATION).
    """
    request, person = begin(actor, request_id, Role.APPROVER)
    stands = standing.read(request)
    first = stands.decision
    if request.state == RequestState.APPROVED and first is not None:
        return first
    transitions.require(actor, request, RequestState.APPROVED)
    require_fresh(request, expected_version)
    facts = _gather(request)
    four_eyes = facts.rules.four_eyes
    recommended_by = _second_person(request, stands, person, four_eyes=four_eyes)
    ground = _examine(actor, facts, stands)
    checking.keep(actor, request, Moment.APPROVE, ground.found)
    blocking = still_blocking(ground.found, ground.overrides)
    if blocking:
        raise Blocked(blocking)
    _require_second_person_for_overrides(ground, person)
    if ground.terms is None:
        raise Conflict("PVF-1", _("The PVF line is not in force."))
    # A refusal further down must leave nothing behind: the caller commits what a refusal recorded.
    with transaction.atomic(), rows.together():
        if first is not None:
            _revoke(actor, request, first)
        transitions.apply(actor, request, RequestState.APPROVED, decided_at=clock.now())
        certificate = approval.certify(actor, facts, ground.terms)
        decision = _decide(
            request, person, ground, approved=True, note=note.strip(), certificate_id=certificate.pk,
            recommended_by=recommended_by, four_eyes=four_eyes,
        )  # fmt: skip
        _audit(actor, request, decision)
        _tell_exporter(request, "review.approved", {"kg": request.net_kg})
    return decision


def reject(
    actor: Identity, request_id: uuid.UUID, *, expected_version: int | None = None, reason: str, note: str = ""
) -> Decision:
    """Reject a request for a reason of the catalogue; its kilograms become available. Twice gives the first decision."""
    request, person = begin(actor, request_id, Role.APPROVER)
    stands = standing.read(request)
    first = stands.decision
    if request.state == RequestState.REJECTED and first is not None:
        return first
    transitions.require(actor, request, RequestState.REJECTED)
    require_fresh(request, expected_version)
    note = note.strip()
    if reason not in RejectionReason.values:
        raise InvalidInput("REASON", _("Choose a reason of the list."), field="reason")
    if reason == RejectionReason.OTHER and not note:
        raise InvalidInput("NOTE", _("Give the reason in words."), field="note")
    ground = _examine(actor, _gather(request), stands)
    checking.keep(actor, request, Moment.APPROVE, ground.found)
    with transaction.atomic(), rows.together():
        if first is not None:
            _revoke(actor, request, first)
        words = str(RejectionReason(reason).label)
        submission.release(actor, request, Cause.REJECT, reason=words)
        transitions.apply(actor, request, RequestState.REJECTED, decided_at=clock.now())
        newest = stands.newest()
        decision = _decide(
            request, person, ground, approved=False, reason=reason, note=note,
            recommended_by=newest.made_by if newest else None, four_eyes=False,
        )  # fmt: skip
        _audit(actor, request, decision)
        _tell_exporter(request, "review.rejected", {"reason": words, "note": note})
    return decision


def of_request(request: Request) -> Decision | None:
    """The decision in force, if there is one."""
    return Decision.objects.filter(request=request, revoked_at=None).first()


def _second_person(request: Request, stands: Standing, decider: uuid.UUID, *, four_eyes: bool) -> uuid.UUID | None:
    """Who recommended this version. With four eyes it must be another person, and must be in favour."""
    if not four_eyes:
        newest = stands.newest(approve=True)
        return newest.made_by if newest else None
    other = stands.newest(but_not_by=decider)
    if other is None:
        if stands.recommendations:
            text = _("You recommended this request: another approver must decide on it.")
            raise NotPermitted("FOUR-EYES", text)
        text = _("Nobody has recommended this version of the request yet.")
        raise Conflict("NO-RECOMMENDATION", text, details={"version": request.version})
    if not other.approve:
        text = _("The reviewer recommends against it. Reject it, or ask for another recommendation.")
        raise Conflict("NO-RECOMMENDATION", text, details={"version": request.version})
    return other.made_by


def _gather(request: Request) -> RequestFacts:
    """Lock the line and its balance, then read what cannot change any more."""
    balance: Balance | None = None
    old = replaced.of_request(request, lock=True)
    if request.line_id is not None:
        ledger.lock_line(request.line_id)
        balance = ledger.lock_balances([request.line_id]).get(request.line_id)
    return gather(request, Moment.APPROVE, balance=balance, old=old)


def _examine(actor: Identity, facts: RequestFacts, stands: Standing) -> _Ground:
    """Run every check on what was read under the locks."""
    return _Ground(facts, checking.judge(actor, facts), stands.overrides)


def _require_second_person_for_overrides(ground: _Ground, decider: uuid.UUID) -> None:
    for item in ground.found:
        row = ground.overrides.get(item.code)
        if row is not None and item.blocks and row.made_by == decider:
            text = _("You set %(code)s aside: a second person must approve.") % {"code": item.code}
            raise NotPermitted("SECOND-PERSON", text)


def _revoke(actor: Identity, request: Request, decision: Decision) -> None:
    """An approval that went back to review before a number existed gives way to the new decision."""
    decision.revoked_at = clock.now()
    decision.save(update_fields=["revoked_at"])
    audit.record(
        actor, "review.decision_revoked", "request", request.pk, certifier_id=request.certifier_id,
        after={"decision": decision.pk},
    )  # fmt: skip


def _decide(request: Request, person: uuid.UUID, ground: _Ground, **fields: Any) -> Decision:
    decision = Decision(
        certifier_id=request.certifier_id, client_id=request.client_id, request=request,
        request_version=request.version, findings=ground.as_json(), line_sha256=ground.line_sha256, decided_by=person,
        **fields,
    )  # fmt: skip
    rows.insert(decision)
    return decision


def _audit(actor: Identity, request: Request, decision: Decision) -> None:
    """The outcome as the exporter may read it; the findings stay with the decision, on the certifier's side."""
    audit.record(
        actor, "review.decide", "request", request.pk, certifier_id=request.certifier_id, client_id=request.client_id,
        after={
            "decision": decision.pk, "approved": decision.approved, "reason": decision.reason,
            "note": "" if decision.approved else decision.note, "version": decision.request_version,
            "certificate": decision.certificate_id,
        },
    )  # fmt: skip


def _tell_exporter(request: Request, topic: str, context: dict[str, Any]) -> None:
    notify(
        topic, Audience.CLIENT, request.client_id, certifier_id=request.certifier_id, object_type="request",
        object_id=request.pk, roles=[Role.PREPARER, Role.SIGNATORY],
        context={"reference": request.reference, **context},
    )  # fmt: skip
