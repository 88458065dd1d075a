"""Drafts that were never submitted and that nobody has touched for years: what may be taken away of requests."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import connection

from core import audit
from core.identity import Identity, act_as
from requests_app.models import Request, RequestState


def old_drafts(certifier_id: uuid.UUID, before: dt.datetime) -> list[Request]:
    """Drafts of a certifier's exporters, never submitted, last changed before a moment; the loop's identity is set."""
    rows = Request.objects.filter(
        certifier_id=certifier_id, state=RequestState.DRAFT, submitted_at=None, changed_at__lt=before
    )
    return list(rows.order_by("changed_at", "pk"))


def forget_draft(certifier_id: uuid.UUID, draft: Request, before: dt.datetime) -> list[str] | None:
    """Take one draft away, with its documents, in a transaction of its own; the act stays on record.

    Returns the paths of stored files that no row names any more; None where it is no such draft (any more).
    PostgreSQL looks itself that it was never submitted, and never lets one of the last five years go.
    Raises ``IntegrityError`` where something refers to it.
    """
    with act_as(Identity.loop(certifier_id)) as actor:
        with connection.cursor() as cursor:
            cursor.execute("SELECT requests_app_forget_draft(%s, %s)", [draft.pk, before])
            (paths,) = cursor.fetchone()
        if paths is not None:
            audit.record(
                actor, "request.forgotten", "request", draft.pk, certifier_id=certifier_id, client_id=draft.client_id,
                before={"reference": draft.reference, "changed_at": draft.changed_at}, after={"files": len(paths)},
            )  # fmt: skip
    return None if paths is None else list(paths)
