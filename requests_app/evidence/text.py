"""A document as rows of cells: what stands on one line, split where the gaps are wide. PDFs and sheets look the same."""

from __future__ import annotations

import bisect
import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from openpyxl.utils import get_column_letter

from requests_app.evidence.findings import Place
from requests_app.evidence.vocabulary import is_label

#: A gap between words separates cells if it is so many times the space of the page, within these shares of a line's height.
_SPACES, _SEEN_SPACES, _LEAST, _MOST = 1.5, 1.8, 0.3, 0.9
_COMMON_SPACE = 0.27
#: A space so wide is that of a typewriter's letters, all alike.
_TYPED, _TYPED_SPACES = 0.45, 1.2
#: A gap so wide is no space between words.
_WIDEST = 0.6
_LEVEL = 3.0
#: Lines of a block at most, and points below which nothing goes on.
_MOST_LINES, _FAR = 40, 60.0
#: Words of labels that are often printed above one another.
_FIRST_WORDS = frozenset(
    "net gross peso total invoice lot batch ultimate commercial comercial nett quantity factura".split()
)
_SECOND_WORDS = frozenset(
    (
        "weight",
        "wt",
        "number",
        "no",
        "num",
        "nº",
        "n°",
        "neto",
        "bruto",
        "consignee",
        "invoice no",
        "invoice number",
        "invoice",
        "mass",
        "code",
        "id",
    )
)
#: Between cells of a row, and between the lines of a block, in a joined text.
ACROSS, DOWN = " ¦ ", "\n"


@dataclasses.dataclass(frozen=True, slots=True)
class Cell:
    """A piece of text with its place. The sides tell what it stands beside and under; ``is_number``: a sheet's own number.

    ``lines``: its lines, where it has several.
    """

    text: str
    place: Place
    left: float
    right: float
    is_number: bool = False
    top: float = 0
    bottom: float = 1
    lines: tuple[str, ...] = ()

    def overlap(self, left: float, right: float) -> float:
        """By how much it lies between ``left`` and ``right``."""
        return min(self.right, right) - max(self.left, left)

    def is_level_with(self, other: Cell) -> bool:
        """Whether both begin at the same side, or have the same middle."""
        return abs(self.left - other.left) <= 3 or abs(self.left + self.right - other.left - other.right) <= 4

    @property
    def height(self) -> float:
        """From top to bottom."""
        return self.bottom - self.top


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """The cells of one line, from left to right. ``sheet_of`` is the page or the sheet it stands on."""

    sheet_of: str
    cells: tuple[Cell, ...]
    is_sheet: bool = False

    @property
    def text(self) -> str:
        """All of it."""
        return "  ".join(cell.text for cell in self.cells)


@dataclasses.dataclass(frozen=True, slots=True)
class Joined:
    """Cells as one text, and which cell a letter of it belongs to."""

    text: str
    cells: tuple[Cell, ...]
    starts: tuple[int, ...]

    def cell_at(self, offset: int) -> Cell:
        """The cell that the letter at ``offset`` stands in."""
        return self.cells[max(bisect.bisect_right(self.starts, offset) - 1, 0)]


def joined(cells: Sequence[Cell], between: str) -> Joined:
    """The texts of ``cells``, ``between`` them ``ACROSS`` or ``DOWN``."""
    starts, text = [], ""
    for cell in cells:
        # a code or a word that is broken at the end of a line goes on without a space
        text += between if text and not (between == DOWN and text.endswith("-") and text[-2:-1].isalnum()) else ""
        starts.append(len(text))
        text += cell.text
    return Joined(text, tuple(cells), tuple(starts))


def blocks(rows: Sequence[Row]) -> Iterator[Joined]:
    """Lines that stand closely under one another and begin at the same side: paragraphs, addresses, cells of several lines."""
    running: list[list[Cell]] = []
    page = ""
    for row in rows:
        if row.is_sheet:
            continue
        if row.sheet_of != page:
            yield from (joined(block, DOWN) for block in running if len(block) > 1)
            running, page = [], row.sheet_of
        ended = [block for block in running if row.cells[0].top - block[-1].bottom > _FAR]
        yield from (joined(block, DOWN) for block in ended if len(block) > 1)
        running = [block for block in running if row.cells[0].top - block[-1].bottom <= _FAR]
        for cell in row.cells:
            above = next((block for block in running if len(block) < _MOST_LINES and _continues(block[-1], cell)), None)
            if above is None:
                running.append([cell])
            else:
                above.append(cell)
    yield from (joined(block, DOWN) for block in running if len(block) > 1)


