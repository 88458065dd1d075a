"""The loop: each call in three phases, an unclear answer asked about before it is repeated.

1. *take*: a short transaction marks the call in flight, with a lease of twice the call's time limit and a token;
2. *send*: outside any transaction, OID is asked or told;
3. *record* (:mod:`oid_sync.domain.answers`): another short transaction writes what OID said, if the token is still ours.

A lease that ended leaves the call *unknown*: nobody can say whether OID did it, so OID is asked first.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
import uuid
from collections.abc import Collection, Sequence
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db import connection as database
from django.db.models import Exists, OuterRef, Q, QuerySet

from certificates.domain import coop, numbers
from certificates.models import Certificate, CertificateChange, CertificateState, Shipment
from core import clock, ids
from core.errors import DomainError
from core.identity import Identity, act_as
from core.wake import wake
from oid_sync.connectors.base import NotFound
from oid_sync.domain import answers, circuit, links, payloads
from oid_sync.domain.answers import Result, Taken
from oid_sync.models import ENDED_STATES, LIVE_STATES, CallState, HandEntry, OidCall, Operation

#: Calls under way at the same time in this process; the threads beyond prepare and record.
_room = threading.BoundedSemaphore(settings.OID_IN_FLIGHT)


def make_missing(certifier_id: uuid.UUID) -> int:
    """A call for every certificate that waits for a number without one, and for every shipment not told to OID."""
    _look_again(certifier_id)
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


def _look_again(certifier_id: uuid.UUID) -> None:
    """After an outage, what a person was to key and nobody has begun is left alone where its continuity document stays."""
    if coop.open_outage(certifier_id) is not None:
        return
    rows = OidCall.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        certifier_id=certifier_id, operation=Operation.REGISTER, state=CallState.AWAITING_PERSON,
        certificate__continuity_at__isnull=False,
    )  # fmt: skip
    for row in rows.exclude(entries__in=HandEntry.objects.filter(ended_at=None)).select_related("certificate__request"):
        if coop.stays_because(row.certificate) is not None:
            row.state, row.next_attempt_at = CallState.UNKNOWN, clock.now()
            row.save(update_fields=["state", "next_attempt_at"])


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
        answers.done(actor, row, {"number": number})
        row.save()


def due(
    certifier_id: uuid.UUID,
    limit: int = 50,
    *,
    without: Collection[uuid.UUID] = (),
) -> list[uuid.UUID]:
    """Calls whose turn it is: waiting or unknown and due, or in flight with a lease that ended; none while calls rest.

    Of several about one certificate the first that is not finished.
    """
    if links.paused_until(certifier_id):
        return []
    now = clock.now()
    ready = Q(state__in=[CallState.WAITING, CallState.UNKNOWN], next_attempt_at__lte=now)
    lost = Q(state=CallState.IN_FLIGHT, lease_until__lte=now)
    rows = OidCall.objects.filter(ready | lost, certifier_id=certifier_id).exclude(pk__in=without)
    rows = rows.filter(~Exists(_unfinished(OuterRef("certificate_id"), OuterRef("sequence"))))
    if coop.open_outage(certifier_id) is not None:
        rows = rows.exclude(operation=Operation.REGISTER, certificate__state=CertificateState.CONTINUITY)
    return list(rows.order_by("next_attempt_at", "id").values_list("pk", flat=True)[:limit])


def perform(certifier_id: uuid.UUID, call_id: uuid.UUID) -> bool:
    """Take, send and record one call; False where it was not its turn.

    Whatever breaks in the portal itself leaves the call unclear, so that OID is asked; again and again, it fails.
    """
    if database.in_atomic_block:
        raise RuntimeError("OID is never called inside a transaction")
    actor = Identity.loop(certifier_id)
    taken: Taken | None = None
    try:
        # taken only when there is room to send it: a lease must not run while its call waits for others
        with _room:
            with act_as(actor):
                taken = _take(actor, call_id)
            if taken is None:
                return False
            result = _send(taken)
        with act_as(actor):
            answers.record(actor, taken, result)
    except Exception as error:
        if taken is not None:
            with act_as(actor):
                answers.broke(actor, taken, error)
        raise
    return True


def registration_of(certificate_id: uuid.UUID) -> uuid.UUID | None:
    """The call that registers a certificate, while it is not over."""
    rows = OidCall.objects.filter(certificate_id=certificate_id, operation=Operation.REGISTER, state__in=LIVE_STATES)
    return rows.values_list("pk", flat=True).first()


def _take(actor: Identity, call_id: uuid.UUID) -> Taken | None:
    now = clock.now()
    row = (
        OidCall.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("certificate__request__certifier", "certificate__request__client__operation")
        .filter(pk=call_id, state__in=LIVE_STATES)
        .first()
    )
    if row is None or not _is_its_turn(row, now):
        return None
    ask_first = row.state != CallState.WAITING
    connection = links.connection_of(row.certifier_id)
    present = connection.connector if connection else ""
    moving = ask_first and row.connector not in {"", present}
    try:
        connector = links.connector_of(row.certifier_id, row.connector if moving else "")
    except DomainError as error:
        answers.without_connection(actor, row, error)
        return None
    if row.operation == Operation.REGISTER and coop.holds(row.certificate):
        return None
    hold = _hold(actor, row) if row.operation == Operation.REGISTER else None
    if hold is not None and not ask_first:
        answers.held_back(actor, row, hold)
        return None
    lease = dt.timedelta(seconds=2 * (connection.time_limit_seconds if connection else 10) + 10)
    if not (_has_settled(row, now) if moving else circuit.may_send(row.certifier_id, lease)):
        return None
    row.state, row.attempts = CallState.IN_FLIGHT, row.attempts + 1
    row.lease_until, row.lease_token = now + lease, ids.new_id()
    if not moving:
        row.connector, row.sent_at = present, now
    row.save(update_fields=["state", "attempts", "connector", "lease_until", "lease_token", "sent_at"])
    return Taken(
        row.pk, row.lease_token, row.operation, row.certificate_id, row.certificate.number or "", row.payload,
        ask_first, connector, hold, answers.RETURN in row.answer, moving,
    )  # fmt: skip


def _is_its_turn(row: OidCall, now: dt.datetime) -> bool:
    if row.next_attempt_at > now or (row.lease_until and row.lease_until > now):
        return False
    return not links.paused_until(row.certifier_id) and not _unfinished(row.certificate_id, row.sequence).exists()


def _has_settled(row: OidCall, now: dt.datetime) -> bool:
    """A try that timed out may still come in at the earlier connector: asked too early, it would be sent to both."""
    if row.sent_at is None or now >= row.sent_at + answers.SETTLING:
        return True
    row.next_attempt_at = row.sent_at + answers.SETTLING
    row.save(update_fields=["next_attempt_at"])
    return False


def _unfinished(certificate_id: uuid.UUID | OuterRef, sequence: int | OuterRef) -> QuerySet[OidCall]:
    """Earlier calls about a certificate that have not ended: they go in order."""
    earlier = OidCall.objects.filter(certificate_id=certificate_id, sequence__lt=sequence)
    return earlier.exclude(state__in=ENDED_STATES)


def _hold(actor: Identity, row: OidCall) -> tuple[str, str] | None:
    """EXP-1, IMP-1 and PER-2 once more before a registration is sent: code and reason where one of them fails."""
    stays = coop.stays_because(row.certificate)
    if stays is not None:
        return answers.COOP, stays.value
    failures = [finding for finding in numbers.send_findings(actor, row.certificate) if finding.blocks]
    if not failures:
        return None
    return failures[0].code, "; ".join(f"{item.code}: {item.message}" for item in failures)


def _send(taken: Taken) -> Result:
    """Ask first where an earlier try is unclear; then tell."""
    if taken.operation == Operation.REGISTER:
        if taken.ask_first:
            found = taken.connector.find(taken.certificate_id)
            if not isinstance(found, NotFound) or taken.only_ask or taken.moving or taken.hold is not None:
                return found
        return taken.connector.register(taken.payload)
    if taken.ask_first:
        known = taken.connector.find_call(uuid.UUID(taken.payload["call_id"]))
        if not isinstance(known, NotFound) or taken.moving:
            return known
    tell = {
        Operation.ACTUALS: taken.connector.report_actuals,
        Operation.AMEND: taken.connector.amend,
        Operation.VOID: taken.connector.void,
    }[Operation(taken.operation)]
    return tell(taken.number, taken.payload)
