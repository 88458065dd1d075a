"""Writing the layout of a PVF workbook: the empty template, and a PVF as it stands, so that it is read back the same."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Mapping
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from core.exports import put
from pvf.domain.rows import ProposedLine
from pvf.domain.workbook import COLUMNS, HEAD, HEAD_SHEET, LINE_SHEET, PURCHASE_SHEET, PURCHASES


def write_pvf(head: Mapping[str, str | dt.date], rows: Iterable[ProposedLine] = ()) -> bytes:
    """A workbook that :func:`pvf.domain.workbook.read_pvf` reads. ``head``: number, period_start, period_end."""
    lines = list(rows)
    book = Workbook()
    first: Any = book.active
    first.title = HEAD_SHEET
    for field, headers in HEAD.items():
        _append(first, [headers[0], head.get(field, "")])
    first.column_dimensions["A"].width, first.column_dimensions["B"].width = 20, 24
    _sheet(book, LINE_SHEET, COLUMNS, (_line(row) for row in lines))
    _sheet(book, PURCHASE_SHEET, PURCHASES, (cells for row in lines for cells in _purchases(row)))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _sheet(book: Workbook, title: str, columns: Mapping[str, tuple[str, ...]], rows: Iterable[list[Any]]) -> None:
    sheet = book.create_sheet(title)
    sheet.append([headers[0] for headers in columns.values()])
    for cell in sheet[1]:
        cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True)
    for row in rows:
        _append(sheet, row)
    for number in range(1, len(columns) + 1):
        sheet.column_dimensions[get_column_letter(number)].width = 22
    sheet.freeze_panes = "A2"


def _line(row: ProposedLine) -> list[Any]:
    basis, conversion = row.basis, row.basis.conversion
    return [
        row.line_number, row.product_name, row.label_name, row.scope, "; ".join(row.hts_codes), "; ".join(row.origins),
        row.quantity, row.unit, row.volume_basis, basis.opening_kg or "", basis.production_kg or "",
        conversion.input_product if conversion else "", (conversion.input_line if conversion else None) or "",
        conversion.input_kg if conversion else "", conversion.output_kg if conversion else "",
        basis.input_production_kg or "",
    ]  # fmt: skip


def _purchases(row: ProposedLine) -> Iterable[list[Any]]:
    for item in row.basis.purchases:
        yield [
            row.line_number, item.kg, item.supplier_nop_id, item.supplier_name, item.reference,
            "yes" if item.of_input else "no", str(item.document or ""),
        ]  # fmt: skip


def _append(sheet: Any, values: list[Any]) -> None:
    """A row whose texts stay texts: nothing that a person typed becomes a formula, an error or an escape."""
    at = sheet.max_row + 1 if sheet.max_row > 1 or sheet.cell(1, 1).value is not None else 1
    for column, value in enumerate(values, start=1):
        put(sheet.cell(at, column), value)
