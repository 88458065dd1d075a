"""Fetching a request for an act: locks in the one order, strangers see nothing."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal

from django.db import connection
from django.utils.translation import gettext as _

from core.errors import Conflict
from core.identity import Identity, Kind
from core.rows import from_json
from organizations.models import Membership
from organizations.tenancy import find, not_visible
from requests_app.domain.changes import changed_since
from requests_app.models import Request


def visible(actor: Identity, request_id: uuid.UUID | str) -> Request:
    """The request, if it is the actor's to see. Raises ``NotVisible``."""
    return find(
        Request.objects.select_related("client__operation", "certifier", "line__pvf", "importer"), actor, request_id
    )


def locked(actor: Identity, request_id: uuid.UUID | str) -> Request:
    """The request FOR UPDATE, after the operations it names were locked FOR SHARE by key. Raises ``NotVisible``."""
    operations, request = _lock(request_id)
    if (
        request is None
        and actor.kind is Kind.BROKER
        and Request.objects.visible_to(actor).filter(pk=request_id).exists()
    ):
        # the row policies let a broker read what became of its draft, and lock no row of it
        text = _("The request was submitted: only the exporter's own people can still change it.")
        raise Conflict("REQUEST-STATE", text)
    if request is None or not Request.tenancy.admits(actor, request):
        raise not_visible()
    if request.importer_id is not None and str(request.importer_id) not in operations:
        raise Conflict("STALE", _("The request is being changed by somebody else. Try again."))
    return request


def _lock(request_id: uuid.UUID | str) -> tuple[set[str], Request | None]:
    """The operations that were locked and the request; see ``requests_app/sql/025_surroundings.sql``."""
    try:
        key = request_id if isinstance(request_id, uuid.UUID) else uuid.UUID(request_id)
    except ValueError:
        return set(), None
    with connection.cursor() as cursor:
        cursor.execute("SELECT requests_app_lock(%s)::text", [key])
        (content,) = cursor.fetchone() or ("{}",)
    found = json.loads(content, parse_float=Decimal)
    return set(found["operations"]), from_json(Request, found["request"])


def lock_operations(keys: list[uuid.UUID | None]) -> None:
    """Lock directory operations FOR SHARE, in the order of their keys: their status cannot change under a decision."""
    wanted = sorted({key for key in keys if key is not None})
    if not wanted:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM organizations_operation WHERE id = ANY(%s) ORDER BY id FOR SHARE", [wanted])


def require_version(request: Request, expected: int | None) -> None:
    """Refuse a form that was filled in on an older state of the request, and tell who changed what and when."""
    if expected is None or request.version == expected:
        return
    words = {"who": person_name(request.changed_by), "when": f"{request.changed_at:%Y-%m-%d %H:%M} UTC"}
    text = _("%(who)s changed this request at %(when)s. Look at the change, then send your own again.") % words
    changed = changed_since(request, expected)
    if changed:
        text = _("%(before)s Changed: %(what)s.") % {"before": text, "what": ", ".join(changed)}
    details = {"version": request.version, "expected": expected, "changed": changed}
    raise Conflict("STALE", text, details=details)


def person_name(user_id: uuid.UUID | None) -> str:
    """The name of a person of the same organisation; "Somebody" for others."""
    row = Membership.objects.filter(user_id=user_id).select_related("user").first() if user_id else None
    return row.user.name if row else _("Somebody")
