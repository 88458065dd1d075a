"""The desk: calls that a person must look at, and what the person may do."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from certificates.domain import return_to_review
from certificates.models import CertificateState
from core import audit, clock
from core.errors import Conflict, InvalidInput, NotPermitted
from core.identity import Identity
from core.wake import wake
from oid_sync.domain import payloads
from oid_sync.domain.calls import RETURN
from oid_sync.models import DESK_STATES, CallState, OidCall, Operation
from organizations.roles import Role
from organizations.tenancy import find

ACTING = (Role.APPROVER, Role.MANAGER)
#: How long a call that broke may still be under way at OID's side.
SETTLING = dt.timedelta(seconds=30)


def _desk_call(actor: Identity, call_id: uuid.UUID) -> OidCall:
    if not actor.is_staff or not actor.has(*ACTING):
        raise NotPermitted("ROLE", _("Your role does not allow this."))
    row = find(OidCall.objects.select_for_update(of=("self",)).select_related("certificate"), actor, call_id)
    if row.state not in DESK_STATES:
        raise Conflict("CALL-STATE", _("This call is no longer on the desk."), details={"state": row.state})
    return row


@transaction.atomic
def resend(actor: Identity, call_id: uuid.UUID) -> OidCall:
    """Send a stopped or refused call again (after what was wrong has been mended elsewhere).

    OID keeps a refused call about a record as its answer, so that one is sent as a new call.
    """
    row = _desk_call(actor, call_id)
    if row.operation == Operation.REGISTER:
        row.payload = payloads.registration(row.certificate)
    elif row.state == CallState.REJECTED:
        row.payload = {**row.payload, "call_id": str(uuid.uuid4())}
    row.state, row.next_attempt_at, row.reason_code, row.reason = CallState.WAITING, clock.now(), "", ""
    row.save(update_fields=["state", "next_attempt_at", "reason_code", "reason", "payload"])
    audit.record(
        actor, "oid.resend", "certificate", row.certificate_id, certifier_id=row.certifier_id, after={"call": row.pk}
    )
    wake("oid_calls", row.certifier_id, row.pk)
    return row


@transaction.atomic
def back_to_review(actor: Identity, call_id: uuid.UUID, reason: str) -> OidCall:
    """Cancel a registration and reopen the request, once it is certain that OID does not have it.

    A call that was never sent is cancelled at once. Any other is handed to the loop, which asks OID by reference: without
    a record the request goes back to review, with one the certificate goes on. Raises ``InvalidInput``, ``Conflict``.
    """
    row = _desk_call(actor, call_id)
    if row.operation != Operation.REGISTER or row.state not in {CallState.STOPPED, CallState.REJECTED}:
        raise Conflict("CALL-STATE", _("Only a registration on the desk can go back to review."))
    if row.certificate.state != CertificateState.AWAITING_NUMBER:
        text = _("A continuity document was made for this certificate: it cannot go back to review.")
        raise Conflict("CERTIFICATE-STATE", text)
    if not reason.strip():
        raise InvalidInput("REASON", _("Give a reason."), field="reason")
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
