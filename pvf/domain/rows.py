"""One proposed line of a PVF: what a workbook row or a form says, cleaned."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

from core.units import to_kg


@dataclasses.dataclass(frozen=True, slots=True)
class ProposedLine:
    """A line as proposed. ``line_number`` names it over versions; ``quantity`` in ``unit`` is kept beside its kilograms."""

    line_number: int
    product_name: str
    label_name: str
    scope: str
    hts_codes: tuple[str, ...]
    origins: tuple[str, ...]
    quantity: Decimal
    unit: str = "KGM"
    volume_basis: str = ""

    @property
    def authorised_kg(self) -> Decimal:
        """The kilograms, rounded once."""
        return to_kg(self.quantity, self.unit)
