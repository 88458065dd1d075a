"""A PVF as a workbook: columns found by their headers, errors row by row, nothing half-imported.

The layout is ours (``docs/pvf-workbook.md``): a sheet "PVF" whose first column names number and period, a sheet "Lines"
with one product a row, and, where there are any, a sheet "Purchases" with one purchase of the volume basis a row.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import uuid
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import IO, Any

import pycountry
from django.utils.translation import gettext as _

from core.errors import InvalidInput
from core.units import MAX_KG, Unit
from core.xlsx import Cell, read_sheets
from organizations.models import Scope
from pvf.domain.basis import Conversion, Purchase, VolumeBasis
from pvf.domain.rows import ProposedLine, checked

Book = dict[str, list[list[Cell]]]
HEAD_SHEET, LINE_SHEET, PURCHASE_SHEET = "PVF", "Lines", "Purchases"
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
    "opening_kg": ("Opening inventory (kg)", "Inventario inicial (kg)"),
    "production_kg": ("Expected production (kg)", "Producción esperada (kg)"),
    "input_product": ("Made from", "Hecho de"),
    "input_line": ("Made from line", "Hecho de la línea"),
    "ratio_input": ("Conversion: input kg", "Conversión: kg de insumo"),
    "ratio_output": ("Conversion: output kg", "Conversión: kg de producto"),
    "input_production_kg": ("Expected production of the input (kg)", "Producción esperada del insumo (kg)"),
}
OPTIONAL = frozenset(list(COLUMNS)[list(COLUMNS).index("unit") :])
#: One purchase a row; "of_input": what was bought is the product that the line is made from.
PURCHASES: dict[str, tuple[str, ...]] = {
    "line_number": ("Line", "Línea"),
    "kg": ("Bought (kg)", "Comprado (kg)"),
    "supplier_nop_id": ("Supplier NOP ID", "NOP ID del proveedor"),
    "supplier_name": ("Supplier", "Proveedor"),
    "reference": ("Document number", "Número de documento"),
    "of_input": ("Of the input product", "Del insumo"),
    "document": ("Document id", "Id del documento"),
}
PURCHASES_NEEDED = frozenset({"line_number", "kg"})
YES = frozenset({"yes", "sí", "si", "x", "true", "1"})
NO = frozenset({"", "no", "false", "0"})


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


def read_pvf(data: bytes | IO[bytes]) -> ParsedPVF:
    """Read a workbook, in the limited process.

    Raises ``InvalidInput`` where it is no sound XLSX; everything else is an entry of ``errors``.
    """
    book = read_sheets(data)
    parsed = ParsedPVF()
    for name in (HEAD_SHEET, LINE_SHEET):
        if name not in book:
            text = _("The sheet “%(name)s” is missing.") % {"name": name}
            parsed.errors.append(RowError(0, name, text))
    if not parsed.errors:
        _read_head(book, parsed)
        _read_lines(book, parsed, _read_purchases(book, parsed.errors))
    return parsed


def _read_head(book: Book, parsed: ParsedPVF) -> None:
    found: dict[str, tuple[int, Any]] = {}
    for number, row in enumerate(book[HEAD_SHEET], start=1):
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


def _table(
    book: Book, sheet: str, fields: dict[str, tuple[str, ...]], needed: frozenset[str],
    errors: list[RowError],
) -> list[tuple[int, dict[str, Any]]]:  # fmt: skip
    """The rows of a sheet under its headers, with their numbers; nothing where a needed column is missing."""
    rows = book[sheet]
    head_at = next(
        (at for at, row in enumerate(rows) if _field_of(row[0] if row else "", fields) or _header(row, fields)), None
    )
    if head_at is None:
        text = _("No row with the headers was found: the first one is “%(header)s”.")
        errors.append(RowError(0, sheet, text % {"header": fields["line_number"][0]}))
        return []
    columns = {field: at for at, cell in enumerate(rows[head_at]) if (field := _field_of(cell, fields))}
    missing = [fields[field][0] for field in fields if field in needed and field not in columns]
    for header in missing:
        errors.append(RowError(head_at + 1, header, _("The column “%(header)s” is missing.") % {"header": header}))
    if missing:
        return []
    return [
        (number, {field: row[at] if at < len(row) else "" for field, at in columns.items()})
        for number, row in enumerate(rows[head_at + 1 :], start=head_at + 2)
        if any(cell not in ("", None) for cell in row)
    ]


def _cells(
    number: int, cells: dict[str, Any], readers: dict[str, Callable[[Any], Any]], names: dict[str, str],
    errors: list[RowError],
) -> dict[str, Any] | None:  # fmt: skip
    """What a row says, field by field; None where a cell cannot be used."""
    values: dict[str, Any] = {}
    for field, read in readers.items():
        try:
            values[field] = read(cells.get(field, ""))
        except _Wrong as problem:
            errors.append(RowError(number, names[field], str(problem)))
    return values if len(values) == len(readers) else None


def _read_purchases(book: Book, errors: list[RowError]) -> dict[int, list[Purchase]]:
    """Purchases by the number of their line, in the order of the sheet."""
    found: dict[int, list[Purchase]] = {}
    if PURCHASE_SHEET not in book:
        return found
    readers: dict[str, Callable[[Any], Any]] = {
        "line_number": _line_number, "kg": _kg, "supplier_nop_id": _plain_or_none, "supplier_name": _plain_or_none,
        "reference": _plain_or_none, "of_input": _yes, "document": _uuid,
    }  # fmt: skip
    names = names_of_purchases()
    for number, cells in _table(book, PURCHASE_SHEET, PURCHASES, PURCHASES_NEEDED, errors):
        values = _cells(number, cells, readers, names, errors)
        if values is not None:
            found.setdefault(values.pop("line_number"), []).append(Purchase(**values))
    return found


def _read_lines(book: Book, parsed: ParsedPVF, purchases: dict[int, list[Purchase]]) -> None:
    rows = _table(book, LINE_SHEET, COLUMNS, frozenset(COLUMNS) - OPTIONAL, parsed.errors)
    if parsed.errors:
        return
    seen: dict[int, int] = {}
    for number, cells in rows:
        line = _read_line(number, cells, purchases, parsed.errors)
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
    for line_number in sorted(set(purchases) - set(seen)) if not parsed.errors else ():
        text = _("There is no line %(line)s on the sheet of lines.") % {"line": line_number}
        parsed.errors.append(RowError(0, PURCHASE_SHEET, text))


def _header(row: list[Any], fields: dict[str, tuple[str, ...]]) -> bool:
    return sum(1 for cell in row if _field_of(cell, fields)) >= 3


def _field_of(cell: Any, fields: dict[str, tuple[str, ...]]) -> str | None:
    text = str(cell).strip().rstrip(":").casefold()
    return next((field for field, names in fields.items() if text in {name.casefold() for name in names}), None)


def _read_line(
    number: int, cells: dict[str, Any], purchases: dict[int, list[Purchase]], errors: list[RowError]
) -> ProposedLine | None:
    readers: dict[str, Callable[[Any], Any]] = {
        "line_number": _line_number, "product_name": _text, "label_name": _text, "scope": _scope,
        "hts_codes": _hts_codes, "origins": _origins, "quantity": _quantity, "unit": _unit, "volume_basis": _basis,
        "opening_kg": _kg_or_none, "production_kg": _kg_or_none, "input_product": _plain_or_none,
        "input_line": _line_or_none, "ratio_input": _kg_or_none, "ratio_output": _kg_or_none,
        "input_production_kg": _kg_or_none,
    }  # fmt: skip
    names = {field: headers[0] for field, headers in COLUMNS.items()}
    values = _cells(number, cells, readers, names, errors)
    if values is None:
        return None
    conversion = [values.pop(field) for field in ("input_product", "ratio_input", "ratio_output", "input_line")]
    basis = VolumeBasis(
        opening_kg=values.pop("opening_kg"),
        production_kg=values.pop("production_kg"),
        input_production_kg=values.pop("input_production_kg"),
        purchases=tuple(purchases.get(values["line_number"], ())),
        conversion=Conversion(*conversion) if any(conversion) else None,
    )
    try:
        return checked(ProposedLine(**values, basis=basis))
    except InvalidInput as problem:
        purchase = names_of_purchases().get(problem.field)
        column = COLUMNS.get(problem.field, (purchase or LINE_SHEET,))[0]
        errors.append(RowError(number, column, str(problem.message)))
        return None


def names_of_purchases() -> dict[str, str]:
    """How an error at a purchase names its column."""
    return {field: f"{PURCHASE_SHEET}: {headers[0]}" for field, headers in PURCHASES.items()}


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
    if quantity < 0:
        raise _Wrong(_("Enter a quantity above zero."))
    if quantity > MAX_KG:
        raise _Wrong(_("The quantity is larger than any weight the ledger can hold."))
    if quantity != round(quantity, 6):
        raise _Wrong(_("The quantity has more than six decimal places."))
    return quantity


def _kg(cell: Any) -> Decimal:
    kg = _quantity(cell)
    if kg != round(kg, 3):
        raise _Wrong(_("Enter kilograms from zero, with at most three decimal places."))
    return kg


def _kg_or_none(cell: Any) -> Decimal:
    return _kg(cell) if cell not in ("", None) else Decimal(0)


def _line_or_none(cell: Any) -> int | None:
    return _line_number(cell) if cell not in ("", None) else None


def _plain_or_none(cell: Any) -> str:
    return _plain(cell) if cell not in ("", None) else ""


def _yes(cell: Any) -> bool:
    text = str(cell).strip().casefold() if cell not in ("", None) else ""
    text = "1" if text == "1.0" else "0" if text == "0.0" else text
    if text not in YES | NO:
        raise _Wrong(_("Write yes or no."))
    return text in YES


def _uuid(cell: Any) -> uuid.UUID | None:
    if cell in ("", None):
        return None
    try:
        return uuid.UUID(str(cell).strip())
    except ValueError as error:
        raise _Wrong(_("“%(cell)s” is no document id. Leave the cell empty.") % {"cell": str(cell)[:40]}) from error


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
