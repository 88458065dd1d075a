"""The audit trail: each act leaves a row in its own transaction."""

from __future__ import annotations

import contextlib
import datetime as dt
import uuid
from collections.abc import Iterator
from contextvars import ContextVar
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


_waiting: ContextVar[list[AuditRow] | None] = ContextVar("portal_audit_rows", default=None)


@contextlib.contextmanager
def together() -> Iterator[None]:
    """The rows of the acts within are written at its end, in one statement; none is if it ends with an error.

    To be opened within the transaction that an error rolls back.
    """
    waiting: list[AuditRow] = []
    token = _waiting.set(waiting)
    try:
        yield
    finally:
        _waiting.reset(token)
    rows.insert(*waiting)


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
    waiting = _waiting.get()
    if waiting is None:
        rows.insert(row)
    else:
        waiting.append(row)
    return row
