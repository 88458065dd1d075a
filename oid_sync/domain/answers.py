"""What OID's answers do: the third phase of a call, which writes what became of it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
import uuid
from typing import Any

import structlog
from django.db import IntegrityError, transaction

from certificates.domain import amending, coop, numbers, return_to_review
from certificates.models import CertificateState, Unregistered
from core import audit, clock, rows
from core.errors import DomainError
from core.identity import Identity
from core.models import Audience
from core.notify import notify
from core.wake import wake
from oid_sync.connectors.base import (
    Applied,
    AwaitingPerson,
    CallResult,
    Connector,
    FindResult,
    NotFound,
    Registered,
    RegisterResult,
    Rejected,
    Unavailable,
    Unknown,
)
from oid_sync.domain import circuit, links
from oid_sync.models import CallState, OidCall, OidExchange, Operation
from oid_sync.reasons import Reason
from organizations.roles import Role

log = structlog.get_logger(__name__)
#: Seconds between two tries of one call. While OID answers others, a call that was unlucky again and again must not wait
#: for long: when OID as a whole is away, the circuit breaker is what spares it.
LONGEST_WAIT = 60
#: Seconds until an unclear call without a connection is looked at again; a new connection is looked at at once.
WITHOUT_CONNECTION = 600
#: Times that the portal itself may fail at a call before a person must look.
MOST_BREAKAGES = 5
#: How long a call that broke may still be under way at OID's side.
SETTLING = dt.timedelta(seconds=30)
#: Key of a call's answer that holds a person's order to go back to review once OID, asked, has no record.
RETURN = "back_to_review"
#: Code of what is not sent because a continuity document stays; with it goes why.
COOP = "COOP"
Result = RegisterResult | FindResult | CallResult


@dataclasses.dataclass(frozen=True)
class Taken:
    """A call that is ours until its lease ends.

    ``ask_first``: nobody can say whether an earlier try was done. ``hold``: why it must not be sent (again).
    ``only_ask``: a person wants it back in review, which OID must be asked for. ``moving``: an earlier connector had it,
    and ``connector`` is that one: it is only asked; what it does not know goes to the present one afterwards.
    """

    call_id: uuid.UUID
    token: uuid.UUID
    operation: str
    certificate_id: uuid.UUID
    number: str
    payload: dict[str, Any]
    ask_first: bool
    connector: Connector
    hold: tuple[str, str] | None = None
    only_ask: bool = False
    moving: bool = False


def record(actor: Identity, taken: Taken, result: Result) -> None:
    """Write what OID said, and the exchanges themselves."""
    # what was asked is the longest part of the row, and stays as it is
    row = OidCall.objects.select_for_update().defer("payload").get(pk=taken.call_id)
    rows.insert(
        *(
            OidExchange(certifier_id=row.certifier_id, call_id=row.pk, **dataclasses.asdict(exchange))
            for exchange in taken.connector.exchanges
        )
    )
    if row.lease_token != taken.token or row.state != CallState.IN_FLIGHT:
        # another worker took over when our lease had ended: what OID holds is what counts, and it was asked again
        log.warning("late_answer", call=str(row.pk), result=type(result).__name__)
        return
    row.lease_until = row.lease_token = None
    row.breakages = 0
    if isinstance(result, Registered):
        _registered(actor, row, result)
    elif isinstance(result, Applied):
        done(actor, row, dict(result.body))
    elif isinstance(result, AwaitingPerson):
        _to_a_person(row)
    elif isinstance(result, Rejected):
        row.answer = {**row.answer, "code": result.code, "message": result.reason, "field": result.field}
        stop(actor, row, Reason.REFUSED, result.code, result.reason, state=CallState.REJECTED)
    elif isinstance(result, NotFound):
        _not_there(actor, row, taken)
    else:
        _later(row, result, taken)
    row.save()
    if not taken.moving:
        _count(actor, row.certifier_id, result)


def _count(actor: Identity, certifier_id: uuid.UUID, result: Result) -> None:
    """For the circuit breaker: a pause that OID asks for is an answer."""
    if isinstance(result, (Unavailable, Unknown)) and not result.retry_after:
        circuit.failed(actor, certifier_id, result.why)
    else:
        circuit.answered(actor, certifier_id)


def _registered(actor: Identity, row: OidCall, result: Registered) -> None:
    """OID has the record: if it is ours, its number is the certificate's; if anything is odd, a person looks."""
    certificate = numbers.locked(actor, row.certificate_id)
    theirs = result.body.get("snapshot_sha256", certificate.snapshot_sha256)
    if theirs != certificate.snapshot_sha256:
        reason = f"OID's record {result.number} under this reference has other data ({theirs})."
        stop(actor, row, Reason.OTHER_RECORD, "OTHER-RECORD", reason)
        return
    try:
        with transaction.atomic():
            numbers.give_to(actor, certificate, result.number, registered_at=result.registered_at)
    except DomainError as error:
        row.answer = {"number": result.number}
        stop(actor, row, Reason.NUMBER, error.code, f"OID gave {result.number}: {error.message}")
    except IntegrityError:
        row.answer = {"number": result.number}
        stop(actor, row, Reason.NUMBER, "NUMBER-USED", f"OID gave {result.number}: another certificate has it.")
    else:
        done(actor, row, dict(result.body))


def _to_a_person(row: OidCall) -> None:
    """A person does it in OID. People are told when the first call comes to wait, not of each."""
    row.state, row.why, row.reason, row.reason_code = CallState.AWAITING_PERSON, "", "", ""
    row.answer = {name: value for name, value in row.answer.items() if name != RETURN}
    others = OidCall.objects.filter(certifier_id=row.certifier_id, state=CallState.AWAITING_PERSON)
    if others.exclude(pk=row.pk).exists():
        return
    notify(
        "oid.by_hand", Audience.CERTIFIER, row.certifier_id, certifier_id=row.certifier_id, object_type="oid_call",
        object_id=None, roles=[Role.REVIEWER, Role.APPROVER, Role.MANAGER],
    )  # fmt: skip


