"""The audit trail: each act leaves a row in its own transaction."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from core import rows
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
    row = AuditRow(
        certifier_id=certifier_id or actor.certifier_id,
        client_id=client_id or actor.client_id,
        actor_kind=actor.kind.value,
        actor_id=actor.user_id,
        on_behalf_of=actor.on_behalf_of,
        act=act,
        object_type=object_type,
        object_id=str(object_id),
        before=plain(before or {}),
        after=plain(after or {}),
        request_id=actor.request_id,
        ip=actor.ip,
    )
    rows.insert(row)
    return row