def _continues(last: Cell, cell: Cell) -> bool:
    gap = cell.top - last.bottom
    return abs(cell.left - last.left) <= 3 and -0.5 * last.height < gap < 0.65 * min(last.height, cell.height)


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
    lines = [sorted(line, key=lambda each: each[1][0]) for line in lines]
    # what was read from a picture has looser boxes
    space = _space(lines)
    many = _SEEN_SPACES if words and len(words[0]) > 2 else _SPACES if space < _TYPED else _TYPED_SPACES
    wide = min(max(many * space, _LEAST), _MOST)
    rows = _unbroken([Row(str(number), tuple(_cells(number, line, wide))) for line in lines])
    yield from _unwrapped(list(_untangled(rows)))


def _unbroken(rows: list[Row]) -> list[Row]:
    """Codes that are broken after a hyphen, put together: "QN-2603-" above "B"."""
    made = [list(row.cells) for row in rows]
    for at, cells in enumerate(made):
        for place, cell in enumerate(cells):
            if not (cell.text.endswith("-") and cell.text[-2:-1].isdigit()):
                continue
            below = [(line, one) for line in made[at + 1 : at + 4] for one in line if one.is_level_with(cell)]
            if below and below[0][1].top - cell.bottom < 0.3 * cell.height and len(below[0][1].text) <= 12:
                below[0][0].remove(below[0][1])
                cells[place] = _stacked([cell, below[0][1]])
    return [Row(row.sheet_of, tuple(cells)) for row, cells in zip(rows, made, strict=True) if cells]


def _untangled(rows: list[Row]) -> Iterator[Row]:
    """Lines that lie half beside one another are cells of several lines beside cells of one: they become one row."""
    group: list[Row] = []
    for row in rows:
        if group and not _interleaved(group[-1], row):
            yield from _put_together(group)
            group = []
        group.append(row)
    if group:
        yield from _put_together(group)


def _interleaved(one: Row, other: Row) -> bool:
    height = min(one.cells[0].height, other.cells[0].height)
    return one.cells[0].bottom - other.cells[0].top > 0.3 * height


def _put_together(group: list[Row]) -> Iterator[Row]:
    """One row of a tangled group; the lines as they are where one of the stacks is a field of a form, its label on top."""
    if len(group) == 1:
        yield group[0]
        return
    stacks: list[list[Cell]] = []
    for cell in (cell for row in group for cell in row.cells):
        near = [stack for stack in stacks if any(cell.overlap(one.left, one.right) > 0 for one in stack)]
        if near:
            near[0].append(cell)
        else:
            stacks.append([cell])
    if any(len(stack) > 1 and _is_field(stack) for stack in stacks) or len(stacks) < 2:
        yield from group
        return
    cells = (stack[0] if len(stack) == 1 else _stacked(stack) for stack in stacks)
    yield Row(group[0].sheet_of, tuple(sorted(cells, key=lambda cell: cell.left)))


def _is_field(stack: list[Cell]) -> bool:
    behind = stack[1].text
    is_more_of_a_label = len(behind) < 14 and not any(letter.isdigit() for letter in behind)
    return is_label(stack[0].text) and not is_more_of_a_label


def _stacked(stack: list[Cell]) -> Cell:
    text = ""
    for cell in stack:
        text += cell.text if not text or text.endswith("-") else f" {cell.text}"
    boxes = [cell.place.box for cell in stack if cell.place.box]
    box = (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )
    left, right = min(cell.left for cell in stack), max(cell.right for cell in stack)
    place = Place(page=stack[0].place.page, box=box)
    lines = tuple(line for cell in stack for line in cell.lines or (cell.text,))
    return Cell(text, place, left, right, top=stack[0].top, bottom=stack[-1].bottom, lines=lines)


