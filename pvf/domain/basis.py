"""The volume basis of a line as figures: what supports the kilograms that a PVF authorises.

Opening inventory, expected production and purchases, in kilograms; where the product is made from another one, kilograms
of that input count by the conversion ratio. No official formula is published: the sum is shown beside the authorised
volume, a difference is a warning.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from core.units import GRAM, MAX_KG

ZERO = Decimal(0)


def convert(kg: Decimal, ratio_input: Decimal, ratio_output: Decimal) -> Decimal:
    """Kilograms that ``kg`` of the input give where ``ratio_input`` kg give ``ratio_output`` kg: exact, then rounded once.

    Half-up to a gram. Raises ``ValueError`` for a ratio that is not above zero or a result no bucket can hold.
    """
    if ratio_input <= 0 or ratio_output <= 0:
        raise ValueError("both sides of a conversion are above zero")
    grams = Fraction(kg) * Fraction(ratio_output) / Fraction(ratio_input) / Fraction(GRAM)
    rounded = (2 * grams.numerator + grams.denominator) // (2 * grams.denominator)
    result = Decimal(rounded).scaleb(-3)
    if result > MAX_KG:
        raise ValueError("the result is larger than any weight the ledger can hold")
    return result


@dataclasses.dataclass(frozen=True, slots=True)
class Conversion:
    """``input_kg`` kg of ``input_product`` give ``output_kg`` kg of the line's product.

    ``input_line`` is the number of the line of the same PVF that holds the input, where one does.
    """

    input_product: str
    input_kg: Decimal
    output_kg: Decimal
    input_line: int | None = None

    @property
    def ratio(self) -> Decimal:
        """Kilograms of output for one kilogram of input, to six places, for people to read."""
        return (self.output_kg / self.input_kg).quantize(Decimal("0.000001"))

    def of(self, kg: Decimal) -> Decimal:
        """The output of ``kg`` of input, rounded once."""
        return convert(kg, self.input_kg, self.output_kg)


@dataclasses.dataclass(frozen=True, slots=True)
class Purchase:
    """Kilograms bought: from whom, by which invoice, and the uploaded document where there is one.

    ``of_input``: what was bought is the input product of the line's conversion.
    """

    kg: Decimal
    supplier_nop_id: str = ""
    supplier_name: str = ""
    reference: str = ""
    of_input: bool = False
    document: uuid.UUID | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One term of the sum: a code (``opening``, ``production``, ``purchases``, ``converted``), kilograms, and the input's."""

    code: str
    kg: Decimal
    input_kg: Decimal | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class VolumeBasis:
    """The figures of one line. ``input_production_kg`` is of the conversion's input product."""

    opening_kg: Decimal = ZERO
    production_kg: Decimal = ZERO
    input_production_kg: Decimal = ZERO
    purchases: tuple[Purchase, ...] = ()
    conversion: Conversion | None = None

    @property
    def is_stated(self) -> bool:
        """Whether any kilograms are given."""
        return self.total > 0 or self.input_kg > 0

    @property
    def input_kg(self) -> Decimal:
        """Kilograms of the input product before conversion."""
        return self.input_production_kg + sum((row.kg for row in self.purchases if row.of_input), ZERO)

    def steps(self) -> list[Step]:
        """The terms of the sum, zeros left out."""
        bought = sum((row.kg for row in self.purchases if not row.of_input), ZERO)
        rows = [Step("opening", self.opening_kg), Step("production", self.production_kg), Step("purchases", bought)]
        if self.conversion is not None and self.input_kg:
            rows.append(Step("converted", self.conversion.of(self.input_kg), self.input_kg))
        return [row for row in rows if row.kg or row.input_kg]

    @property
    def total(self) -> Decimal:
        """Kilograms of the line's product that the basis supports."""
        return sum((row.kg for row in self.steps()), ZERO)

    def with_more(self, other: VolumeBasis) -> VolumeBasis:
        """This basis with the kilograms of ``other`` added; the conversion stays this one's."""
        return dataclasses.replace(
            self,
            opening_kg=self.opening_kg + other.opening_kg,
            production_kg=self.production_kg + other.production_kg,
            input_production_kg=self.input_production_kg + other.input_production_kg,
            purchases=self.purchases + other.purchases,
        )


EMPTY = VolumeBasis()


def to_json(basis: VolumeBasis) -> dict[str, Any]:
    """The basis as it is stored: kilograms as text; nothing for an empty one."""
    if basis == EMPTY:
        return {}
    conversion = basis.conversion
    return {
        "opening_kg": _text(basis.opening_kg),
        "production_kg": _text(basis.production_kg),
        "input_production_kg": _text(basis.input_production_kg),
        "purchases": [
            {
                "kg": _text(row.kg), "supplier_nop_id": row.supplier_nop_id, "supplier_name": row.supplier_name,
                "reference": row.reference, "of_input": row.of_input,
                "document": str(row.document) if row.document else None,
            }
            for row in basis.purchases
        ],
        "conversion": None if conversion is None else {
            "input_product": conversion.input_product, "input_kg": _text(conversion.input_kg),
            "output_kg": _text(conversion.output_kg), "input_line": conversion.input_line,
        },
    }  # fmt: skip


def from_json(content: Mapping[str, Any]) -> VolumeBasis:
    """The basis that was stored by :func:`to_json`."""
    if not content:
        return EMPTY
    conversion = content.get("conversion")
    return VolumeBasis(
        opening_kg=Decimal(content["opening_kg"]),
        production_kg=Decimal(content["production_kg"]),
        input_production_kg=Decimal(content["input_production_kg"]),
        purchases=tuple(
            Purchase(
                Decimal(row["kg"]), row["supplier_nop_id"], row["supplier_name"], row["reference"], row["of_input"],
                uuid.UUID(row["document"]) if row["document"] else None,
            )
            for row in content["purchases"]
        ),
        conversion=None if conversion is None else Conversion(
            conversion["input_product"], Decimal(conversion["input_kg"]), Decimal(conversion["output_kg"]),
            conversion["input_line"],
        ),
    )  # fmt: skip


def _text(kg: Decimal) -> str:
    return f"{kg:f}"
