"""Labels and what they label: the rest of the cell, the next cell, or the cells of the column below."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from requests_app.evidence.text import Cell, Row

#: Rows below a head that may belong to its column, and rows below a label where its value may stand.
DEPTH, NEAR = 80, 2
TOTAL = re.compile(r"\b(grand )?totale?s?\b|\bsuma\b")


def folded(text: str) -> str:
    """Lower case without accents, of the same length as ``text``."""
    return "".join(unicodedata.normalize("NFD", letter)[0].lower()[:1] or letter for letter in text)


def after(row: Row, place: int, end: int) -> Cell | None:
    """What follows a label that ends at ``end`` in cell ``place``: the rest of that cell, or the next cell."""
    cell = row.cells[place]
    rest = cell.text[end:].lstrip(" .:#-–=\t")
    if rest:
        return Cell(rest, cell.place, cell.left, cell.right)
    return row.cells[place + 1] if place + 1 < len(row.cells) else None


def below(rows: list[Row], at: int, head: Cell, depth: int = DEPTH) -> Iterator[tuple[Row, Cell]]:
    """The cells under ``head`` on the same page or sheet, with their rows."""
    for row in rows[at + 1 : at + 1 + depth]:
        if row.sheet_of != rows[at].sheet_of:
            return
        for cell in row.cells:
            if cell.is_under(head):
                yield row, cell
                break
