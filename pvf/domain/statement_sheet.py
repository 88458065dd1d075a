"""A statement of account as a workbook. What people typed is written as text, never as a formula."""

from __future__ import annotations

import io
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import Workbook

from core.exports import new_cell
from pvf.domain.statement import BUCKETS, Kilograms, Statement

KG_FORMAT = "#,##0.000"
_WIDTHS = (8, 22, 26, 30, 12, 20, 12, 20, 14, 22, 14, 14, 14, 14, 14, 8)


def write(statement: Statement) -> bytes:
    """The workbook's bytes: head, opening balance, one row a movement, closing balance. Times are UTC."""
    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet(_("Statement"))
    for number, width in enumerate(_WIDTHS):
        sheet.column_dimensions[chr(ord("A") + number)].width = width
    for label, value in _head(statement):
        sheet.append([_cell(sheet, label, bold=True), _cell(sheet, value)])
    sheet.append([])
    sheet.append([_cell(sheet, title, bold=True) for title in _titles()])
    sheet.append(_balance(sheet, _("opening balance"), statement.opening))
    for entry in statement.entries:
        texts = (
            entry.sequence, entry.at, entry.cause.label, entry.reason, entry.source.label, entry.source_holder,
            entry.target.label, entry.target_holder, entry.kg, entry.made_by,
        )  # fmt: skip
        figures = (*_figures(entry.after), _("yes") if entry.agrees else _("NO"))
        sheet.append([_cell(sheet, value) for value in (*texts, *figures)])
    sheet.append(_balance(sheet, _("closing balance"), statement.closing))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _head(statement: Statement) -> Iterable[tuple[str, Any]]:
    line = statement.line
    yield _("Exporter"), line.pvf.client.operation.name
    yield _("PVF"), line.pvf.number
    yield _("Line"), line.line_number
    yield _("From"), statement.since if statement.since else _("the beginning")
    yield _("Until"), statement.until
    yield _("Movements"), statement.count


def _titles() -> list[str]:
    return [
        _("No."), _("When (UTC)"), _("Why"), _("Reason"), _("From"), _("Held by"), _("To"), _("Then held by"), _("kg"),
        _("Entered by"), _("Available after"), _("Reserved after"), _("Certified after"), _("Shipped after"),
        _("Authorised after"), _("Adds up"),
    ]  # fmt: skip


def _figures(kilograms: Kilograms) -> tuple[Decimal, ...]:
    return (*(getattr(kilograms, bucket.value) for bucket in BUCKETS), kilograms.authorised)


def _balance(sheet: Any, label: str, kilograms: Kilograms) -> list[Any]:
    empty = [None] * 7
    return [None, None, _cell(sheet, label, bold=True), *empty, *(_cell(sheet, kg) for kg in _figures(kilograms))]


def _cell(sheet: Any, value: Any, *, bold: bool = False) -> Any:
    cell = new_cell(sheet, value, bold=bold)
    if isinstance(value, Decimal):
        cell.number_format = KG_FORMAT
    return cell
