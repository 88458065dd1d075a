"""Kilograms counted a second time, in plain Python: what the ledger must hold after each act.

Imports nothing of the portal, so that a mistake in the portal cannot be repeated here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable
from decimal import ROUND_HALF_UP, Decimal

BUCKETS = ("available", "reserved", "certified", "shipped")
OUTSIDE = "outside"
POUND = Decimal("0.45359237")

HeldBy = tuple[str, Hashable] | None


def to_gram(kilograms: Decimal) -> Decimal:
    """Rounded once, half-up."""
    return kilograms.quantize(Decimal("0.001"), rounding=ROUND_HALF_UP)


class TooMuch(Exception):
    """More was asked of a bucket than is in it."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """One movement as it must stand in the ledger."""

    cause: str
    source: str
    target: str
    kg: Decimal
    source_holder: HeldBy
    target_holder: HeldBy
    made_by: Hashable
    after: tuple[Decimal, ...]


class Line:
    """One PVF line: four heaps of kilograms and the story of how they came there."""

    def __init__(self) -> None:
        self.heaps = dict.fromkeys(BUCKETS, Decimal(0))
        self.authorised = Decimal(0)
        self.entries: list[Entry] = []
        self.held: dict[tuple[str, HeldBy], Decimal] = {}

    def holds(self, bucket: str, holder: HeldBy) -> Decimal:
        """What one request or certificate holds in a heap."""
        return self.held.get((bucket, holder), Decimal(0))

    def move(
        self, cause: str, source: str, target: str, kg: Decimal, by: Hashable, *, source_holder: HeldBy = None,
        target_holder: HeldBy = None,
    ) -> None:  # fmt: skip
        """Carry kilograms from one heap to another. Raises :class:`TooMuch` and carries nothing."""
        if source != OUTSIDE and self.heaps[source] < kg:
            raise TooMuch(f"{kg} of {self.heaps[source]} in {source}")
        for place, holder, signed in ((source, source_holder, -kg), (target, target_holder, kg)):
            if place == OUTSIDE:
                self.authorised -= signed
            else:
                self.heaps[place] += signed
                self.held[place, holder] = self.held.get((place, holder), Decimal(0)) + signed
        after = tuple(self.heaps[bucket] for bucket in BUCKETS)
        self.entries.append(Entry(cause, source, target, kg, source_holder, target_holder, by, after))

    @property
    def used(self) -> Decimal:
        """What a reduction may not go below."""
        return self.authorised - self.heaps["available"]
