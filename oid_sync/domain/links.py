"""The connector that a certifier uses, chosen and set up by its manager."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from collections.abc import Collection

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from core import audit, clock
from core.errors import Conflict, InvalidInput, NotPermitted
from core.identity import Identity
from core.secrets import decrypt, encrypt
from core.wake import wake
from oid_sync.connectors import registry
from oid_sync.connectors.base import Connector, ConnectorKind, Does, Link
from oid_sync.domain import circuit
from oid_sync.models import CallState, Closed, Drift, DriftKind, OidCall, OidConnection
from organizations.domain import two_managers
from organizations.models_changes import GuardedChange
from organizations.roles import Role

#: Shortest and longest time limit of a call, in seconds; a lease must outlive it.
TIME_LIMITS = (2, 60)
#: OID is left alone as long as it asks for, but never longer than this at one asking.
LONGEST_PAUSE = dt.timedelta(hours=1)
#: How the key stands in a proposal: it is never shown.
KEPT, KEPT_NEW = "stored", "another"
#: What a reading of OID's log finds.
OF_THE_LOG = (
    DriftKind.MISSING_IN_OID, DriftKind.UNKNOWN_TO_PORTAL, DriftKind.NUMBER, DriftKind.OID_FIELDS, DriftKind.OID_STATUS,
    DriftKind.ACTUALS,
)  # fmt: skip


def connection_of(certifier_id: uuid.UUID) -> OidConnection | None:
    """How the certifier reaches OID; None where nothing is set up."""
    return OidConnection.objects.filter(certifier_id=certifier_id).first()


@transaction.atomic
def connect(
    actor: Identity,
    *,
    connector: str = "",
    key: str = "",
    time_limit_seconds: int = 10,
    switches: Collection[str] = (),
) -> OidConnection | GuardedChange:
    """Choose the connector (blank: the present one), its key (blank: the present one stays), switches and time limit.

    The first connection is made at once. Another connector, another key and a switch put off are proposed, and put in
    force by a second manager. The address is the operator's, never the certifier's: the portal calls no address that a
    tenant chose. Calls under way stay with the connector that has them: it is asked about each before another one gets it.
    Raises ``NotPermitted`` for others than a manager, ``InvalidInput`` NO-CONNECTOR, KEY-MISSING, SECONDS, ``Conflict``
    CHANGE-WAITS.
    """
    certifier_id = actor.certifier_id
    if certifier_id is None or not actor.has(Role.MANAGER):
        raise NotPermitted("ROLE", _("Only a manager of the certifier changes its connection to OID."))
    shortest, longest = TIME_LIMITS
    if not shortest <= time_limit_seconds <= longest:
        text = _("Between %(from)s and %(to)s seconds.") % {"from": shortest, "to": longest}
        raise InvalidInput("SECONDS", text, field="time_limit_seconds")
    row = OidConnection.objects.select_for_update().filter(certifier_id=certifier_id).first()
    kind = registry.kind_of(connector or (row.connector if row else next(iter(registry.kinds()))))
    key = key.strip()
    if kind.needs_key and not key and not (row and row.encrypted_key):
        raise InvalidInput("KEY-MISSING", _("Enter the key that OID gave you."), field="key")
    wanted = Wanted(
        kind.name, encrypt(key.encode()) if key and kind.needs_key else b"", time_limit_seconds,
        tuple(name for name in kind.switches if name in switches),
    )  # fmt: skip
    if row is not None and two_managers.needed(actor) and _is_guarded(row, wanted):
        return _propose(actor, row, wanted)
    return _put_in_force(actor, certifier_id, row, wanted)


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """A connection as a manager wants it; ``key`` encrypted, empty where the present one stays."""

    connector: str
    key: bytes
    time_limit_seconds: int
    switches: tuple[str, ...]


def _is_guarded(row: OidConnection, wanted: Wanted) -> bool:
    put_off = row.connector == wanted.connector and not set(row.options) <= set(wanted.switches)
    return row.connector != wanted.connector or bool(wanted.key) or put_off


def _propose(actor: Identity, row: OidConnection, wanted: Wanted) -> GuardedChange:
    after = {**_facts(row), "connector": wanted.connector, "time_limit_seconds": wanted.time_limit_seconds,
             "switches": sorted(wanted.switches)}  # fmt: skip
    before = _facts(row)
    lines = [(name, _shown(before[name]), _shown(after[name])) for name in after if after[name] != before[name]]
    if wanted.key:
        lines.append(("key", KEPT, KEPT_NEW))
    payload = {"before": before, "after": after}
    return two_managers.propose(actor, GuardedChange.Kind.CONNECTION, lines, payload=payload, secret=wanted.key)


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def put_confirmed_in_force(actor: Identity, change: GuardedChange) -> None:
    """Connect as a confirmed change says. Raises ``Conflict`` STALE where the connection has changed since."""
    row = OidConnection.objects.select_for_update().filter(certifier_id=change.certifier_id).first()
    if row is None or _facts(row) != change.payload["before"]:
        raise Conflict(
            "STALE", _("The connection has changed since this was proposed. Refuse it, and propose it again.")
        )
    after = change.payload["after"]
    wanted = Wanted(after["connector"], bytes(change.secret), after["time_limit_seconds"], tuple(after["switches"]))
    _put_in_force(actor, change.certifier_id, row, wanted, change.pk)


def _put_in_force(
    actor: Identity,
    certifier_id: uuid.UUID,
    row: OidConnection | None,
    wanted: Wanted,
    guarded_change_id: uuid.UUID | None = None,
) -> OidConnection:
    kind = registry.kind_of(wanted.connector)
    before = _facts(row) if row else {}
    used = row.connector if row else ""
    row = row or OidConnection(certifier_id=certifier_id)
    if wanted.key:
        row.encrypted_key = wanted.key
    row.connector, row.time_limit_seconds, row.changed_at = kind.name, wanted.time_limit_seconds, clock.now()
    row.options = dict.fromkeys(wanted.switches, True)
    row.guarded_change_id = guarded_change_id
    if wanted.key or used != kind.name:
        # another key or another way: what is known of the old one says nothing of it
        row.paused_until, row.paused_because, row.list_cursor = None, "", ""
        circuit.reset(actor, row)
    row.save()
    if used not in {"", kind.name}:
        _switched(certifier_id, kind)
    audit.record(
        actor, "oid.connection", "certifier", certifier_id, before=before,
        after={**_facts(row), "key_changed": bool(wanted.key)},
    )  # fmt: skip
    wake("oid_calls", certifier_id)
    return row


def _facts(row: OidConnection) -> dict[str, object]:
    return {
        "connector": row.connector, "time_limit_seconds": row.time_limit_seconds, "switches": sorted(row.options),
    }  # fmt: skip


def _switched(certifier_id: uuid.UUID, kind: ConnectorKind) -> None:
    """Calls that waited for a person are asked about at the old connector, which keeps those that are begun."""
    waiting = OidCall.objects.filter(certifier_id=certifier_id, state=CallState.AWAITING_PERSON)
    waiting.update(state=CallState.UNKNOWN, next_attempt_at=clock.now())
    if Does.LIST not in kind.does:
        seen = Drift.objects.filter(certifier_id=certifier_id, closed_at=None, kind__in=OF_THE_LOG)
        seen.update(closed_at=clock.now(), closed_because=Closed.NOT_COMPARED)


def pause(certifier_id: uuid.UUID, seconds: int, reason: str) -> dt.datetime:
    """OID asks (429 or 503 with Retry-After) to be left alone: no call of the certifier before then. Returns when it ends."""
    now = clock.now()
    until = now + min(dt.timedelta(seconds=min(seconds, 10**6)), LONGEST_PAUSE)
    row = OidConnection.objects.select_for_update().filter(certifier_id=certifier_id).first()
    if row is None:
        return until
    if row.paused_until is None or row.paused_until < until:
        row.paused_until, row.paused_because = until, reason[:200]
        row.save(update_fields=["paused_until", "paused_because"])
    return row.paused_until


def paused_until(certifier_id: uuid.UUID) -> dt.datetime | None:
    """Until when the certifier's calls rest, as OID asked or after failures; None where they do not."""
    row = connection_of(certifier_id)
    return resting_until(row) if row else None


