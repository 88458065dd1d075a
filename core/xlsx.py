"""Small workbooks from outside, read in the limited process: bounded, checked, then given as plain cells."""

from __future__ import annotations

import datetime as dt
from typing import IO, Any

from django.utils.translation import gettext as _

from core import sandbox
from core.errors import InvalidInput
from core.inspection import Unfit
from core.uploads import in_words

#: Bounds of an archive that is read as a stream (:mod:`core.xlsx_stream`); small ones have theirs in the inspection.
MAX_ENTRIES = 500
MAX_RATIO = 200
Cell = str | int | float | bool | dt.date | dt.datetime | dt.time | dt.timedelta | None


def bomb() -> InvalidInput:
    """The refusal of a workbook that unpacks into too much."""
    return in_words(Unfit("FILE-BOMB"))


def read_sheets(source: bytes | IO[bytes]) -> dict[str, list[list[Cell]]]:
    """The rows of each sheet by its name, from the first row and column on; empty cells are empty texts.

    Raises ``InvalidInput`` for anything that is not a sound XLSX (:func:`core.uploads.accept`), ``SandboxAway``.
    """
    try:
        found = sandbox.run("sheets", source)
    except Unfit as refusal:
        if refusal.code == "FILE-BROKEN":
            text = _("The workbook cannot be read. Save it again as XLSX.")
            raise InvalidInput("FILE-BROKEN", text, field="file") from refusal
        raise in_words(refusal) from refusal
    return {str(name): [[_cell(value) for value in row] for row in rows] for name, rows in found.items()}


def _cell(value: Any) -> Cell:
    if not isinstance(value, dict):
        return value if isinstance(value, (str, int, float, bool)) else None
    if "moment" in value:
        return dt.datetime.fromisoformat(value["moment"])
    if "date" in value:
        return dt.date.fromisoformat(value["date"])
    if "time" in value:
        return dt.time.fromisoformat(value["time"])
    return dt.timedelta(milliseconds=value["milliseconds"])
