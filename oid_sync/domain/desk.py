"""The desk: calls that a person must look at, and what the person may do."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from certificates.domain import return_to_review
from certificates.models import Certificate
from core import audit, clock
from core.errors import Conflict, NotPermitted
from core.identity import Identity
from core.wake import wake
from oid_sync.domain import payloads
from oid_sync.models import DESK_STATES, CallState, OidCall, Operation
from organizations.roles import Role
from organizations.tenancy import find

ACTING = (Role.APPROVER, Role.MANAGER)


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
def back_to_review(actor: Identity, call_id: uuid.UUID, reason: str) -> Certificate:
    """Cancel a registration that OID certainly does not have (never sent, or refused) and reopen the request."""
    row = _desk_call(actor, call_id)
    if row.operation != Operation.REGISTER or row.state not in {CallState.STOPPED, CallState.REJECTED}:
        raise Conflict("CALL-STATE", _("Only a registration that OID does not have can go back to review."))
    row.state, row.done_at = CallState.CANCELLED, clock.now()
    row.save(update_fields=["state", "done_at"])
    return return_to_review.back_to_review(actor, row.certificate_id, reason)
