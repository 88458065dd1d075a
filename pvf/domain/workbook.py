"""A PVF as a workbook: columns found by their headers, errors row by row, nothing half-imported.

The layout is ours (``docs/pvf-workbook.md``): a sheet "PVF" whose first column names number and period, and a sheet
"Lines" with one product a row.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

import pycountry
from django.utils.translation import gettext as _
from python_calamine import CalamineWorkbook

from core.units import MAX_KG, Unit, to_kg
from core.xlsx import safe_workbook
from organizations.models import Scope
from pvf.domain.rows import ProposedLine

HEAD_SHEET, LINE_SHEET = "PVF", "Lines"
#: Field → headers that name it, in English and Spanish, without regard to case.
HEAD: dict[str, tuple[str, ...]] = {
    "number": ("PVF number", "Número de PVF"),
    "period_start": ("Period start", "Inicio del período"),
    "period_end": ("Period end", "Fin del período"),
}
COLUMNS: dict[str, tuple[str, ...]] = {
    "line_number": ("Line", "Línea"),
    "product_name": ("Product", "Producto"),
    "label_name": ("Label name", "Nombre en la etiqueta"),
    "scope": ("Scope", "Alcance"),
    "hts_codes": ("HTS codes", "Códigos HTS"),
    "origins": ("Origins", "Orígenes"),
    "quantity": ("Quantity", "Cantidad"),
    "unit": ("Unit", "Unidad"),
    "volume_basis": ("Volume basis", "Base del volumen"),
}
OPTIONAL = frozenset({"unit", "volume_basis"})


@dataclasses.dataclass(frozen=True, slots=True)
class RowError:
    """One thing that is wrong: ``row`` as the spreadsheet counts (0: the sheet itself), the column's header, how to mend it."""

    row: int
    column: str
    message: str


@dataclasses.dataclass(slots=True)
class ParsedPVF:
    """What a workbook says. ``rows`` are to be used only where ``errors`` is empty."""

    number: str = ""
    period_start: dt.date | None = None
    period_end: dt.date | None = None
    rows: list[ProposedLine] = dataclasses.field(default_factory=list)
    errors: list[RowError] = dataclasses.field(default_factory=list)


class _Wrong(Exception):
    """A cell that cannot be used; the message says how to mend it."""


def read_pvf(data: bytes) -> ParsedPVF:
    """Read a workbook. Raises ``InvalidInput`` where it is no sound XLSX; everything else is an entry of ``errors``."""
    book = safe_workbook(data)
    parsed = ParsedPVF()
    for name in (HEAD_SHEET, LINE_SHEET):
        if name not in book.sheet_names:
            text = _("The sheet “%(name)s” is missing.") % {"name": name}
            parsed.errors.append(RowError(0, name, text))
    if not parsed.errors:
        _read_head(book, parsed)
        _read_lines(book, parsed)
    return parsed


def _read_head(book: CalamineWorkbook, parsed: ParsedPVF) -> None:
    found: dict[str, tuple[int, Any]] = {}
    for number, row in enumerate(book.get_sheet_by_name(HEAD_SHEET).to_python(skip_empty_area=False), start=1):
        cells = [cell for cell in row if cell not in ("", None)]
        field = _field_of(cells[0], HEAD) if cells else None
        if field is not None:
            found[field] = (number, cells[1] if len(cells) > 1 else "")
    for field, headers in HEAD.items():
        number, value = found.get(field, (0, ""))
        try:
            setattr(parsed, field, _text(value, 40) if field == "number" else _date(value))
        except _Wrong as wrong:
            parsed.errors.append(RowError(number, headers[0], str(wrong)))
    if parsed.period_start and parsed.period_end and parsed.period_start > parsed.period_end:
        parsed.errors.append(
            RowError(found["period_end"][0], HEAD["period_end"][0], _("The period ends before it starts."))
        )


def _read_lines(book: CalamineWorkbook, parsed: ParsedPVF) -> None:
    rows = book.get_sheet_by_name(LINE_SHEET).to_python(skip_empty_area=False)
    head_at = next(
        (at for at, row in enumerate(rows) if _field_of(row[0] if row else "", COLUMNS) or _header(row)), None
    )
    if head_at is None:
        text = _("No row with the headers was found: the first one is “%(header)s”.")
        parsed.errors.append(RowError(0, LINE_SHEET, text % {"header": COLUMNS["line_number"][0]}))
        return
    columns = {field: at for at, cell in enumerate(rows[head_at]) if (field := _field_of(cell, COLUMNS))}
    for field, headers in COLUMNS.items():
        if field not in columns and field not in OPTIONAL:
            text = _("The column “%(header)s” is missing.") % {"header": headers[0]}
            parsed.errors.append(RowError(head_at + 1, headers[0], text))
    if parsed.errors:
        return
    seen: dict[int, int] = {}
    for number, row in enumerate(rows[head_at + 1 :], start=head_at + 2):
        if all(cell in ("", None) for cell in row):
            continue
        line = _read_line(number, row, columns, parsed.errors)
        if line is None:
            continue
        if line.line_number in seen:
            text = _("Line %(line)s stands in row %(row)s already.") % {
                "line": line.line_number,
                "row": seen[line.line_number],
            }
            parsed.errors.append(RowError(number, COLUMNS["line_number"][0], text))
        seen.setdefault(line.line_number, number)
        parsed.rows.append(line)
    if not parsed.rows and not parsed.errors:
        parsed.errors.append(RowError(0, LINE_SHEET, _("There are no lines.")))


def _header(row: list[Any]) -> bool:
    return sum(1 for cell in row if _field_of(cell, COLUMNS)) >= 3


