"""Writing the layout of a PVF workbook: the empty template, and a PVF as it stands."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Mapping
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from pvf.domain.rows import ProposedLine
from pvf.domain.workbook import COLUMNS, HEAD, HEAD_SHEET, LINE_SHEET


def write_pvf(head: Mapping[str, str | dt.date], rows: Iterable[ProposedLine] = ()) -> bytes:
    """A workbook that :func:`pvf.domain.workbook.read_pvf` reads. ``head``: number, period_start, period_end."""
    book = Workbook()
    first: Any = book.active
    first.title = HEAD_SHEET
    for field, headers in HEAD.items():
        first.append([headers[0], head.get(field, "")])
    first.column_dimensions["A"].width, first.column_dimensions["B"].width = 20, 24
    sheet = book.create_sheet(LINE_SHEET)
    sheet.append([headers[0] for headers in COLUMNS.values()])
    for cell in sheet[1]:
        cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True)
    for row in rows:
        sheet.append(
            [
                row.line_number, row.product_name, row.label_name, row.scope, "; ".join(row.hts_codes),
                "; ".join(row.origins), row.quantity, row.unit, row.volume_basis,
            ]
        )  # fmt: skip
    for number in range(1, len(COLUMNS) + 1):
        sheet.column_dimensions[get_column_letter(number)].width = 22
    sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
