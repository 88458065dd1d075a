"""Labels and what they label: the cells of the column below, what stands under a label in a form."""

from __future__ import annotations

import re
from collections.abc import Iterator

from requests_app.evidence.text import Cell, Row

#: Rows below a head that may belong to its column.
DEPTH = 80
#: Heads of a field whose columns are read, in one document.
MOST_HEADS = 120
TOTAL = re.compile(r"\b(?:grand |gran )?total(?:e?s)?\b|\bsuma(?:s|toria)?\b|\btot\.")
SUBTOTAL = re.compile(r"\bsub[\s-]?total")


def column(rows: list[Row], at: int, place: int, depth: int = DEPTH) -> Iterator[tuple[Row, Cell]]:
    """The cells below cell ``place`` of the head row ``at`` in its column, on the same page or sheet, with their rows."""
    heads = rows[at].cells
    head = heads[place]
    before = heads[place - 1] if place else None
    behind = heads[place + 1] if place + 1 < len(heads) else None
    span = (head.left, head.right)
    for row in rows[at + 1 : at + 1 + depth]:
        if row.sheet_of != rows[at].sheet_of:
            return
        cell = _own(row, heads, place, span)
        if cell is None:
            continue
        left = max(min(span[0], cell.left), before.right if before else 0)
        right = min(max(span[1], cell.right), behind.left if behind else 1e9)
        span = (min(left, head.left), max(right, head.right))
        yield row, cell


def _own(row: Row, heads: tuple[Cell, ...], place: int, span: tuple[float, float]) -> Cell | None:
    """The cell of ``row`` in the column: by overlap, by its number among as many cells, or by lying between the others."""
    touching = [cell for cell in row.cells if cell.overlap(*span) > 0]
    touching = [cell for cell in touching if not _closer_elsewhere(cell, heads, place, span)]
    if touching:
        return max(touching, key=lambda cell: cell.overlap(*span))
    if row.is_sheet or len(heads) < 2:
        return None
    left = heads[place - 1].right if place else 0.0
    right = heads[place + 1].left if place + 1 < len(heads) else 1e9
    if len(row.cells) == len(heads):
        cell = row.cells[place]
        near_left = heads[place - 1].left if place else 0.0
        near_right = heads[place + 1].right if place + 1 < len(heads) else 1e9
        return cell if cell.left > near_left and cell.right < near_right else None
    between = [cell for cell in row.cells if cell.left >= left and cell.right <= right]
    return between[0] if len(between) == 1 and place else None


def _closer_elsewhere(cell: Cell, heads: tuple[Cell, ...], place: int, span: tuple[float, float]) -> bool:
    own = max(cell.overlap(*span), cell.overlap(heads[place].left, heads[place].right))
    return any(cell.overlap(other.left, other.right) > own for at, other in enumerate(heads) if at != place)


def under(rows: list[Row], at: int, cell: Cell, lines: float = 1.3) -> Cell | None:
    """What stands closely under a label in a form: a cell of the next lines that begins at its side, or lies below it."""
    for row in rows[at + 1 : at + 5]:
        if row.sheet_of != rows[at].sheet_of:
            return None
        for one in row.cells:
            if one.top - cell.bottom > lines * max(cell.height, one.height):
                return None
            if abs(one.left - cell.left) <= max(4.0, 0.3 * cell.height) if not row.is_sheet else one.left == cell.left:
                return one
        touching = [
            one for one in row.cells
            if one.overlap(cell.left, cell.right) > 0.5 * min(cell.right - cell.left, one.right - one.left)
        ]  # fmt: skip
        if touching:
            return touching[0]
    return None


def whole_head(rows: list[Row], at: int, cell: Cell) -> str:
    """A head of several lines as one text: ``Net weight`` above ``(kg)``."""
    text, last = cell.text, cell
    if rows[at].is_sheet:
        return text
    for row in rows[at + 1 : at + 4]:
        more = next((one for one in row.cells if one.overlap(last.left, last.right) > 0), None)
        if more is None:
            continue
        gap = more.top - last.bottom
        if gap > 0.6 * last.height or re.search(r"\d", more.text) or len(more.text) > 22:
            break
        text, last = f"{text} {more.text}", more
    return text
