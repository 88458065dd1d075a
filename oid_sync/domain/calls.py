"""The loop: each call in three phases, an unclear answer asked about before it is repeated.

1. *take*: a short transaction marks the call in flight, with a lease of twice the call's time limit and a token;
2. *send*: outside any transaction, OID is asked or told;
3. *record*: another short transaction writes what OID said, if the token is still ours.

A lease that ended leaves the call *unknown*: nobody can say whether OID did it, so OID is asked first.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
import threading
import uuid
from collections.abc import Collection, Sequence
from typing import Any

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db import connection as database
from django.db.models import Exists, OuterRef, Q

from certificates.domain import coop, numbers, return_to_review
from certificates.models import Certificate, CertificateChange, CertificateState, Shipment, Unregistered
from core import audit, clock, ids
from core.errors import DomainError
from core.identity import Identity, act_as
from core.models import Audience
from core.notify import notify
from core.wake import wake
from oid_sync.connectors.base import (
    Applied,
    AwaitingPerson,
    CallResult,
    Connector,
    NotFound,
    Registered,
    RegisterResult,
    Rejected,
    Unavailable,
    Unknown,
)
from oid_sync.domain import links, payloads
from oid_sync.models import CallState, OidCall, Operation
from organizations.roles import Role

log = structlog.get_logger(__name__)
LIVE = (CallState.WAITING, CallState.IN_FLIGHT, CallState.UNKNOWN)
LONGEST_WAIT = 600
#: Key of a call's answer that holds a person's order to go back to review once OID, asked, has no record.
RETURN = "back_to_review"
#: Code of what is not sent because a continuity document stays; with it goes why.
COOP = "COOP"
Result = RegisterResult | CallResult
#: Calls under way at the same time in this process; the threads beyond prepare and record.
_room = threading.BoundedSemaphore(settings.OID_IN_FLIGHT)


@dataclasses.dataclass(frozen=True)
class Taken:
    """A call that is ours until its lease ends.

    ``ask_first``: nobody can say whether an earlier try was done. ``hold``: why it must not be sent (again).
    ``only_ask``: a person wants it back in review, which OID must be asked for.
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


def make_missing(certifier_id: uuid.UUID) -> int:
    """A call for every certificate that waits for a number without one, and for every shipment not told to OID."""
    return make_registrations(certifier_id) + sum(
        _make(*event.call, call_id=event.call_id, cause_id=event.cause_id) for event in _untold(certifier_id)
    )


def make_registrations(certifier_id: uuid.UUID, *certificates: uuid.UUID) -> int:
    """A call for every certificate (of those named, if any) that waits for a number without one. Returns how many."""
    registering = OidCall.objects.filter(operation=Operation.REGISTER).exclude(state=CallState.CANCELLED)
    waiting = Certificate.objects.filter(coop.to_register(certifier_id))
    if certificates:
        waiting, registering = waiting.filter(pk__in=certificates), registering.filter(certificate__in=certificates)
    unasked = waiting.exclude(pk__in=registering.values("certificate_id")).select_related("replaces")
    return sum(_make(each, Operation.REGISTER, payloads.registration(each)) for each in unasked)


@dataclasses.dataclass(frozen=True)
class _Event:
    """Something that happened to a registered certificate and that OID has not been told."""

    at: dt.datetime
    call: tuple[Certificate, Operation, dict[str, Any]]
    call_id: uuid.UUID
    cause_id: uuid.UUID | None = None


#: Changes that OID is told; the others follow from what it knows.
TOLD = {
    CertificateChange.Kind.AMENDED: Operation.AMEND,
    CertificateChange.Kind.TOTAL: Operation.ACTUALS,
    CertificateChange.Kind.VOIDED: Operation.VOID,
}


