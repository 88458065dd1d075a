"""A weight typed by a person is read as meant, or not at all."""

from decimal import Decimal

import pytest
from django import forms
from django.utils import translation

from core.forms import QuantityField


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("19250", "19250"),
        ("19250.5", "19250.5"),
        ("19 250,5", "19250.5"),
        ("19,250.5", "19250.5"),
        ("19.250,5", "19250.5"),
        ("1.234.567", "1234567"),
        ("1,234,567.125", "1234567.125"),
        ("0.125", "0.125"),
        ("0,125", "0.125"),
        ("19250.125", "19250.125"),
        ("12,5", "12.5"),
        ("12.50", "12.5"),
        ("20.1250", "20.125"),
        ("1'234'567", "1234567"),
    ],
)
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_number_without_doubt_is_read_in_every_language(typed: str, meant: str, language: str) -> None:
    with translation.override(language):
        assert QuantityField().clean(typed) == Decimal(meant)


def test_english_comma_groups_thousands() -> None:
    with translation.override("en"):
        assert QuantityField().clean("20,000") == Decimal(20000)


@pytest.mark.parametrize(
    ("language", "typed"), [("en", "20.000"), ("en", "1.250"), ("es", "20.000"), ("es", "20,000"), ("es", "1,250")]
)
def test_what_may_be_thousands_or_a_decimal_is_refused(language: str, typed: str) -> None:
    with translation.override(language), pytest.raises(forms.ValidationError) as refusal:
        QuantityField().clean(typed)
    assert refusal.value.error_list[0].code == "ambiguous"


def test_the_refusal_offers_both_readings_and_both_are_accepted() -> None:
    field = QuantityField()
    with pytest.raises(forms.ValidationError) as refusal:
        field.clean("20.125")
    offered = refusal.value.error_list[0].params or {}
    assert field.clean(offered["thousands"]) == Decimal(20125)
    assert field.clean(offered["decimal"]) == Decimal("20.125")


@pytest.mark.parametrize(
    "typed", ["1,2,3", "1,23.4", "12.34.56", "1e5", "NaN", "Infinity", "x", ".", ",", "1" * 40, "٣"]
)
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(forms.ValidationError):
        QuantityField().clean(typed)


def test_more_than_a_gram_is_refused() -> None:
    with pytest.raises(forms.ValidationError):
        QuantityField().clean("1.23456")


@pytest.mark.parametrize("stored", ["20.125", "20.000", "19250.500", "1.250", "0.125", "1234567.001", "-3.125"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_stored_weight_shown_in_the_field_is_read_back_unchanged(stored: str, language: str) -> None:
    field = QuantityField()
    with translation.override(language):
        assert field.clean(field.prepare_value(Decimal(stored))) == Decimal(stored)


def test_an_empty_optional_field_is_none() -> None:
    assert QuantityField(required=False).clean("  ") is None
