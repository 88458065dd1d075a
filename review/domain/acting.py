"""What every act of a reviewer begins with: the role, the locks, and whether the form still fits the request."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils.translation import gettext as _

from core.errors import Conflict, NotPermitted
from core.identity import Identity
from core.models import AuditRow
from organizations.roles import Role
from requests_app.domain.requests import locked, require_version
from requests_app.models import Request

#: Staff who act on requests; an auditor only reads.
ACTING = (Role.REVIEWER, Role.APPROVER, Role.MANAGER)


def require_role(actor: Identity, *roles: Role) -> uuid.UUID:
    """The actor's user id, if it is a person of the certifier with one of ``roles``. Raises ``NotPermitted``.

    Loops are refused too: what a reviewer answers for is never done by a program.
    """
    if not actor.is_staff or actor.user_id is None or not actor.has(*roles):
        raise NotPermitted("ROLE", _("Your role does not allow this."))
    return actor.user_id


def begin(actor: Identity, request_id: uuid.UUID, *roles: Role) -> tuple[Request, uuid.UUID]:
    """The locked request and the acting person. Raises ``NotVisible`` for strangers, ``NotPermitted`` without the role."""
    request = locked(actor, request_id)
    return request, require_role(actor, *roles)


def require_fresh(request: Request, expected: int | None) -> None:
    """Refuse a form filled in on an older version, and tell who changed what and when. Raises ``Conflict`` STALE."""
    try:
        require_version(request, expected)
    except Conflict as stale:
        changed = changed_since(request, expected or 0)
        if not changed:
            raise
        text = _("%(before)s Changed: %(what)s.") % {"before": stale.message, "what": ", ".join(changed)}
        raise Conflict(stale.code, text, details={**stale.details, "changed": changed}) from stale


def changed_since(request: Request, version: int) -> list[str]:
    """Names of the fields and lists that changed after ``version``, in the reader's language, from the audit trail."""
    steps = request.version - version
    if steps <= 0:
        return []
    rows = AuditRow.objects.filter(
        certifier_id=request.certifier_id, object_type="request", object_id=str(request.pk), act__in=CONTENT_ACTS
    ).order_by("-at")[:steps]
    names: dict[str, None] = {}
    for row in reversed(rows):
        names |= dict.fromkeys(name for name in row.after if name in row.before)
    return [field_label(name) for name in names]


#: Acts that count the request's version up.
CONTENT_ACTS = (
    "request.save", "request.answer", "request.correction_accepted", "request.lots", "request.containers",
    "request.invoices",
)  # fmt: skip


def field_label(name: str) -> str:
    """A field or list of a request in words."""
    parts = {"lots": _("lots"), "containers": _("containers"), "invoices": _("invoices"), "line_id": _("PVF line")}
    if name in parts:
        return parts[name]
    known: dict[str, Any] = {
        field.name: field for field in Request._meta.get_fields() if hasattr(field, "verbose_name")
    }
    return str(known[name].verbose_name) if name in known else name