def _untold(certifier_id: uuid.UUID) -> list[_Event]:
    """Shipments, corrections and changes without a call, in the order in which they happened."""
    events: list[_Event] = []
    told = OidCall.objects.filter(operation=Operation.ACTUALS, cause_id__isnull=False).values("cause_id")
    shipped = Shipment.objects.filter(certifier_id=certifier_id, certificate__number__isnull=False)
    for row in shipped.exclude(pk__in=told).select_related("certificate"):
        call_id = ids.new_id()
        call = (row.certificate, Operation.ACTUALS, payloads.shipment(call_id, row))
        events.append(_Event(row.reported_at, call, call_id, row.pk))
    for row in shipped.filter(corrected_at__isnull=False).select_related("certificate"):
        call_id = uuid.uuid5(row.pk, "correction")
        if not OidCall.objects.filter(pk=call_id).exists():
            call = (row.certificate, Operation.ACTUALS, payloads.correction(call_id, row))
            events.append(_Event(row.corrected_at or row.reported_at, call, call_id))
    known = OidCall.objects.filter(certifier_id=certifier_id).values("pk")
    changed = CertificateChange.objects.filter(
        certifier_id=certifier_id, kind__in=TOLD, certificate__number__isnull=False
    )
    for change in changed.exclude(pk__in=known).select_related("certificate"):
        call = (change.certificate, TOLD[CertificateChange.Kind(change.kind)], payloads.change(change))
        events.append(_Event(change.made_at, call, change.pk))
    return sorted(events, key=lambda event: event.at)


