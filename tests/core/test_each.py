"""What breaks at one keeps none of the others waiting."""

from __future__ import annotations

from core.each import each


def test_one_that_breaks_stops_no_other() -> None:
    assert each([2, 0, 4], lambda number: 8 // number, event="broke") == [4, 2]
