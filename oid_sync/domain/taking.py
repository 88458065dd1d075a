"""Taking a call: a short transaction marks it in flight, with a lease of twice its time limit and a token."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db.models import OuterRef, QuerySet

from certificates.domain import coop, numbers
from certificates.models import Certificate, CertificateState
from core import clock, ids, rows
from core.errors import DomainError
from core.identity import Identity
from oid_sync.connectors.base import Connector
from oid_sync.domain import answers, circuit, links, payloads
from oid_sync.domain.answers import Taken
from oid_sync.models import ENDED_STATES, LIVE_STATES, CallState, Circuit, OidCall, OidConnection, Operation


def at_once(actor: Identity, certificate_id: uuid.UUID) -> Taken | None:
    """The first call about a certificate that was just approved, written as in flight.

    None, and nothing written, where anything is out of the ordinary: a call is there already, calls rest, no connection,
    a continuity document, a check that fails now. Then the call is made and `take` decides.
    """
    now = clock.now()
    certificate = Certificate.objects.select_related("request").filter(pk=certificate_id).first()
    if certificate is None or certificate.state != CertificateState.AWAITING_NUMBER or certificate.continuity_at:
        return None
    connection = links.connection_of(certificate.certifier_id)
    if connection is None or connection.circuit != Circuit.CLOSED or links.resting_until(connection):
        return None
    try:
        connector = links.connector_by(connection)
    except DomainError:
        return None
    row = OidCall(
        certificate=certificate, certifier_id=certificate.certifier_id, operation=Operation.REGISTER,
        payload=payloads.registration(certificate), connector=connection.connector, sent_at=now,
    )  # fmt: skip
    if _hold(actor, row) is not None:
        return None
    token = _lend(row, now + lease_of(connection))
    return _taken(row, token, connector) if rows.insert_first(row) else None


def take(actor: Identity, call_id: uuid.UUID) -> Taken | None:
    """A call whose turn it is, marked in flight; None where it is not, or where it is put on the desk."""
    now = clock.now()
    row = (
        OidCall.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("certificate__request")
        .filter(pk=call_id, state__in=LIVE_STATES)
        .first()
    )
    connection = links.connection_of(row.certifier_id) if row else None
    if row is None or not _is_its_turn(row, connection, now):
        return None
    ask_first = row.state != CallState.WAITING
    present = connection.connector if connection else ""
    moving = ask_first and row.connector not in {"", present}
    try:
        connector = links.connector_by(connection, row.connector if moving else "")
    except DomainError as error:
        answers.without_connection(actor, row, error)
        return None
    if row.operation == Operation.REGISTER and coop.holds(row.certificate):
        return None
    hold = _hold(actor, row) if row.operation == Operation.REGISTER else None
    if hold is not None and not ask_first:
        answers.held_back(actor, row, hold)
        return None
    lease = lease_of(connection)
    if not (_has_settled(row, now) if moving else circuit.may_send(connection, lease)):
        return None
    token = _lend(row, now + lease)
    if not moving:
        row.connector, row.sent_at = present, now
    row.save(update_fields=["state", "attempts", "connector", "lease_until", "lease_token", "sent_at"])
    return _taken(row, token, connector, ask_first=ask_first, hold=hold, moving=moving)


def give_back(taken: Taken) -> None:
    """What was taken and not sent waits again as before."""
    row = OidCall.objects.select_for_update().get(pk=taken.call_id)
    if row.lease_token != taken.token or row.state != CallState.IN_FLIGHT:
        return
    row.state, row.attempts = CallState.UNKNOWN if taken.ask_first else CallState.WAITING, row.attempts - 1
    row.lease_until = row.lease_token = None
    row.save(update_fields=["state", "attempts", "lease_until", "lease_token"])


def unfinished(certificate_id: uuid.UUID | OuterRef, sequence: int | OuterRef) -> QuerySet[OidCall]:
    """Earlier calls about a certificate that have not ended: they go in order."""
    earlier = OidCall.objects.filter(certificate_id=certificate_id, sequence__lt=sequence)
    return earlier.exclude(state__in=ENDED_STATES)


def lease_of(connection: OidConnection | None) -> dt.timedelta:
    """How long a call may be under way: to be asked about, to be sent, and something over for the wait and the record."""
    return dt.timedelta(seconds=2 * (connection.time_limit_seconds if connection else 10) + 10)


def _lend(row: OidCall, until: dt.datetime) -> uuid.UUID:
    row.state, row.attempts = CallState.IN_FLIGHT, row.attempts + 1
    row.lease_until, row.lease_token = until, (token := ids.new_id())
    return token


def _taken(
    row: OidCall,
    token: uuid.UUID,
    connector: Connector,
    *,
    ask_first: bool = False,
    hold: tuple[str, str] | None = None,
    moving: bool = False,
) -> Taken:
    return Taken(
        row.pk, token, row.operation, row.certificate_id, row.certificate.number or "", row.payload,
        ask_first, connector, hold, answers.RETURN in row.answer, moving,
    )  # fmt: skip


def _is_its_turn(row: OidCall, connection: OidConnection | None, now: dt.datetime) -> bool:
    if row.next_attempt_at > now or (row.lease_until and row.lease_until > now):
        return False
    if connection is not None and links.resting_until(connection):
        return False
    return row.sequence == 1 or not unfinished(row.certificate_id, row.sequence).exists()


def _has_settled(row: OidCall, now: dt.datetime) -> bool:
    """A try that timed out may still come in at the earlier connector: asked too early, it would be sent to both."""
    if row.sent_at is None or now >= row.sent_at + answers.SETTLING:
        return True
    row.next_attempt_at = row.sent_at + answers.SETTLING
    row.save(update_fields=["next_attempt_at"])
    return False


def _hold(actor: Identity, row: OidCall) -> tuple[str, str] | None:
    """EXP-1, IMP-1 and PER-2 once more before a registration is sent: code and reason where one of them fails."""
    stays = coop.stays_because(row.certificate)
    if stays is not None:
        return answers.COOP, stays.value
    failures = numbers.send_findings(actor, row.certificate)
    if not failures:
        return None
    return failures[0].code, "; ".join(f"{item.code}: {item.message}" for item in failures)