def _make(
    certificate: Certificate,
    operation: Operation,
    payload: dict[str, Any],
    *,
    call_id: uuid.UUID | None = None,
    cause_id: uuid.UUID | None = None,
) -> int:
    """One more call about a certificate, after its earlier ones; 0 where another loop has just made the same."""
    last = OidCall.objects.filter(certificate=certificate).order_by("-sequence").first()
    row = OidCall(
        id=call_id or ids.new_id(), certificate=certificate, certifier_id=certificate.certifier_id,
        operation=operation, payload=payload, cause_id=cause_id, sequence=(last.sequence if last else 0) + 1,
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return 0
    return 1


def report_again(shipments: Sequence[Shipment]) -> int:
    """New calls for shipments that OID, although told of them, does not show. Returns how many.

    None while an earlier call about the certificate is under way or on the desk: its end comes first.
    """
    certificate = shipments[0].certificate
    earlier = OidCall.objects.filter(certificate=certificate).exclude(state__in=[CallState.DONE, CallState.CANCELLED])
    if earlier.exists():
        return 0
    made = 0
    for row in shipments:
        call_id = ids.new_id()
        told = payloads.shipment if row.corrected_at is None else payloads.correction
        made += _make(certificate, Operation.ACTUALS, told(call_id, row), call_id=call_id)
    wake("oid_calls", certificate.certifier_id, certificate.pk)
    return made


def settle_registration(actor: Identity, certificate_id: uuid.UUID, number: str) -> None:
    """OID's log shows the record: a registration that waits or lies on the desk has been done."""
    rows = OidCall.objects.select_for_update().filter(certificate_id=certificate_id, operation=Operation.REGISTER)
    for row in rows.exclude(state__in=[CallState.DONE, CallState.CANCELLED]):
        row.lease_until = row.lease_token = None
        _done(actor, row, {"number": number})
        row.save()


def due(
    certifier_id: uuid.UUID,
    limit: int = 50,
    *,
    without: Collection[uuid.UUID] = (),
) -> list[uuid.UUID]:
    """Calls whose turn it is: waiting or unknown and due, or in flight with a lease that ended; none in a pause.

    Of several about one certificate the first that is not finished.
    """
    if links.paused_until(certifier_id):
        return []
    now = clock.now()
    ready = Q(state__in=[CallState.WAITING, CallState.UNKNOWN], next_attempt_at__lte=now)
    lost = Q(state=CallState.IN_FLIGHT, lease_until__lte=now)
    earlier = OidCall.objects.filter(certificate=OuterRef("certificate"), sequence__lt=OuterRef("sequence"))
    rows = OidCall.objects.filter(ready | lost, certifier_id=certifier_id).exclude(pk__in=without)
    rows = rows.exclude(Exists(earlier.exclude(state__in=[CallState.DONE, CallState.CANCELLED])))
    if coop.open_outage(certifier_id) is not None:
        rows = rows.exclude(operation=Operation.REGISTER, certificate__state=CertificateState.CONTINUITY)
    return list(rows.order_by("next_attempt_at", "id").values_list("pk", flat=True)[:limit])


def perform(certifier_id: uuid.UUID, call_id: uuid.UUID) -> bool:
    """Take, send and record one call; False where it was not its turn."""
    if database.in_atomic_block:
        raise RuntimeError("OID is never called inside a transaction")
    actor = Identity.loop(certifier_id)
    # taken only when there is room to send it: a lease must not run while its call waits for others
    with _room:
        with act_as(actor):
            taken = _take(actor, call_id)
        if taken is None:
            return False
        result = _send(taken)
    with act_as(actor):
        _record(actor, taken, result)
    return True


def registration_of(certificate_id: uuid.UUID) -> uuid.UUID | None:
    """The call that registers a certificate, while it is not over."""
    rows = OidCall.objects.filter(certificate_id=certificate_id, operation=Operation.REGISTER, state__in=LIVE)
    return rows.values_list("pk", flat=True).first()


def _take(actor: Identity, call_id: uuid.UUID) -> Taken | None:
    now = clock.now()
    row = (
        OidCall.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("certificate__request__certifier", "certificate__request__client__operation")
        .filter(pk=call_id, state__in=LIVE)
        .first()
    )
    if row is None or row.next_attempt_at > now or (row.lease_until and row.lease_until > now):
        return None
    if links.paused_until(row.certifier_id) or _earlier_unfinished(row):
        return None
    ask_first = row.state != CallState.WAITING
    try:
        connector = links.connector_of(row.certifier_id)
    except DomainError as error:
        _without_connection(actor, row, error)
        return None
    if row.operation == Operation.REGISTER and coop.holds(row.certificate):
        return None
    hold = _hold(actor, row) if row.operation == Operation.REGISTER else None
    if hold is not None and not ask_first:
        _held_back(actor, row, hold)
        return None
    limit = links.connection_of(row.certifier_id)
    seconds = limit.time_limit_seconds if limit else 10
    row.state, row.attempts = CallState.IN_FLIGHT, row.attempts + 1
    row.lease_until, row.lease_token = now + dt.timedelta(seconds=2 * seconds + 10), ids.new_id()
    row.sent_at = now
    row.save(update_fields=["state", "attempts", "lease_until", "lease_token", "sent_at"])
    return Taken(
        row.pk, row.lease_token, row.operation, row.certificate_id, row.certificate.number or "", row.payload,
        ask_first, connector, hold, RETURN in row.answer,
    )  # fmt: skip


def _without_connection(actor: Identity, row: OidCall, error: DomainError) -> None:
    """Without a connection nothing is sent; what may have been done already stays unclear until OID can be asked."""
    if row.attempts == 0:
        _stop(actor, row, error.code, str(error.message))
        return
    row.state, row.reason = CallState.UNKNOWN, str(error.message)[:500]
    row.lease_until = row.lease_token = None
    row.next_attempt_at = clock.now() + dt.timedelta(seconds=LONGEST_WAIT)
    row.save(update_fields=["state", "reason", "lease_until", "lease_token", "next_attempt_at"])


def _earlier_unfinished(row: OidCall) -> bool:
    """Calls about one certificate go in order."""
    earlier = OidCall.objects.filter(certificate_id=row.certificate_id, sequence__lt=row.sequence)
    return earlier.exclude(state__in=[CallState.DONE, CallState.CANCELLED]).exists()


def _hold(actor: Identity, row: OidCall) -> tuple[str, str] | None:
    """EXP-1, IMP-1 and PER-2 once more before a registration is sent: code and reason where one of them fails."""
    stays = coop.stays_because(row.certificate)
    if stays is not None:
        return COOP, stays.value
    failures = [finding for finding in numbers.send_findings(actor, row.certificate) if finding.blocks]
    if not failures:
        return None
    return failures[0].code, "; ".join(f"{item.code}: {item.message}" for item in failures)


def _held_back(actor: Identity, row: OidCall, hold: tuple[str, str]) -> None:
    """What must not be sent, and OID does not have: on the desk, or left alone with its continuity document."""
    if hold[0] != COOP:
        _stop(actor, row, *hold)
        return
    row.state, row.done_at = CallState.CANCELLED, clock.now()
    row.save(update_fields=["state", "done_at"])
    coop.leave_unregistered(actor, row.certificate_id, Unregistered(hold[1]))


def _send(taken: Taken) -> Result | NotFound:
    """Ask first where an earlier try is unclear; then tell."""
    if taken.operation == Operation.REGISTER:
        if taken.ask_first:
            found = taken.connector.find(taken.certificate_id)
            if not isinstance(found, NotFound) or taken.only_ask or taken.hold is not None:
                return found
        return taken.connector.register(taken.payload)
    if taken.ask_first:
        known = taken.connector.find_call(uuid.UUID(taken.payload["call_id"]))
        if not isinstance(known, NotFound):
            return known
    tell = {
        Operation.ACTUALS: taken.connector.report_actuals,
        Operation.AMEND: taken.connector.amend,
        Operation.VOID: taken.connector.void,
    }[Operation(taken.operation)]
    return tell(taken.number, taken.payload)


def _record(actor: Identity, taken: Taken, result: Result | NotFound) -> None:
    row = OidCall.objects.select_for_update().get(pk=taken.call_id)
    if row.lease_token != taken.token or row.state != CallState.IN_FLIGHT:
        # another worker took over when our lease had ended: what OID holds is what counts, and it was asked again
        log.warning("late_answer", call=str(row.pk), result=type(result).__name__)
        return
    row.lease_until = row.lease_token = None
    if isinstance(result, Registered):
        _registered(actor, row, result)
    elif isinstance(result, Applied):
        _done(actor, row, dict(result.body))
    elif isinstance(result, AwaitingPerson):
        row.state = CallState.AWAITING_PERSON
    elif isinstance(result, Rejected):
        row.answer = {**row.answer, "code": result.code, "message": result.reason, "field": result.field}
        _stop(actor, row, result.code, result.reason, state=CallState.REJECTED)
    elif isinstance(result, NotFound):
        _not_there(actor, row, taken)
    else:
        _later(row, result, unclear=taken.ask_first or isinstance(result, Unknown))
    row.save()


def _registered(actor: Identity, row: OidCall, result: Registered) -> None:
    """OID has the record: if it is ours, its number is the certificate's; if anything is odd, a person looks."""
    certificate = Certificate.objects.get(pk=row.certificate_id)
    theirs = result.body.get("snapshot_sha256", certificate.snapshot_sha256)
    if theirs != certificate.snapshot_sha256:
        reason = f"OID's record {result.number} under this reference has other data ({theirs})."
        _stop(actor, row, "OTHER-RECORD", reason)
        return
    try:
        with transaction.atomic():
            numbers.give(actor, row.certificate_id, result.number, registered_at=result.registered_at)
    except DomainError as error:
        row.answer = {"number": result.number}
        _stop(actor, row, error.code, f"OID gave {result.number}: {error.message}")
        return
    _done(actor, row, dict(result.body))


def _not_there(actor: Identity, row: OidCall, taken: Taken) -> None:
    """OID, asked, has no such record."""
    order = row.answer.get(RETURN)
    if taken.operation != Operation.REGISTER:
        _stop(actor, row, "OID-020", "OID has no such record.", state=CallState.REJECTED)
    elif isinstance(order, dict) and row.certificate.state == CertificateState.AWAITING_NUMBER:
        row.state, row.done_at = CallState.CANCELLED, clock.now()
        row.save(update_fields=["state", "done_at"])
        person = dataclasses.replace(actor, user_id=uuid.UUID(str(order["by"])) if order.get("by") else None)
        return_to_review.back_to_review(person, row.certificate_id, str(order["reason"]))
    elif taken.hold is not None:
        _held_back(actor, row, taken.hold)
    else:
        # ordered back to review, but a continuity document was made meanwhile: it goes on
        row.answer.pop(RETURN, None)
        row.state = CallState.WAITING


def _done(actor: Identity, row: OidCall, body: dict[str, Any]) -> None:
    row.state, row.done_at, row.answer, row.reason, row.reason_code = CallState.DONE, clock.now(), body, "", ""
    audit.record(
        actor, f"oid.{row.operation}", "certificate", row.certificate_id, certifier_id=row.certifier_id,
        after={"call": row.pk, "attempts": row.attempts, "number": body.get("number", "")},
    )  # fmt: skip


def _later(row: OidCall, result: Unavailable | Unknown, *, unclear: bool) -> None:
    """Try again later. What is unclear stays so until OID has been asked and has answered."""
    row.state = CallState.UNKNOWN if unclear else CallState.WAITING
    row.reason = result.reason[:500]
    wait = min(2 ** min(row.attempts, 9), LONGEST_WAIT) * random.uniform(0.5, 1.0)  # noqa: S311 - spreads retries
    if result.retry_after:
        links.pause(row.certifier_id, result.retry_after, result.reason)
        wait = max(wait, min(result.retry_after, links.LONGEST_PAUSE.total_seconds()))
    row.next_attempt_at = clock.now() + dt.timedelta(seconds=wait)


def _stop(actor: Identity, row: OidCall, code: str, reason: str, *, state: CallState = CallState.STOPPED) -> None:
    """Put a call on the desk, with the reason, and tell the people there."""
    row.state, row.reason_code, row.reason = state, code[:30], reason[:500]
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
