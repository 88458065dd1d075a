"""What changed in a request since a version, in words: told to whoever sends a form that is too old."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from core.models import AuditRow
from requests_app.models import Request

#: Acts that count the request's version up.
CONTENT_ACTS = (
    "request.save", "request.answer", "request.correction_accepted", "request.lots", "request.containers",
    "request.invoices",
)  # fmt: skip


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


def field_label(name: str) -> str:
    """A field or list of a request in words."""
    parts = {"lots": _("lots"), "containers": _("containers"), "invoices": _("invoices"), "line_id": _("PVF line")}
    if name in parts:
        return parts[name]
    known: dict[str, Any] = {
        field.name: field for field in Request._meta.get_fields() if hasattr(field, "verbose_name")
    }
    return str(known[name].verbose_name) if name in known else name
