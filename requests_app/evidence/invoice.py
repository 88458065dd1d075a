"""The invoice's number."""

from __future__ import annotations

import re

from requests_app.evidence import labels
from requests_app.evidence.findings import Candidate, best_first
from requests_app.evidence.text import Cell, Row

_MARK = r"(?:numbers?|numero|nos?\b\.?|num\b\.?|n[°º]\.?|nr\b\.?|#|ref\b\.?|id\b)"
_LABEL = re.compile(
    rf"\b(?:invoice|inv\.?|factura)(?: comercial| de exportacion| ref(?:erence)?\.?)?\s*{_MARK}\s*(?:\([^)]*\))?\s*[:#]?"
    rf"|\b{_MARK}\s*(?:de )?(?:la )?factura\s*:?|\b(?:commercial invoice|factura comercial|factura|invoice|inv)\s*[:#]"
    r"|\b(?:commercial invoice|invoice|factura(?: comercial)?)\s+(?=[a-z]{0,6}[-/]?\d)"
)
_OTHER = re.compile(r"\b(order|pedido|purchase|supplier'?s?|proveedor)\b")
_CODE = re.compile(r"[A-Za-z0-9]+(?:[-/._][A-Za-z0-9]+)*")
_DATE = re.compile(r"^\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}$|^\d{4}-\d{2}-\d{2}$")


def find(rows: list[Row]) -> tuple[Candidate, ...]:
    """Candidates for the number of the invoice that the document is, or names."""
    found: list[Candidate] = []
    for at, row in enumerate(rows):
        for place, cell in enumerate(row.cells):
            text = labels.folded(cell.text)
            for match in _LABEL.finditer(text):
                if _OTHER.search(text[max(0, match.start() - 12) : match.end()]):
                    continue
                found += _after(rows, at, place, match)
    return best_first(found)


def _after(rows: list[Row], at: int, place: int, match: re.Match[str]) -> list[Candidate]:
    cell = rows[at].cells[place]
    beside = labels.after(rows[at], place, match.end())
    if beside is not None and (found := _code(beside, 90, "after its label")):
        return [found]
    if cell.text[match.end() :].strip(" .:#-"):
        return []
    for _row, under in labels.below(rows, at, cell, labels.NEAR):
        if found := _code(under, 80, "under its label"):
            return [found]
    return []


def _code(cell: Cell, score: int, why: str) -> Candidate | None:
    first = cell.text.split()[0].strip("().,;:") if cell.text.split() else ""
    if not _CODE.fullmatch(first) or not re.search(r"\d", first) or _DATE.match(first):
        return None
    return Candidate(first, cell.text, cell.place, score, why)
