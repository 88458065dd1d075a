"""The connector that a certifier uses."""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings
from django.utils.translation import gettext as _

from core import audit, clock
from core.errors import InvalidInput, NotPermitted
from core.identity import Identity
from core.secrets import decrypt, encrypt
from oid_sync.connectors.base import Connector
from oid_sync.connectors.http import HttpConnector
from oid_sync.models import OidConnection
from organizations.roles import Role

#: Shortest and longest time limit of a call, in seconds; a lease must outlive it.
TIME_LIMITS = (2, 60)
#: OID is left alone as long as it asks for, but never longer than this at one asking.
LONGEST_PAUSE = dt.timedelta(hours=1)


def connection_of(certifier_id: uuid.UUID) -> OidConnection | None:
    """How the certifier reaches OID; None where nothing is set up."""
    return OidConnection.objects.filter(certifier_id=certifier_id).first()


def connect(actor: Identity, *, key: str, time_limit_seconds: int) -> OidConnection:
    """Set the key (blank: the present one stays) and the time limit with which the certifier calls OID.

    The address is the operator's, never the certifier's: the portal calls no address that a tenant chose.
    Raises ``NotPermitted`` for others than a manager, ``InvalidInput`` KEY-MISSING, SECONDS.
    """
    certifier_id = actor.certifier_id
    if certifier_id is None or not actor.has(Role.MANAGER):
        raise NotPermitted("ROLE", _("Only a manager of the certifier changes its connection to OID."))
    shortest, longest = TIME_LIMITS
    if not shortest <= time_limit_seconds <= longest:
        text = _("Between %(from)s and %(to)s seconds.") % {"from": shortest, "to": longest}
        raise InvalidInput("SECONDS", text, field="time_limit_seconds")
    key = key.strip()
    row = OidConnection.objects.select_for_update().filter(certifier_id=certifier_id).first()
    if row is None and not key:
        raise InvalidInput("KEY-MISSING", _("Enter the key that OID gave you."), field="key")
    before = {"time_limit_seconds": row.time_limit_seconds} if row else {}
    row = row or OidConnection(certifier_id=certifier_id)
    if key:
        row.encrypted_key, row.paused_until, row.paused_because = encrypt(key.encode()), None, ""
        row.list_cursor = ""
    row.time_limit_seconds, row.changed_at = time_limit_seconds, clock.now()
    row.save()
    audit.record(
        actor, "oid.connection", "certifier", certifier_id, before=before,
        after={"time_limit_seconds": time_limit_seconds, "key_changed": bool(key)},
    )  # fmt: skip
    return row


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
    """Until when the certifier's calls rest; None where they do not."""
    row = connection_of(certifier_id)
    return row.paused_until if row and row.paused_until and row.paused_until > clock.now() else None


def address_of(row: OidConnection | None) -> str:
    """Where the certifier's calls go; empty where the operator has named no address."""
    return (row.base_url if row else "") or str(settings.OID_STORE_URL)


def connector_of(certifier_id: uuid.UUID) -> Connector:
    """The certifier's connector. Raises ``InvalidInput`` NO-CONNECTION. Reads rows; calls nobody."""
    row = connection_of(certifier_id)
    base_url = address_of(row)
    if row is None or not base_url:
        raise InvalidInput("NO-CONNECTION", _("This certifier has no connection to OID."))
    return HttpConnector(base_url, decrypt(row.encrypted_key).decode(), row.time_limit_seconds)
