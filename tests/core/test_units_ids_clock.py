"""Kilograms, readable codes and calendar days."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import clock, ids
from core.units import KILOGRAMS_PER_UNIT, MAX_KG, round_kg, to_kg


@pytest.mark.parametrize(
    ("quantity", "unit", "kg"),
    [
        ("1", "KGM", "1.000"),
        ("1", "LBR", "0.454"),
        ("2000", "LBR", "907.185"),
        ("1", "STN", "907.185"),
        ("19.25", "TNE", "19250.000"),
        ("0.0005", "KGM", "0.001"),
        ("0.00049", "KGM", "0.000"),
        ("42328.7588", "LBR", "19200.002"),
    ],
)
def test_units_convert_exactly_and_round_once_half_up(quantity: str, unit: str, kg: str):
    assert to_kg(Decimal(quantity), unit) == Decimal(kg)


def test_a_short_ton_is_two_thousand_pounds():
    assert KILOGRAMS_PER_UNIT["STN"] == 2000 * KILOGRAMS_PER_UNIT["LBR"]


@pytest.mark.parametrize("quantity", [Decimal("NaN"), Decimal("Infinity"), MAX_KG * 2])
def test_what_cannot_be_stored_is_refused(quantity: Decimal):
    with pytest.raises(ValueError, match=r"number|larger"):
        to_kg(quantity, "KGM")


def test_an_unknown_unit_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="KGM, LBR, STN, TNE"):
        to_kg(Decimal(1), "XYZ")


@given(st.decimals(min_value=0, max_value=10**9, places=6))
def test_rounding_never_moves_by_more_than_half_a_gram(value: Decimal):
    assert abs(round_kg(value) - value) <= Decimal("0.0005")


@given(st.integers(min_value=4, max_value=16))
def test_a_readable_code_is_told_from_a_slip(length: int):
    code = ids.readable_code(length)
    assert len(code) == length + 1
    assert ids.is_readable_code(code)
    assert ids.is_readable_code(ids.group_code(code).lower())
    for position in range(length):
        other = "A" if code[position] != "A" else "B"
        assert not ids.is_readable_code(code[:position] + other + code[position + 1 :])


def test_codes_have_no_look_alikes():
    assert not set("ILOU01") & set(ids.READABLE_ALPHABET)


def test_ids_are_ordered_by_time():
    made = [ids.new_id() for _ in range(50)]
    assert made == sorted(made)


def test_a_day_ends_where_its_people_are():
    day = dt.date(2026, 3, 1)
    assert clock.start_of_day(day, "America/Lima") == dt.datetime(2026, 3, 1, 5, tzinfo=dt.UTC)
    assert clock.end_of_day(day, "Asia/Tokyo") < clock.end_of_day(day, "America/Lima")


def test_working_days_skip_weekends_and_holidays():
    friday = dt.date(2026, 7, 24)
    # 28 and 29 July are Peru's independence days
    assert clock.add_working_days(friday, 1, "PE") == dt.date(2026, 7, 27)
    assert clock.add_working_days(friday, 2, "PE") == dt.date(2026, 7, 30)
    assert clock.add_working_days(dt.date(2026, 7, 25), 0, "PE") == dt.date(2026, 7, 27)
