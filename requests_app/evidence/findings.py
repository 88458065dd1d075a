"""What is found in a document, and where."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from requests_app.evidence.text import Row


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where a text stands: page (from 1) and box, or sheet and cell.

    A box is (left, top, right, bottom) in PDF points from the upper left corner of the page as it is shown.
    """

    page: int = 0
    box: tuple[float, float, float, float] | None = None
    sheet: str = ""
    cell: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Candidate:
    """A value that a document seems to give: the value, the text as printed, its place, a score (0 to 100), and why.

    ``within``: kilograms by which a weight may be off because the document rounds it.
    """

    value: str
    text: str
    place: Place
    score: int
    why: str
    within: Decimal = Decimal("0.001")

    @property
    def kilograms(self) -> Decimal:
        """The value of a weight."""
        return Decimal(self.value)


@dataclasses.dataclass(frozen=True, slots=True)
class Evidence:
    """All candidates of a document, best first. ``has_text`` False: nothing could be read; somebody has to look.

    ``pages_by_ocr``: pages read from their picture, with the errors of that; ``pages_without_text``: nothing was read on them.
    ``rows`` is the text the candidates were found in.
    """

    has_text: bool = False
    pages: int = 0
    pages_without_text: tuple[int, ...] = ()
    pages_by_ocr: tuple[int, ...] = ()
    net_weight_kg: tuple[Candidate, ...] = ()
    lots: tuple[Candidate, ...] = ()
    invoice_number: tuple[Candidate, ...] = ()
    importer: tuple[Candidate, ...] = ()
    organic: tuple[Candidate, ...] = ()
    rows: tuple[Row, ...] = dataclasses.field(default=(), repr=False, compare=False)


def best_first(found: list[Candidate]) -> tuple[Candidate, ...]:
    """Each value once, by score; among equals the one printed first."""
    kept: dict[str, Candidate] = {}
    for one in sorted(found, key=lambda each: -each.score):
        kept.setdefault(one.value, one)
    return tuple(kept.values())