def _unwrapped(rows: list[Row]) -> Iterator[Row]:
    """Labels that go on in the line below, with what goes on beside them: "Net weight" above "(kg)" becomes one cell."""
    waiting: Row | None = None
    for row in rows:
        if waiting is not None and (whole := _with_rest(waiting, row)) is not None:
            waiting = whole
            continue
        if waiting is not None:
            yield waiting
        waiting = row
    if waiting is not None:
        yield waiting


def _with_rest(row: Row, below: Row) -> Row | None:
    if len(row.cells) < 2 or len(below.cells) > len(row.cells):
        return None
    pairs = []
    for cell in below.cells:
        above = next((one for one in row.cells if one.is_level_with(cell)), None)
        if above is None or not -0.4 * above.height < cell.top - above.bottom < 0.3 * min(cell.height, above.height):
            return None
        pairs.append((above, cell))
    if not any(_goes_on(above, cell) for above, cell in pairs):
        return None
    rest = {id(above): cell for above, cell in pairs}
    return Row(row.sheet_of, tuple(_stacked([one, rest[id(one)]]) if id(one) in rest else one for one in row.cells))


def _goes_on(label: Cell, rest: Cell) -> bool:
    """Whether ``rest`` ends the label above it: in lower case, in brackets, or after a word that asks for more."""
    last = label.text.rstrip().rsplit(" ", 1)[-1].lower()
    plain = rest.text.strip()
    open_end = last.endswith(("/", "&", "-")) or last in ("de", "del", "of", "and", "y", "&", "or")
    two_words = last in _FIRST_WORDS and plain.lower().strip(" .:") in _SECOND_WORDS
    fits = open_end or two_words or plain[:1].islower() or plain[:1] in "(/&"
    return (
        fits
        and len(plain) <= 26
        and not any(letter.isdigit() for letter in plain)
        and is_label(label.text)
        and ":" not in label.text
    )


def _space(lines: list[list[Any]]) -> float:
    """The space between words on this page, as a share of their height."""
    gaps = sorted(
        gap
        for line in lines
        for one, other in itertools.pairwise(line)
        if 0.08 < (gap := (other[1][0] - one[1][2]) / max(one[1][3] - one[1][1], 1)) < 1.0
    )
    return gaps[len(gaps) // 4] if gaps and gaps[len(gaps) // 4] < _WIDEST else _COMMON_SPACE


def _cells(number: int, line: list[Any], wide: float) -> Iterator[Cell]:
    group: list[Any] = []
    if _is_even(line):
        yield _cell(number, line)
        return
    for word in line:
        if group and word[1][0] - group[-1][1][2] > wide * (group[-1][1][3] - group[-1][1][1]):
            yield _cell(number, group)
            group = []
        group.append(word)
    if group:
        yield _cell(number, group)


def _is_even(line: list[Any]) -> bool:
    """Whether a line of several words has the same space between all of them, as lines set to both sides have."""
    gaps = [other[1][0] - one[1][2] for one, other in itertools.pairwise(line)]
    return (
        len(gaps) > 4
        and min(gaps) > 0
        and max(gaps) <= 1.15 * min(gaps)
        and max(gaps) < _MOST * (line[0][1][3] - line[0][1][1])
    )


def _cell(number: int, group: list[Any]) -> Cell:
    sides = list(zip(*(word[1] for word in group), strict=True))
    shown = list(zip(*(word[-1] for word in group), strict=True))
    box = (min(shown[0]), min(shown[1]), max(shown[2]), max(shown[3]))
    text = " ".join(word[0] for word in group)
    return Cell(
        text, Place(page=number, box=box), min(sides[0]), max(sides[2]), top=min(sides[1]), bottom=max(sides[3])
    )


def rows_of_sheets(sheets: dict[str, list[list[Any]]]) -> list[Row]:
    """The rows of all sheets; empty cells are left out."""
    found = []
    for name, rows in sheets.items():
        for height, values in enumerate(rows, 1):
            cells = tuple(
                Cell(_shown(value), Place(sheet=name, cell=f"{get_column_letter(column)}{height}"), column, column + 0.9,
                     isinstance(value, (int, float)) and not isinstance(value, bool), height, height + 0.9)
                for column, value in enumerate(values, 1) if _shown(value)
            )  # fmt: skip
            if cells:
                found.append(Row(name, cells, is_sheet=True))
    return found


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, dict):
        return str(next(iter(value.values()), ""))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return " ".join(str(value).split())