def _not_there(actor: Identity, row: OidCall, taken: Taken) -> None:
    """OID, asked, has no such record."""
    order = row.answer.get(RETURN)
    waits = row.certificate.state == CertificateState.AWAITING_NUMBER
    if taken.operation == Operation.REGISTER and isinstance(order, dict) and waits:
        row.state, row.done_at = CallState.CANCELLED, clock.now()
        row.save(update_fields=["state", "done_at"])
        person = dataclasses.replace(actor, user_id=uuid.UUID(str(order["by"])) if order.get("by") else None)
        return_to_review.back_to_review(person, row.certificate_id, str(order["reason"]))
    elif taken.moving:
        # the connector that had it does not know it: the present one may have it
        row.state, row.connector, row.next_attempt_at = CallState.WAITING, "", clock.now()
        wake("oid_calls", row.certifier_id, row.pk)
    elif taken.operation != Operation.REGISTER:
        stop(actor, row, Reason.MISSING, "OID-020", "OID has no such record.", state=CallState.REJECTED)
    elif taken.hold is not None:
        held_back(actor, row, taken.hold)
    else:
        # ordered back to review, but a continuity document was made meanwhile: it goes on
        row.answer.pop(RETURN, None)
        row.state = CallState.WAITING


def held_back(actor: Identity, row: OidCall, hold: tuple[str, str]) -> None:
    """What must not be sent, and OID does not have: on the desk, or left alone with its continuity document."""
    if hold[0] != COOP:
        stop(actor, row, Reason.CHECK, *hold)
        return
    row.state, row.done_at = CallState.CANCELLED, clock.now()
    row.save(update_fields=["state", "done_at"])
    coop.leave_unregistered(actor, row.certificate_id, Unregistered(hold[1]))


def done(actor: Identity, row: OidCall, body: dict[str, Any]) -> None:
    """OID has done it; the caller saves the row."""
    row.state, row.done_at, row.answer = CallState.DONE, clock.now(), body
    row.why = row.reason = row.reason_code = ""
    if row.operation == Operation.AMEND:
        amending.confirmed(actor, row.certificate_id, row.pk)
    audit.record(
        actor, f"oid.{row.operation}", "certificate", row.certificate_id, certifier_id=row.certifier_id,
        after={"call": row.pk, "attempts": row.attempts, "number": body.get("number", "")},
    )  # fmt: skip


def _later(row: OidCall, result: Unavailable | Unknown, taken: Taken) -> None:
    """Try again later. What is unclear stays so until OID has been asked and has answered."""
    unclear = taken.ask_first or isinstance(result, Unknown)
    row.state = CallState.UNKNOWN if unclear else CallState.WAITING
    row.why, row.reason = result.why, result.reason[:500]
    wait = min(2 ** min(row.attempts, 6), LONGEST_WAIT) * random.uniform(0.5, 1.0)  # noqa: S311 - spreads retries
    if result.retry_after:
        if not taken.moving:
            links.pause(row.certifier_id, result.retry_after, result.reason)
        wait = max(wait, min(result.retry_after, links.LONGEST_PAUSE.total_seconds()))
    row.next_attempt_at = clock.now() + dt.timedelta(seconds=wait)


def without_connection(actor: Identity, row: OidCall, error: DomainError) -> None:
    """Without a connection nothing is sent; what may have been done already stays unclear until OID can be asked."""
    if row.attempts == 0:
        stop(actor, row, Reason.NO_CONNECTION, error.code, str(error.message))
        return
    row.state, row.why, row.reason = CallState.UNKNOWN, Reason.NO_CONNECTION, str(error.message)[:500]
    row.lease_until = row.lease_token = None
    row.next_attempt_at = clock.now() + dt.timedelta(seconds=WITHOUT_CONNECTION)
    row.save(update_fields=["state", "why", "reason", "lease_until", "lease_token", "next_attempt_at"])


def broke(actor: Identity, taken: Taken, error: Exception) -> None:
    """The portal itself failed at a call: it may have been done, so it is unclear; failed after some times."""
    row = OidCall.objects.select_for_update().get(pk=taken.call_id)
    if row.lease_token != taken.token or row.state != CallState.IN_FLIGHT:
        return
    reason = f"{type(error).__name__} in the portal; its log says more."
    row.breakages += 1
    if row.breakages >= MOST_BREAKAGES:
        stop(actor, row, Reason.PORTAL, "PORTAL", reason, state=CallState.FAILED)
        return
    _later(row, Unknown(reason, why=Reason.PORTAL), taken)
    row.lease_until = row.lease_token = None
    row.save()


def stop(
    actor: Identity, row: OidCall, why: Reason, code: str, reason: str, *, state: CallState = CallState.STOPPED
) -> None:
    """Put a call on the desk, with the reason, and tell the people there."""
    row.state, row.why, row.reason_code, row.reason = state, why, code[:30], reason[:500]
    row.lease_until = row.lease_token = None
    row.save()
    audit.record(
        actor, f"oid.{state.value}", "certificate", row.certificate_id, certifier_id=row.certifier_id,
        after={"call": row.pk, "code": code, "reason": reason},
    )  # fmt: skip
    notify(
        "oid.desk", Audience.CERTIFIER, row.certifier_id, certifier_id=row.certifier_id, object_type="certificate",
        object_id=row.certificate_id, roles=[Role.MANAGER, Role.APPROVER],
        context={"operation": row.operation, "code": code, "reason": reason},
    )  # fmt: skip
