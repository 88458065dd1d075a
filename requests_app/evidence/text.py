"""A document as rows of cells: what stands on one line, split where the gaps are wide. PDFs and sheets look the same."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from openpyxl.utils import get_column_letter

from requests_app.evidence.findings import Place

#: A gap wider than this share of the line's height separates cells.
GAP = 0.75
_LEVEL = 3.0


@dataclasses.dataclass(frozen=True, slots=True)
class Cell:
    """A piece of text with its place; ``left`` and ``right`` tell its column. ``is_number``: a sheet's own number."""

    text: str
    place: Place
    left: float
    right: float
    is_number: bool = False

    def is_under(self, head: Cell) -> bool:
        """Whether it shares its column with ``head``."""
        return self.left < head.right and head.left < self.right


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """The cells of one line, from left to right. ``sheet_of`` is the page or the sheet it stands on."""

    sheet_of: str
    cells: tuple[Cell, ...]

    @property
    def text(self) -> str:
        """All of it."""
        return "  ".join(cell.text for cell in self.cells)


def rows_of_pdf(pages: list[list[Any]]) -> list[Row]:
    """The rows of all pages: words whose lines are level, from the top to the bottom.

    A word is its text, its box, and, if it was read from a picture laid askew, its box on the page as it is shown.
    """
    return [row for number, words in enumerate(pages, 1) for row in _rows_of_page(number, words)]


def _rows_of_page(number: int, words: list[Any]) -> Iterator[Row]:
    lines: list[list[Any]] = []
    for word in sorted(words, key=lambda each: (each[1][3], each[1][0])):
        if lines and abs(lines[-1][0][1][3] - word[1][3]) <= _LEVEL:
            lines[-1].append(word)
        else:
            lines.append([word])
    for line in lines:
        yield Row(str(number), tuple(_cells(number, sorted(line, key=lambda each: each[1][0]))))


def _cells(number: int, line: list[Any]) -> Iterator[Cell]:
    group: list[Any] = []
    for word in line:
        if group and word[1][0] - group[-1][1][2] > GAP * (group[-1][1][3] - group[-1][1][1]):
            yield _cell(number, group)
            group = []
        group.append(word)
    if group:
        yield _cell(number, group)


def _cell(number: int, group: list[Any]) -> Cell:
    sides = list(zip(*(word[1] for word in group), strict=True))
    shown = list(zip(*(word[-1] for word in group), strict=True))
    box = (min(shown[0]), min(shown[1]), max(shown[2]), max(shown[3]))
    return Cell(" ".join(word[0] for word in group), Place(page=number, box=box), min(sides[0]), max(sides[2]))


def rows_of_sheets(sheets: dict[str, list[list[Any]]]) -> list[Row]:
    """The rows of all sheets; empty cells are left out."""
    found = []
    for name, rows in sheets.items():
        for height, values in enumerate(rows, 1):
            cells = tuple(
                Cell(_shown(value), Place(sheet=name, cell=f"{get_column_letter(column)}{height}"), column, column + 0.9,
                     isinstance(value, (int, float)) and not isinstance(value, bool))
                for column, value in enumerate(values, 1) if _shown(value)
            )  # fmt: skip
            if cells:
                found.append(Row(name, cells))
    return found


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, dict):
        return str(next(iter(value.values()), ""))
    return " ".join(str(value).split())
