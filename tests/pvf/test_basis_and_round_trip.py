"""The volume basis adds up exactly, and a PVF goes through a workbook and comes back the same."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.units import MAX_KG
from organizations.models import Scope
from pvf.domain import basis, workbook, workbook_out
from pvf.domain.basis import Conversion, Purchase, VolumeBasis
from pvf.domain.rows import ProposedLine, checked

KG = st.decimals("0", "99999999", places=3, allow_nan=False)
SOME_KG = st.decimals("0.001", "99999", places=3, allow_nan=False)
#: Names as people and spreadsheets spoil them: formulas, errors, escapes, dates, numbers, other scripts.
ODD = [
    "=1+1", "#N/A", "_x0041_", "2031-01-01", "0803", "1e5", "TRUE", "'café", "有機コーヒー", "a\u00a0b", "  ", "<b>&amp;",
    "\u202e",
]  # fmt: skip
NAMES = st.one_of(st.sampled_from(ODD), st.text(max_size=60)).map(lambda text: f"x{text}") | st.sampled_from(ODD)
HEAD: dict[str, Any] = {"number": "P-1", "period_start": dt.date(2031, 1, 1), "period_end": dt.date(2031, 12, 31)}
PURCHASES = st.builds(
    Purchase, kg=SOME_KG, supplier_nop_id=st.sampled_from(["1010000011", "0000000001"]), supplier_name=st.sampled_from(ODD),
    reference=st.sampled_from([*ODD, ""]), of_input=st.booleans(), document=st.none() | st.uuids(),
)  # fmt: skip


@st.composite
def lines(draw: st.DrawFn) -> ProposedLine:
    number = draw(st.integers(1, 9999))
    conversion = draw(st.none() | st.builds(
        Conversion, st.just("Cherries"), SOME_KG, SOME_KG, st.none() | st.integers(1, 9999).filter(lambda n: n != number),
    ))  # fmt: skip
    bought = draw(st.lists(PURCHASES, max_size=3))
    if conversion is None:
        bought = [Purchase(row.kg, row.supplier_nop_id, row.supplier_name, row.reference) for row in bought]
    return ProposedLine(
        number, draw(NAMES), draw(NAMES), draw(st.sampled_from(Scope.values)),
        tuple(draw(st.lists(st.from_regex(r"[0-9]{10}", fullmatch=True), min_size=1, max_size=4, unique=True))),
        tuple(draw(st.lists(st.sampled_from(["PE", "NA", "EC", "US", "NO"]), min_size=1, max_size=4, unique=True))),
        draw(st.decimals("0.001", "99999999", places=6, allow_nan=False).filter(lambda q: q >= Decimal("0.01"))),
        draw(st.sampled_from(["KGM", "LBR", "TNE"])), draw(st.text(max_size=80)),
        VolumeBasis(
            draw(KG), draw(KG), draw(SOME_KG) if conversion else Decimal(0), tuple(bought), conversion
        ),
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(found=st.lists(lines(), min_size=1, max_size=4, unique_by=lambda row: row.line_number))
def test_whatever_may_be_proposed_comes_back_from_the_workbook_the_same(found: list[ProposedLine]) -> None:
    kept = []
    for row in found:
        try:
            kept.append(checked(row))
        except InvalidInput:
            continue
    if not kept:
        return
    parsed = workbook.read_pvf(workbook_out.write_pvf(HEAD, kept))
    assert parsed.errors == []
    assert parsed.rows == kept
    assert (parsed.number, parsed.period_start, parsed.period_end) == tuple(HEAD.values())
    # and once more: export of the import is the import
    assert workbook.read_pvf(workbook_out.write_pvf(HEAD, parsed.rows)).rows == kept


@given(st.builds(VolumeBasis, KG, KG, KG, st.lists(PURCHASES, max_size=3).map(tuple), st.none()))
def test_what_is_stored_of_a_basis_is_what_was_given(given_basis: VolumeBasis) -> None:
    assert basis.from_json(basis.to_json(given_basis)) == given_basis


@settings(max_examples=100)
@given(kg=KG, ratio_input=SOME_KG, ratio_output=SOME_KG)
def test_a_conversion_rounds_once_half_up(kg: Decimal, ratio_input: Decimal, ratio_output: Decimal) -> None:
    with localcontext() as exact:
        exact.prec = 80
        expected = (kg * ratio_output / ratio_input).quantize(Decimal("0.001"), ROUND_HALF_UP)
    if expected > MAX_KG:
        with pytest.raises(ValueError, match="larger"):
            basis.convert(kg, ratio_input, ratio_output)
    else:
        assert basis.convert(kg, ratio_input, ratio_output) == expected


@pytest.mark.parametrize(
    ("kg", "ratio_input", "ratio_output", "output"),
    [("5", "5", "1", "1.000"), ("0.001", "2", "1", "0.001"), ("1", "3", "1", "0.333"), ("2", "3", "1", "0.667"),
     ("0.0005", "1", "1", "0.001")],
)  # fmt: skip
def test_conversions_known_by_hand(kg: str, ratio_input: str, ratio_output: str, output: str) -> None:
    assert basis.convert(Decimal(kg), Decimal(ratio_input), Decimal(ratio_output)) == Decimal(output)


def test_cherries_and_bought_coffee_add_up() -> None:
    cherries = Conversion("Coffee cherries", Decimal(5), Decimal(1), 2)
    found = VolumeBasis(
        Decimal(100), Decimal(0), Decimal(1000),
        (Purchase(Decimal("50.5"), "1010000011"), Purchase(Decimal(7), "1010000011", of_input=True)), cherries,
    )  # fmt: skip
    assert [(step.code, str(step.kg)) for step in found.steps()] == [
        ("opening", "100"), ("purchases", "50.5"), ("converted", "201.400"),
    ]  # fmt: skip
    assert found.total == Decimal("351.9")
    assert cherries.ratio == Decimal("0.2")


def a_line(**changes: Any) -> ProposedLine:
    values: dict[str, Any] = {
        "line_number": 1, "product_name": "Coffee", "label_name": "Organic coffee", "scope": "Handling",
        "hts_codes": ("0901110015",), "origins": ("PE",), "quantity": Decimal(5), **changes,
    }  # fmt: skip
    return ProposedLine(**values)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"label_name": "a\x00b"}, "label_name"), ({"product_name": " \t "}, "product_name"),
        ({"label_name": "x" * 201}, "label_name"), ({"scope": "Fishing"}, "scope"), ({"hts_codes": ("09",)}, "hts_codes"),
        ({"hts_codes": ("0901110015", "0901110015")}, "hts_codes"), ({"origins": ("XX",)}, "origins"),
        ({"quantity": Decimal(0)}, "quantity"), ({"quantity": Decimal(-1)}, "quantity"),
        ({"quantity": Decimal("NaN")}, "quantity"), ({"quantity": Decimal("0.0001")}, "quantity"),
        ({"unit": "BAG"}, "unit"), ({"basis": VolumeBasis(opening_kg=Decimal("0.0001"))}, "opening_kg"),
        ({"basis": VolumeBasis(production_kg=Decimal(-1))}, "production_kg"),
        ({"basis": VolumeBasis(input_production_kg=Decimal(5))}, "input_product"),
        ({"basis": VolumeBasis(purchases=(Purchase(Decimal(1)),))}, "supplier_nop_id"),
        ({"basis": VolumeBasis(purchases=(Purchase(Decimal(1), "12"),))}, "supplier_nop_id"),
        ({"basis": VolumeBasis(conversion=Conversion("Cherries", Decimal(0), Decimal(1)))}, "ratio_input"),
        ({"basis": VolumeBasis(conversion=Conversion("Cherries", Decimal(5), Decimal(1), 1))}, "input_line"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named_by_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        checked(a_line(**changes))
    assert refused.value.field == field


def test_only_a_line_that_is_fed_by_another_may_start_with_none() -> None:
    fed = VolumeBasis(conversion=Conversion("Cherries", Decimal(5), Decimal(1), 2))
    assert checked(a_line(quantity=Decimal(0), basis=fed)).authorised_kg == 0


def test_a_purchase_is_told_by_its_row_and_column() -> None:
    row = a_line(basis=VolumeBasis(purchases=(Purchase(Decimal(1), "1010000011", document=uuid.uuid4()),)))
    data = workbook_out.write_pvf(HEAD, [row, a_line(line_number=2)])
    assert workbook.read_pvf(data).errors == []
    bad = a_line(basis=VolumeBasis(purchases=(Purchase(Decimal(1), "12"),)))
    assert [(e.row, e.column) for e in workbook.read_pvf(workbook_out.write_pvf(HEAD, [bad])).errors] == [
        (2, "Purchases: Supplier NOP ID")
    ]
