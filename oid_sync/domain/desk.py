"""The desk: calls that a person must look at, and what the person may do."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import transaction
from django.db.models import Count, Min, Q
from django.utils.translation import gettext as _

from certificates.domain import amending, return_to_review
from certificates.models import CertificateState
from core import audit, clock
from core.errors import Conflict, InvalidInput, NotPermitted
from core.identity import Identity
from core.wake import wake
from oid_sync.domain import payloads
from oid_sync.domain.answers import RETURN, SETTLING
from oid_sync.models import DESK_STATES, LIVE_STATES, CallState, OidCall, Operation
from oid_sync.reasons import Reason
from organizations.roles import Role
from organizations.tenancy import TenantQuerySet, find

ACTING = (Role.APPROVER, Role.MANAGER)
#: What the desk shows: under way, or waiting for a person.
SHOWN_STATES = (*LIVE_STATES, *DESK_STATES)
#: States from which a person may send a call again.
SENDABLE = (CallState.REJECTED, CallState.STOPPED, CallState.FAILED)


def shown(actor: Identity, state: str = "") -> TenantQuerySet[OidCall]:
    """Calls on the desk and under way, the oldest first; of one state where it is named."""
    states = [state] if state in SHOWN_STATES else list(SHOWN_STATES)
    rows = OidCall.objects.visible_to(actor).filter(state__in=states)
    return rows.select_related("certificate__request").order_by("created_at", "pk")


def counts(actor: Identity) -> dict[str, int]:
    """How many calls are in each state that the desk shows, zero included."""
    found = dict.fromkeys((str(state) for state in SHOWN_STATES), 0)
    rows = OidCall.objects.visible_to(actor).filter(state__in=SHOWN_STATES).order_by().values("state")
    return found | {row["state"]: row["calls"] for row in rows.annotate(calls=Count("pk"))}


def oldest(actor: Identity) -> tuple[dt.datetime | None, dt.datetime | None]:
    """Since when the oldest call waits for a person, and since when the oldest is under way."""
    ages = OidCall.objects.visible_to(actor).aggregate(
        desk=Min("created_at", filter=Q(state__in=DESK_STATES)), way=Min("created_at", filter=Q(state__in=LIVE_STATES))
    )
    return ages["desk"], ages["way"]


def desk_call(actor: Identity, call_id: uuid.UUID) -> OidCall:
    """The call FOR UPDATE, for an act. Raises ``NotPermitted``, ``NotVisible``, ``Conflict`` CALL-STATE."""
    if not actor.is_staff or not actor.has(*ACTING):
        raise NotPermitted("ROLE", _("Your role does not allow this."))
    row = find(OidCall.objects.select_for_update(of=("self",)).select_related("certificate"), actor, call_id)
    if row.state not in DESK_STATES:
        raise Conflict("CALL-STATE", _("This call is no longer on the desk."), details={"state": row.state})
    return row


@transaction.atomic
def resend(actor: Identity, call_id: uuid.UUID) -> OidCall:
    """Send a stopped, refused or failed call again (after what was wrong has been mended elsewhere).

    OID keeps a refused call about a record as its answer, so that one is sent as a new call. Of a failed one nobody can
    say whether it was done: OID is asked first.
    """
    row = desk_call(actor, call_id)
    if row.state not in SENDABLE:
        raise Conflict("CALL-STATE", _("A person is to do this in OID: nothing is sent."))
    failed = row.state == CallState.FAILED
    if not failed:
        # what a person said of the earlier try is over: it is keyed anew
        row.entries.filter(ended_at=None).update(ended_at=clock.now())
    if row.operation == Operation.REGISTER and not failed:
        row.payload = payloads.registration(row.certificate)
    elif row.state == CallState.REJECTED:
        row.payload = {**row.payload, "call_id": str(uuid.uuid4())}
    row.state, row.next_attempt_at = CallState.UNKNOWN if failed else CallState.WAITING, clock.now()
    row.why = row.reason_code = row.reason = ""
    row.breakages = 0
    row.save(update_fields=["state", "next_attempt_at", "why", "reason_code", "reason", "payload", "breakages"])
    audit.record(
        actor, "oid.resend", "certificate", row.certificate_id, certifier_id=row.certifier_id, after={"call": row.pk}
    )
    wake("oid_calls", row.certifier_id, row.pk)
    return row


@transaction.atomic
def settle(actor: Identity, call_id: uuid.UUID, reason: str) -> OidCall:
    """End a refused, stopped or failed call about a record: a person has settled it elsewhere, later calls go on.

    If OID and the portal differ afterwards, the next reconciliation says so. A registration is never ended like this: it
    is sent again, or its request goes back to review. Raises ``InvalidInput`` REASON, ``Conflict`` CALL-STATE.
    """
    row = desk_call(actor, call_id)
    if row.operation == Operation.REGISTER or row.state not in SENDABLE:
        raise Conflict("CALL-STATE", _("Only a refused, stopped or failed call about a record can be settled."))
    if not reason.strip():
        raise InvalidInput("REASON", _("Give a reason."), field="reason")
    before = {"state": row.state, "code": row.reason_code, "reason": row.reason}
    row.state, row.done_at, row.why = CallState.CANCELLED, clock.now(), Reason.SETTLED
    row.reason_code, row.reason = "", reason.strip()[:500]
    row.save(update_fields=["state", "done_at", "why", "reason_code", "reason"])
    if row.operation == Operation.AMEND:
        amending.confirmed(actor, row.certificate_id, row.pk)
    audit.record(
        actor, "oid.settle", "certificate", row.certificate_id, certifier_id=row.certifier_id, before=before,
        after={"call": row.pk, "reason": row.reason},
    )  # fmt: skip
    wake("oid_calls", row.certifier_id, row.pk)
    return row


@transaction.atomic
def back_to_review(actor: Identity, call_id: uuid.UUID, reason: str) -> OidCall:
    """Cancel a registration and reopen the request, once it is certain that OID does not have it.

    A call that was never sent is cancelled at once. Any other is handed to the loop, which asks OID by reference: without
    a record the request goes back to review, with one the certificate goes on. Where people key the records, the answer
    is theirs: nobody may have begun. Raises ``InvalidInput``, ``Conflict``.
    """
    row = desk_call(actor, call_id)
    if row.operation != Operation.REGISTER:
        raise Conflict("CALL-STATE", _("Only a registration on the desk can go back to review."))
    if row.certificate.state != CertificateState.AWAITING_NUMBER:
        text = _("A continuity document was made for this certificate: it cannot go back to review.")
        raise Conflict("CERTIFICATE-STATE", text)
    if not reason.strip():
        raise InvalidInput("REASON", _("Give a reason."), field="reason")
    if row.state == CallState.AWAITING_PERSON and row.entries.filter(ended_at=None).exists():
        raise Conflict("KEYED", _("Somebody is keying this into OID, or has done so: it must be given up there first."))
    if row.attempts == 0:
        row.state, row.done_at = CallState.CANCELLED, clock.now()
        row.save(update_fields=["state", "done_at"])
        return_to_review.back_to_review(actor, row.certificate_id, reason)
        return row
    row.answer = {**row.answer, RETURN: {"reason": reason.strip(), "by": str(actor.user_id or "")}}
    row.state = CallState.UNKNOWN
    # a try that timed out may still be on its way into OID's books
    settled = (row.sent_at or clock.now()) + SETTLING
    row.next_attempt_at = max(settled, clock.now())
    row.save(update_fields=["answer", "state", "next_attempt_at"])
    audit.record(
        actor, "oid.back_to_review", "certificate", row.certificate_id, certifier_id=row.certifier_id,
        after={"call": row.pk, "reason": reason.strip()},
    )  # fmt: skip
    wake("oid_calls", row.certifier_id, row.pk)
    return row
