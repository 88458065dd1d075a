"""The content of a request as labelled rows, and what has happened to it, in the exporter's words."""

from __future__ import annotations

from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.identity import Identity
from core.templatetags.portal_format import day, hts, kg
from organizations import delegated
from organizations.history import LENGTH, events, rows_of
from requests_app.models import DocumentKind, ProposedCorrection, Question, Request

Row = tuple[str, Any]
SECTIONS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "goods": (
        gettext_lazy("Goods"),
        ("label_name", "hts_code", "origin", "standard", "harvest_year", "net_kg", "gross_kg", "packages_kind",
         "packages_number"),
    ),
    "parties": (
        gettext_lazy("Parties"),
        ("importer_nop_id", "importer", "importer_contact_email", "recipient_name", "recipient_nop_id",
         "consignee_name", "consignee_address", "destination_city", "destination_state", "last_handler_nop_id"),
    ),
    "transport": (
        gettext_lazy("Transport and period"),
        ("kind", "transport_mode", "port_of_lading", "vessel", "bill_of_lading", "departure_date", "start_date",
         "end_date"),
    ),
}  # fmt: skip
#: Acts an exporter sees, in words, with tone and icon.
ACTS: dict[str, tuple[Any, str, str]] = {
    "request.start": (gettext_lazy("Draft started"), "", "edit"),
    "request.copy": (gettext_lazy("Copied from an earlier request"), "", "content_copy"),
    "request.submit": (gettext_lazy("Submitted"), "info", "mail"),
    "request.claim": (gettext_lazy("A reviewer is working on it"), "info", "person"),
    "request.hand_back": (gettext_lazy("Back in the queue"), "wait", "undo"),
    "request.ask": (gettext_lazy("Question asked: the clock stopped"), "wait", "help"),
    "request.answer_saved": (gettext_lazy("Answer saved"), "info", "edit"),
    "request.answer_complete": (gettext_lazy("Answer complete: the clock goes on"), "info", "check"),
    "request.correction_proposed": (gettext_lazy("Correction proposed"), "wait", "edit"),
    "request.correction_accepted": (gettext_lazy("Correction accepted"), "good", "check"),
    "request.correction_declined": (gettext_lazy("Correction declined"), "bad", "close"),
    "request.approve": (gettext_lazy("Approved"), "good", "check_circle"),
    "request.reject": (gettext_lazy("Rejected"), "bad", "cancel"),
    "request.withdraw": (gettext_lazy("Withdrawn"), "", "undo"),
    "request.lapse": (gettext_lazy("Lapsed"), "", "timer"),
    "request.back_to_review": (gettext_lazy("Back in review"), "wait", "undo"),
    "request.document_add": (gettext_lazy("Document added"), "", "file_present"),
    "request.document_remove": (gettext_lazy("Document removed"), "", "remove"),
}
NONE = "\N{EM DASH}"


def label(name: str) -> str:
    """A field or list of a request in words."""
    parts = {
        "lots": _("lots"), "containers": _("containers"), "invoices": _("invoices"), "line_id": _("PVF line"),
        "importer": _("importer"), "kind": _("certificate for"), "net_kg": _("net weight"),
    }  # fmt: skip
    if name in parts:
        return capfirst(parts[name])
    return capfirst(str(Request._meta.get_field(name).verbose_name))


def shown(name: str, value: Any) -> Any:
    """A value as people read it."""
    if value in (None, ""):
        return NONE
    if name in {"net_kg", "gross_kg"}:
        return kg(value)
    if name == "hts_code":
        return hts(value)
    if name.endswith("_date") and not isinstance(value, str):
        return day(value)
    if name == "importer":
        return f"{value.name}, {value.city}" if value.city else value.name
    return str(value)


def of_request(request: Request) -> list[dict[str, Any]]:
    """Sections with their rows; lists that are empty are left out."""
    made = [
        {"title": title, "rows": [(label(name), shown(name, _value(request, name))) for name in names]}
        for title, names in SECTIONS.values()
    ]
    lists = (
        (_("Lots"), [(row.lot, kg(row.kg)) for row in request.lots.order_by("lot")]),
        (_("Containers"), [(row.number, row.seal or NONE) for row in request.containers.order_by("number")]),
        (_("Invoices"), [(row.number, kg(row.kg) if row.kg else NONE) for row in request.invoices.order_by("number")]),
    )
    return [*made, *({"title": title, "rows": rows} for title, rows in lists if rows)]


def _value(request: Request, name: str) -> Any:
    display = getattr(request, f"get_{name}_display", None)
    return capfirst(display()) if display else getattr(request, name)


def about(question: Question) -> str:
    """What a question is about, in words."""
    names = [label(name) for name in question.fields]
    return ", ".join(names + [capfirst(str(DocumentKind(kind).label)) for kind in question.document_kinds])


def proposal(row: ProposedCorrection, request: Request) -> list[dict[str, Any]]:
    """What is now beside what is proposed."""
    return [
        {"label": label(name), "left": str(shown(name, _value(request, name))), "right": str(shown(name, value)),
         "same": False}
        for name, value in row.changes.items()
    ]  # fmt: skip


def rejection(request: Request) -> dict[str, Any]:
    """Why the request was rejected: the catalogue's code and the note, as the decision put them on record."""
    row = _acts(request).filter(act="review.decide").first()
    return dict(row.after) if row is not None else {}


def _acts(request: Request) -> Any:
    return rows_of(request.client, "request", request.pk)


def history(actor: Identity, request: Request) -> list[dict[str, Any]]:
    """What has happened, newest first. People of the certifier go by its name."""
    rows = list(_acts(request).filter(act__in=ACTS)[:LENGTH])
    brokers = {done.row_id: done.who for done in delegated.acts_on(request.certifier_id, request.pk)}
    return events(request.client, rows, ACTS, known=brokers)
