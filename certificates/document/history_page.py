"""A document's history in words: what stands on its face about the documents before it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from certificates.document.history import NONE, Amended, AmendedField, History


def labels() -> dict[str, str]:
    """What the amendable fields are called."""
    return {
        "net_kg": _("net weight"),
        "lots": _("lots (kg)"),
        "mode": _("transport"),
        "port_of_lading": _("port of lading"),
        "vessel": _("vessel or flight"),
        "bill_of_lading": _("bill of lading or air waybill"),
        "departure_date": _("planned departure"),
        "containers": _("containers and seals"),
    }


def kilograms(text: str) -> str:
    """``"18750.000"`` as ``"18,750.000 kg"``."""
    whole, _point, thousandths = text.partition(".")
    return f"{int(whole):,}.{thousandths}\N{NO-BREAK SPACE}kg"


def change_in_words(part: AmendedField) -> str:
    """One changed field: "net weight from 19,000.000 kg to 18,000.000 kg". In words: the base fonts have no arrow."""
    before, after = part.before, part.after
    if part.field == "net_kg":
        before, after = kilograms(before), kilograms(after)
    words = {"what": labels().get(part.field, part.field), "before": before or "–", "after": after or "–"}
    return _("%(what)s from %(before)s to %(after)s") % words


def amendment_in_words(row: Amended) -> dict[str, Any]:
    """One amendment: its title, its changes, its reason."""
    title = _("Amendment %(number)s, %(day)s") % {"number": row.number, "day": row.day}
    return {"title": title, "changes": [change_in_words(part) for part in row.fields], "reason": row.reason}


def history_context(history: History, made: str) -> dict[str, Any]:
    """The template's context: ``history`` is None for a first document with nothing before it. ``made``: when this one was."""
    if history == NONE:
        return {"history": None}
    lines = []
    if history.replaces:
        lines.append(
            _("This certificate replaces certificate %(number)s, which must not be used any more.")
            % {"number": history.replaces}
        )
    if history.continuity:
        text = _("It takes the place of continuity document %(reference)s, made while OID was out.")
        lines.append(text % {"reference": history.continuity})
    if history.version > 1:
        text = _("This is version %(version)s of the document. It supersedes every earlier version of the same number.")
        lines.append(text % {"version": history.version})
    if history.first_issued:
        lines.append(
            _("This version was made on %(made)s. Nothing but what is named here has changed.") % {"made": made}
        )
    return {"history": {"lines": lines, "amendments": [amendment_in_words(row) for row in history.amendments]}}
