"""Lots: codes after "lot", or under it in a table."""

from __future__ import annotations

import re

from requests_app.evidence import labels
from requests_app.evidence.findings import Candidate, best_first
from requests_app.evidence.text import Cell, Row

_LABEL = re.compile(
    r"\b(?:lots?|lotes?|batch(?:es)?|partidas?)\b\s*(?:/\s*(?:lots?|lotes?|batch|partida))?\s*(?:\(s\))?\s*"
    r"(?:numbers?|numeros?|codes?|codigos?|ids?\b|nos?\b\.?|nums?\b\.?|n[°º]s?\.?|nr\.?|#)?\s*(?:\(s\))?\s*(?:de lotes?\s*)?[:#]?"
)
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9]*(?:[-/._][A-Za-z0-9]+)*")
_SPLIT = re.compile(r"\s*[,;&+|]\s*|\s+(?:and|y|e|und)\s+|\s+")
_NOT = re.compile(r"^\d{1,2}$|^\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}$|^\d+(kg|kgs|lb|lbs|mt)$", re.IGNORECASE)
_TARIFF = re.compile(r"\b(arancelaria|tariff|hts)\b")


def find(rows: list[Row]) -> tuple[Candidate, ...]:
    """Candidates, each lot once, in the order of the best."""
    found: list[Candidate] = []
    for at, row in enumerate(rows):
        for place, cell in enumerate(row.cells):
            text = labels.folded(cell.text)
            match = _LABEL.search(text)
            if not match or _TARIFF.search(text):
                continue
            rest = cell.text[match.end() :].strip(" :.#-")
            if rest:
                found += _codes(Cell(rest, cell.place, cell.left, cell.right), 90, "after its label")
                continue
            if match.start() > 24:
                continue
            if place + 1 < len(row.cells) and (beside := _codes(row.cells[place + 1], 85, "beside its label")):
                found += beside
                found += _continued(rows, at, row.cells[place + 1])
            else:
                found += _column(rows, at, cell)
    return best_first(found)


def _continued(rows: list[Row], at: int, first: Cell) -> list[Candidate]:
    """Codes on the lines below that have no label of their own."""
    found: list[Candidate] = []
    for row, cell in labels.below(rows, at, first, 4):
        if len(row.cells) > 1 or not (more := _codes(cell, 75, "below a lot")):
            break
        found += more
    return found


def _column(rows: list[Row], at: int, head: Cell) -> list[Candidate]:
    found: list[Candidate] = []
    for row, cell in labels.below(rows, at, head):
        codes = _codes(cell, 80, "in the column of lots")
        if labels.TOTAL.search(labels.folded(row.text)) or (not codes and found and len(row.cells) < 3):
            break
        found += codes
    return found


def _codes(cell: Cell, score: int, why: str) -> list[Candidate]:
    """The codes that ``cell`` begins with: letters and digits, one digit at least; the first other word ends them."""
    found = []
    for piece in _SPLIT.split(cell.text.strip()):
        bare = piece.strip("().:#[]")
        if not bare:
            continue
        if not _CODE.fullmatch(bare) or not re.search(r"\d", bare) or _NOT.match(bare) or len(bare) < 3:
            break
        found.append(Candidate(bare, cell.text, cell.place, score, why))
    return found