def resting_until(row: OidConnection) -> dt.datetime | None:
    """The later end of OID's own pause and the circuit breaker's; None where neither is under way."""
    now = clock.now()
    ends = [end for end in (row.paused_until, circuit.rests_until(row)) if end and end > now]
    return max(ends) if ends else None


def address_of(row: OidConnection | None) -> str:
    """Where the certifier's calls go; empty where the operator has named no address."""
    return (row.base_url if row else "") or str(settings.OID_STORE_URL)


def used_by(certifier_id: uuid.UUID) -> ConnectorKind | None:
    """The certifier's connector; None where nothing is set up or this portal no longer has it."""
    row = connection_of(certifier_id)
    return registry.kinds().get(row.connector) if row else None


def connector_of(certifier_id: uuid.UUID, name: str = "") -> Connector:
    """The certifier's connector, or the one of that ``name``. Reads rows; calls nobody.

    Raises ``InvalidInput`` NO-CONNECTION, NO-CONNECTOR.
    """
    return connector_by(connection_of(certifier_id), name)


def connector_by(row: OidConnection | None, name: str = "") -> Connector:
    """`connector_of`, with the certifier's connection in hand."""
    if row is None:
        raise InvalidInput("NO-CONNECTION", _("This certifier has no connection to OID."))
    kind = registry.kind_of(name or row.connector)
    address, key = address_of(row), bytes(row.encrypted_key)
    if (kind.needs_address and not address) or (kind.needs_key and not key):
        raise InvalidInput("NO-CONNECTION", _("This certifier has no connection to OID."))
    secret = decrypt(key).decode() if kind.needs_key else ""
    return kind.connect(Link(row.certifier_id, address, secret, row.time_limit_seconds, row.options))
