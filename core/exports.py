"""Writing tables that spreadsheet programs open: what a person typed stays text, and never becomes a formula.

Every workbook cell of the portal is written by :func:`put`, every CSV value by :func:`harmless`.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

#: Texts that a spreadsheet would take for a formula once somebody edits or re-saves them.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "％", "＝", "＋", "－", "＠")
#: Digits that a spreadsheet's binary numbers keep for certain; longer figures are written as text.
EXACT_DIGITS = 15
#: Characters that one cell holds.
LONGEST = 32_767


def harmless(value: Any) -> str:
    """``value`` as text of a CSV file that no spreadsheet takes for a formula: an apostrophe before it where needed."""
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def put(cell: Any, value: Any, *, bold: bool = False) -> Any:
    """Write ``value`` into ``cell`` and return it. Moments become UTC, figures stay exact, texts stay texts."""
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        value = value.astimezone(dt.UTC).replace(tzinfo=None)
    elif isinstance(value, Promise):
        value = str(value)
    elif isinstance(value, Decimal):
        value = _figure(value)
    if bold:
        cell.font = Font(bold=True)
    if not isinstance(value, str):
        cell.value = value
        return cell
    if not value:
        return cell
    # what XML cannot hold; and _xHHHH_, which is how the format escapes characters
    text = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", value)[:LONGEST]
    cell.value = re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", text)
    cell.data_type = "s"
    if text.lstrip(" ").startswith(FORMULA):
        cell.quotePrefix = True
    return cell


def new_cell(sheet: Any, value: Any, *, bold: bool = False) -> Any:
    """A cell for a row of a sheet that is only written, row by row."""
    return put(WriteOnlyCell(sheet), value, bold=bold)


def _figure(value: Decimal) -> Decimal | str:
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return Decimal(text) if sum(char.isdigit() for char in text) <= EXACT_DIGITS else text
