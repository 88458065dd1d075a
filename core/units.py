"""Mass units of trade and their exact kilograms (UNECE Recommendation 20 codes).

1 lb = 0.45359237 kg exactly, a short ton is 2,000 lb, a metric ton 1,000 kg. Conversion rounds once, at entry,
half-up to a gram; every limit compares the rounded kilograms.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

GRAM = Decimal("0.001")
#: The largest weight a bucket holds: numeric(14,3).
MAX_KG = Decimal("99999999999.999")


class Unit(models.TextChoices):
    """Units a quantity may be entered in."""

    KGM = "KGM", _("kilograms (kg)")
    LBR = "LBR", _("pounds (lb)")
    STN = "STN", _("short tons (2,000 lb)")
    TNE = "TNE", _("metric tons (t)")


KILOGRAMS_PER_UNIT: dict[str, Decimal] = {
    Unit.KGM: Decimal(1),
    Unit.LBR: Decimal("0.45359237"),
    Unit.STN: Decimal("907.18474"),
    Unit.TNE: Decimal(1000),
}


def round_kg(value: Decimal) -> Decimal:
    """``value`` kilograms to a gram, half-up."""
    return value.quantize(GRAM, rounding=ROUND_HALF_UP)


def to_kg(quantity: Decimal, unit: str) -> Decimal:
    """Kilograms of ``quantity`` in ``unit``, rounded once to a gram.

    Raises ``ValueError`` for an unknown unit, a quantity that is not a finite number, or one too large to store.
    """
    if unit not in KILOGRAMS_PER_UNIT:
        raise ValueError(f"unknown unit {unit!r}: use one of {', '.join(KILOGRAMS_PER_UNIT)}")
    if not quantity.is_finite():
        raise ValueError("the quantity is not a number")
    if abs(quantity) > MAX_KG:
        raise ValueError("the quantity is larger than any weight the ledger can hold")
    kilograms = round_kg(quantity * KILOGRAMS_PER_UNIT[unit])
    if abs(kilograms) > MAX_KG:
        raise ValueError("the quantity is larger than any weight the ledger can hold")
    return kilograms
