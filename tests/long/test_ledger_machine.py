"""The ledger's random acts, long enough that every cause moves kilograms."""

from __future__ import annotations

import pytest

from tests.support.ledger_machine import run_machine

#: Every cause but "lapse": a question lapses by the calendar alone.
REACHED = {
    "authorise", "top_up", "reduce", "submit", "quantity_changed", "withdraw", "reject", "approve", "back_to_review",
    "shipment", "shipment_corrected", "close_out", "amend_down", "void", "replace", "process",
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.timeout(1200)
def test_long_random_acts_reach_every_cause() -> None:
    seen = run_machine(examples=100, steps=30)
    assert {cause for cause in REACHED if seen[cause]} == REACHED, seen
