"""One proposed line of a PVF: what a workbook row, a form or the API says, cleaned and checked in one place."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from decimal import Decimal

import pycountry
from django.utils.translation import gettext as _

from core.errors import InvalidInput
from core.units import MAX_KG, Unit, to_kg
from organizations.models import Scope
from pvf.domain import basis as volume
from pvf.domain.basis import Conversion, Purchase, VolumeBasis

#: The longest text that a workbook's cell and our pages carry whole.
MAX_TEXT = 10_000
MAX_PURCHASES = 500
MAX_LINE = 9999


@dataclasses.dataclass(frozen=True, slots=True)
class ProposedLine:
    """A line as proposed. ``line_number`` names it over versions; ``quantity`` in ``unit`` is kept beside its kilograms.

    ``volume_basis`` says in words, ``basis`` in figures what supports the volume.
    """

    line_number: int
    product_name: str
    label_name: str
    scope: str
    hts_codes: tuple[str, ...]
    origins: tuple[str, ...]
    quantity: Decimal
    unit: str = "KGM"
    volume_basis: str = ""
    basis: VolumeBasis = volume.EMPTY

    @property
    def authorised_kg(self) -> Decimal:
        """The kilograms, rounded once."""
        return to_kg(self.quantity, self.unit)


def is_printable(text: str) -> bool:
    """Whether a spreadsheet and a page can carry the text: no control characters but line ends, no non-characters."""
    return all(
        char == "\n" or (unicodedata.category(char) not in {"Cc", "Cs"} and ord(char) & 0xFFFE != 0xFFFE)
        for char in text
    )


def one_line(text: str) -> str:
    """``text`` without spaces round it, its tabs and line ends made spaces."""
    return re.sub(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]", " ", text).strip()


def many_lines(text: str) -> str:
    """``text`` without spaces round it, with plain line ends."""
    return re.sub(r"\r\n?", "\n", text).strip()


def checked(row: ProposedLine) -> ProposedLine:
    """The line cleaned. Raises ``InvalidInput`` that names the field and how to mend it."""
    cleaned = dataclasses.replace(
        row,
        product_name=_name(row.product_name, "product_name"),
        label_name=_name(row.label_name, "label_name"),
        volume_basis=_note(row.volume_basis),
        basis=_basis(row),
    )
    if not 1 <= row.line_number <= MAX_LINE:
        raise InvalidInput("PVF-LINE", _("Give the line a whole number from 1."), field="line_number")
    if row.scope not in Scope.values:
        words = {"scopes": ", ".join(Scope.values)}
        raise InvalidInput("PVF-SCOPE", _("Choose one of the scopes: %(scopes)s.") % words, field="scope")
    _codes(row)
    if row.unit not in Unit.values:
        words = {"units": ", ".join(Unit.values)}
        raise InvalidInput("PVF-UNIT", _("Choose one of the units: %(units)s.") % words, field="unit")
    _quantity(row)
    return cleaned


def _name(text: str, field: str) -> str:
    cleaned = one_line(text)
    if not cleaned or len(cleaned) > 200 or not is_printable(cleaned):
        raise InvalidInput(
            "PVF-NAME", _("Enter a name of 1 to 200 characters without control characters."), field=field
        )
    return cleaned


def _note(text: str) -> str:
    cleaned = many_lines(text)
    if len(cleaned) > MAX_TEXT or not is_printable(cleaned):
        words = {"longest": MAX_TEXT}
        message = _("Enter at most %(longest)s characters, without control characters.")
        raise InvalidInput("PVF-BASIS", message % words, field="volume_basis")
    return cleaned


def _codes(row: ProposedLine) -> None:
    bad = [code for code in row.hts_codes if not re.fullmatch(r"[0-9]{10}", code)]
    if bad or not row.hts_codes:
        words = {"bad": ", ".join(bad) or "–"}
        raise InvalidInput("PVF-HTS", _("An HTS code has ten digits: %(bad)s.") % words, field="hts_codes")
    bad = [code for code in row.origins if len(code) != 2 or pycountry.countries.get(alpha_2=code) is None]
    if bad or not row.origins:
        words = {"bad": ", ".join(bad) or "–"}
        text = _("Write countries as two letters (ISO 3166), such as PE: %(bad)s.")
        raise InvalidInput("PVF-ORIGIN", text % words, field="origins")
    for field, codes in (("hts_codes", row.hts_codes), ("origins", row.origins)):
        if len(set(codes)) < len(codes):
            raise InvalidInput("PVF-TWICE", _("The same code stands here twice."), field=field)


def _quantity(row: ProposedLine) -> None:
    fed = row.basis.conversion is not None and row.basis.conversion.input_line is not None
    try:
        kg = row.authorised_kg
    except ValueError as error:
        text = _("The quantity is larger than any weight the ledger can hold.")
        raise InvalidInput("PVF-QUANTITY", text, field="quantity") from error
    if row.quantity < 0 or (row.quantity == 0 and not fed):
        text = _(
            "Enter a quantity above zero. Only a line that is filled by processing another one may start with none."
        )
        raise InvalidInput("PVF-QUANTITY", text, field="quantity")
    if row.quantity > 0 and kg == 0:
        raise InvalidInput("PVF-QUANTITY", _("The quantity is less than a gram."), field="quantity")
    if row.quantity != round(row.quantity, 6):
        raise InvalidInput("PVF-QUANTITY", _("The quantity has more than six decimal places."), field="quantity")


def _kg(value: Decimal, field: str, *, above: bool = False) -> Decimal:
    """Kilograms to a gram, not negative; the exponent made plain."""
    if not value.is_finite() or value < 0 or (above and value == 0) or value > MAX_KG or value != round(value, 3):
        text = _("Enter kilograms above zero, with at most three decimal places.") if above else _(
            "Enter kilograms from zero, with at most three decimal places."
        )  # fmt: skip
        raise InvalidInput("PVF-BASIS", text, field=field)
    return value


def _basis(row: ProposedLine) -> VolumeBasis:
    given = row.basis
    conversion = _conversion(row, given.conversion)
    if len(given.purchases) > MAX_PURCHASES:
        words = {"limit": MAX_PURCHASES}
        raise InvalidInput("PVF-BASIS", _("A line has at most %(limit)s purchases.") % words, field="purchases")
    cleaned = VolumeBasis(
        opening_kg=_kg(given.opening_kg, "opening_kg"),
        production_kg=_kg(given.production_kg, "production_kg"),
        input_production_kg=_kg(given.input_production_kg, "input_production_kg"),
        purchases=tuple(_purchase(item) for item in given.purchases),
        conversion=conversion,
    )
    if cleaned.input_kg and conversion is None:
        text = _("Kilograms of an input product count only with a conversion ratio: enter it.")
        raise InvalidInput("PVF-CONVERSION", text, field="input_product")
    try:
        too_much = cleaned.total > MAX_KG
    except ValueError:
        too_much = True
    if too_much:
        text = _("The volume basis adds up to more than any weight the ledger can hold.")
        raise InvalidInput("PVF-BASIS", text, field="production_kg")
    return cleaned


def _conversion(row: ProposedLine, given: Conversion | None) -> Conversion | None:
    if given is None:
        return None
    if given.input_line is not None and (not 1 <= given.input_line <= MAX_LINE or given.input_line == row.line_number):
        text = _("The input comes from another line of this PVF: enter its number.")
        raise InvalidInput("PVF-CONVERSION", text, field="input_line")
    return Conversion(
        _name(given.input_product, "input_product"),
        _kg(given.input_kg, "ratio_input", above=True),
        _kg(given.output_kg, "ratio_output", above=True),
        given.input_line,
    )


def _purchase(given: Purchase) -> Purchase:
    if given.supplier_nop_id and not re.fullmatch(r"[0-9]{10}", given.supplier_nop_id):
        raise InvalidInput("PVF-PURCHASE", _("A NOP ID has ten digits."), field="supplier_nop_id")
    name, reference = one_line(given.supplier_name), one_line(given.reference)
    if len(name) > 200 or len(reference) > 60 or not is_printable(name + reference):
        text = _(
            "Shorten the supplier's name (200 characters) or the document number (60), without control characters."
        )
        raise InvalidInput("PVF-PURCHASE", text, field="reference")
    if not (given.supplier_nop_id or name):
        raise InvalidInput("PVF-PURCHASE", _("Name the supplier of each purchase."), field="supplier_nop_id")
    return dataclasses.replace(
        given, kg=_kg(given.kg, "kg", above=True), supplier_name=name, reference=reference
    )  # fmt: skip
