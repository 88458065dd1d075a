"""Pieces of the invented papers: tables, pairs of label and value, styles of different houses."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

STYLES = {
    "grid": "body{font:9pt 'DejaVu Sans'} td,th{border:1px solid #444;padding:3px 5px} table{border-collapse:collapse;width:100%}"
    " .n{text-align:right} h1{font-size:15pt}",
    "airy": "body{font:9.5pt 'DejaVu Sans Condensed'} td,th{padding:4px 8px} th{border-bottom:2px solid #246;text-align:left}"
    " table{border-collapse:collapse;width:100%} .n{text-align:right} h1{font-size:20pt;color:#246}",
    "serif": "body{font:11pt 'DejaVu Serif';line-height:1.45} td,th{padding:2px 10px 2px 0;text-align:left} .n{text-align:right}",
    "small": "body{font:7.5pt 'DejaVu Sans Condensed'} td,th{border:1px solid #999;padding:2px 3px;vertical-align:top}"
    " table{border-collapse:collapse;width:100%} .n{text-align:right} h1{font-size:11pt;text-align:center}",
    "typed": "body{font:9pt 'DejaVu Sans Mono'} pre{font:9pt 'DejaVu Sans Mono'}",
}


@dataclasses.dataclass(frozen=True)
class Paper:
    """One document: its name, what it holds, and what is true of it."""

    name: str
    style: str
    body: str
    truth: dict[str, Any]


def truth(
    kg: str | None, lots: Sequence[str], invoice: str | None, importer: str | None, organic: bool, /, **where: str
) -> dict[str, Any]:
    """The known values of a document; ``where`` says in words where each one stands."""
    return {
        "net_weight_kg": kg, "lots": list(lots), "invoice_number": invoice, "importer": importer, "organic": organic,
        "where": where,
    }  # fmt: skip


def table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers_from: int = 99) -> str:
    """A table; columns from ``numbers_from`` on are set to the right."""
    top = "".join(f"<th>{one}</th>" for one in head)
    body = "".join(
        "<tr>"
        + "".join(f"<td{' class=n' if at >= numbers_from else ''}>{one}</td>" for at, one in enumerate(row))
        + "</tr>"
        for row in rows
    )
    return f"<table><tr>{top}</tr>{body}</table>"


def pairs(*rows: tuple[str, str]) -> str:
    """Labels to the left, values to the right."""
    return "<table>" + "".join(f"<tr><td>{label}</td><td>{value}</td></tr>" for label, value in rows) + "</table>"


def boxes(*rows: Sequence[tuple[str, str]]) -> str:
    """A form: in each box a small label above its value."""
    made = ""
    for row in rows:
        made += "<table><tr>"
        made += "".join(
            f"<td style='width:{100 // len(row)}%'><small>{label}</small><br><b>{value}</b></td>"
            for label, value in row
        )
        made += "</tr></table>"
    return made
