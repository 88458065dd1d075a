"""The audit trail: each act leaves a row in its own transaction."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from decimal import Decimal
from typing import Any

from core import rows
from core.audit_chain import digest
from core.identity import Identity
from core.models import AuditRow


def plain(value: Any) -> Any:
    """``value`` as JSON holds it: kilograms and dates as text, containers element by element."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()
    if isinstance(value, (Decimal, uuid.UUID)):
        return str(value)
    return value


#: Keys of before and after whose values are about a person: they stand beside the row, which holds their digests.
PERSONAL = frozenset({"email", "contact_email", "contact_name", "phone"})


def _apart(part: str, values: dict[str, Any], salt: str, personal: dict[str, str]) -> dict[str, Any]:
    """``values`` with digests in the place of personal ones, which are put into ``personal``."""
    for key in PERSONAL & values.keys():
        value = values[key]
        if isinstance(value, str) and value:
            personal[f"{part}.{key}"] = value
            values[key] = {"sha256": digest(salt, value)}
    return values


def values_of(row: AuditRow, part: str) -> dict[str, Any]:
    """``before`` or ``after`` of a row with its personal values; an erased one is None."""
    values: dict[str, Any] = dict(getattr(row, part))
    for key in PERSONAL & values.keys():
        if isinstance(values[key], dict):
            values[key] = row.personal.get(f"{part}.{key}")
    return values


def record(
    actor: Identity,
    act: str,
    object_type: str,
    object_id: uuid.UUID | str,
    *,
    certifier_id: uuid.UUID | None = None,
    client_id: uuid.UUID | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> AuditRow:
    """Write that ``actor`` did ``act`` to an object, with what changed. The row falls with the act if that is rolled back."""
    salt = secrets.token_hex(16)
    personal: dict[str, str] = {}
    row = AuditRow(
        certifier_id=certifier_id or actor.certifier_id,
        client_id=client_id or actor.client_id,
        actor_kind=actor.kind.value,
        actor_id=actor.user_id,
        on_behalf_of=actor.on_behalf_of,
        act=act,
        object_type=object_type,
        object_id=str(object_id),
        before=_apart("before", plain(before or {}), salt, personal),
        after=_apart("after", plain(after or {}), salt, personal),
        request_id=actor.request_id,
        ip=actor.ip,
        ip_sha256=digest(salt, actor.ip) if actor.ip else "",
        personal=personal,
        salt=salt,
    )
    rows.insert(row)
    return row
