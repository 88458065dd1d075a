"""Telling people: a row in the act's transaction; a worker sends it afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from core import ids, rows
from core.audit import plain
from core.models import Audience, Notification
from core.wake import wake


def notify(
    topic: str,
    audience: Audience,
    audience_id: uuid.UUID | None,
    *,
    certifier_id: uuid.UUID | None,
    object_type: str,
    object_id: uuid.UUID | None,
    roles: Sequence[str] = (),
    email: str = "",
    context: dict[str, Any] | None = None,
    row_id: uuid.UUID | None = None,
) -> Notification:
    """Queue a notification on ``topic`` (a key of ``core.topics``) for an audience, limited to ``roles`` where given.

    ``row_id`` where the row's own id keeps it single: a second one raises ``IntegrityError``.
    """
    row = Notification(
        id=row_id or ids.new_id(),
        certifier_id=certifier_id,
        topic=topic,
        audience=audience,
        audience_id=audience_id,
        audience_roles=list(roles),
        email=email,
        object_type=object_type,
        object_id=object_id,
        context=plain(context or {}),
    )
    rows.insert(row)
    wake("notifications", certifier_id, row.id)
    return row