def _field_of(cell: Any, fields: dict[str, tuple[str, ...]]) -> str | None:
    text = str(cell).strip().rstrip(":").casefold()
    return next((field for field, names in fields.items() if text in {name.casefold() for name in names}), None)


def _read_line(number: int, row: list[Any], columns: dict[str, int], errors: list[RowError]) -> ProposedLine | None:
    readers: dict[str, Callable[[Any], Any]] = {
        "line_number": _line_number, "product_name": _text, "label_name": _text, "scope": _scope,
        "hts_codes": _hts_codes, "origins": _origins, "quantity": _quantity, "unit": _unit, "volume_basis": _basis,
    }  # fmt: skip
    values: dict[str, Any] = {}
    wrong = False
    for field, read in readers.items():
        at = columns.get(field)
        cell = row[at] if at is not None and at < len(row) else ""
        try:
            values[field] = read(cell)
        except _Wrong as problem:
            errors.append(RowError(number, COLUMNS[field][0], str(problem)))
            wrong = True
    if wrong:
        return None
    try:
        to_kg(values["quantity"], values["unit"])
    except ValueError:
        errors.append(
            RowError(number, COLUMNS["quantity"][0], _("The quantity is larger than any weight the ledger can hold."))
        )
        return None
    return ProposedLine(**values)


def _text(cell: Any, longest: int = 200) -> str:
    text = _plain(cell)
    if not text:
        raise _Wrong(_("The cell is empty."))
    if len(text) > longest:
        raise _Wrong(_("The text is longer than %(longest)s characters.") % {"longest": longest})
    return text


def _plain(cell: Any) -> str:
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        number = _decimal(cell)
        return format(number.to_integral_value() if number == number.to_integral_value() else number, "f")
    return str(cell).strip()


def _basis(cell: Any) -> str:
    return _plain(cell) if cell not in ("", None) else ""


def _decimal(cell: Any) -> Decimal:
    # the workbook holds binary numbers; their shortest decimal spelling is what the person typed
    try:
        number = Decimal(repr(cell) if isinstance(cell, (int, float)) else str(cell).strip().replace(" ", ""))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise _Wrong(_("“%(cell)s” is not a number. Write it like 19250.5.") % {"cell": str(cell)[:40]})
    return number


def _quantity(cell: Any) -> Decimal:
    if cell in ("", None):
        raise _Wrong(_("The cell is empty."))
    if isinstance(cell, str) and "," in cell:
        raise _Wrong(_("“%(cell)s” can be read in two ways. Write it without commas, like 19250.5.") % {"cell": cell})
    quantity = _decimal(cell)
    if quantity <= 0:
        raise _Wrong(_("Enter a quantity above zero."))
    if quantity > MAX_KG:
        raise _Wrong(_("The quantity is larger than any weight the ledger can hold."))
    if quantity != round(quantity, 6):
        raise _Wrong(_("The quantity has more than six decimal places."))
    return quantity


def _line_number(cell: Any) -> int:
    number = _decimal(cell) if cell not in ("", None) else Decimal(0)
    if number != number.to_integral_value() or not 1 <= number <= 9999:
        raise _Wrong(_("Give the line a whole number from 1."))
    return int(number)


def _scope(cell: Any) -> str:
    text = _plain(cell)
    for value, label in Scope.choices:
        if text.casefold() in {value.casefold(), str(label).casefold()}:
            return value
    raise _Wrong(
        _("“%(cell)s” is no scope. Use one of: %(scopes)s.") % {"cell": text, "scopes": ", ".join(Scope.values)}
    )


def _unit(cell: Any) -> str:
    text = _plain(cell).upper() if cell not in ("", None) else Unit.KGM.value
    text = {"KG": "KGM", "LB": "LBR", "LBS": "LBR", "T": "TNE", "MT": "TNE"}.get(text, text)
    if text not in Unit.values:
        raise _Wrong(
            _("“%(cell)s” is no unit. Use one of: %(units)s.") % {"cell": text, "units": ", ".join(Unit.values)}
        )
    return text


def _split(cell: Any) -> Iterable[str]:
    return [part for part in re.split(r"[,;\n]+", _plain(cell)) if part.strip()]


def _hts_codes(cell: Any) -> tuple[str, ...]:
    codes = [re.sub(r"[.\s]", "", part) for part in _split(cell)]
    if isinstance(cell, (int, float)) and codes and len(codes[0]) == 9:
        raise _Wrong(_("The leading zero is lost. Format the column as text, or write the code with dots."))
    if not codes:
        raise _Wrong(_("The cell is empty."))
    bad = [code for code in codes if not re.fullmatch(r"\d{10}", code)]
    if bad:
        raise _Wrong(_("An HTS code has ten digits: %(bad)s.") % {"bad": ", ".join(bad)})
    return tuple(dict.fromkeys(codes))


def _origins(cell: Any) -> tuple[str, ...]:
    codes = [part.strip().upper() for part in _split(cell)]
    bad = [code for code in codes if len(code) != 2 or pycountry.countries.get(alpha_2=code) is None]
    if bad or not codes:
        raise _Wrong(
            _("Write countries as two letters (ISO 3166), such as PE: %(bad)s.") % {"bad": ", ".join(bad) or "–"}
        )
    return tuple(dict.fromkeys(codes))


def _date(cell: Any) -> dt.date:
    if isinstance(cell, dt.datetime):
        return cell.date()
    if isinstance(cell, dt.date):
        return cell
    try:
        return dt.date.fromisoformat(str(cell).strip())
    except ValueError as error:
        raise _Wrong(_("“%(cell)s” is not a date. Write it like 2026-07-31.") % {"cell": cell}) from error
