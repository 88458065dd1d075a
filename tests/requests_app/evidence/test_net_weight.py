"""Net weights as papers print them: the right figure, the right unit, and none where there is none."""

from __future__ import annotations

import pytest

from requests_app.evidence import compare
from tests.requests_app.evidence.papers import typed

ONE_LINE = [
    ("Net weight: 18,000 kg", "18000"),
    ("Net Weight: 18,000.00 KGS", "18000"),
    ("NET WT. 18000 KG", "18000"),
    ("Net wt (kg): 18 000", "18000"),
    ("Nett weight 18'000 kg", "18000"),
    ("N.W.: 18,000.000 kgs", "18000"),
    ("N/W 18.000,00 kg", "18000"),
    ("Total net weight of the shipment: 18,000 kilograms", "18000"),
    ("Total Net Weight (kilograms)  18,000", "18000"),
    ("Net weight in kg: 18000", "18000"),
    ("Net Weight KG  18,000.00", "18000"),
    ("Kgs net: 18,000.00", "18000"),
    ("Weight (net): 18,000 kg", "18000"),
    ("Weight, net  18,000 kg", "18000"),
    ("Net mass (kg)  18000.000", "18000"),
    ("Net quantity: 18 MT", "18000"),
    ("Net weight 18.000 MT", "18000"),
    ("Net weight: 18.5 metric tons", "18500"),
    ("Net weight: 18,5 t", "18500"),
    ("Net weight: 19.8416 short tons", "18000.006"),
    ("NET WEIGHT  39,683.21 LBS", "18000.001"),
    ("Net lbs: 39,683.21", "18000.001"),
    ("Net weight: 39,683.21 lb (18,000.00 kg)", "18000"),
    ("Net weight: 18,000 kg / 39,683 lb", "18000"),
    ("Net weight: 180 metric quintals", "18000"),
    ("Net weight  400 cwt", "18143.695"),
    ("Gross weight: 18,144 kg   Net weight: 18,000 kg", "18000"),
    ("Net weight: 18,000 kg   Gross weight: 18,144 kg", "18000"),
    ("Gross Weight 18,144 kg, Net Weight 18,000 kg", "18000"),
    ("Net/Gross weight: 18,000 / 18,144 kg", "18000"),
    ("Gross / net weight: 18,144 kg / 18,000 kg", "18000"),
    ("G.W./N.W.: 18,144.00 kg / 18,000.00 kg", "18000"),
    ("720 bags, 18,000 kg net, 18,144 kg gross", "18000"),
    ("Total: 720 bags / 18,000.00 kg net / 18,144.00 kg gross", "18000"),
    ("18,000 kg (net)", "18000"),
    ("720 bags of 25 kg net each, total net weight 18,000 kg", "18000"),
    ("Packed in 720 bags x 25 kg = 18,000 kg net", "18000"),
    ("Peso neto: 18.000 kg", "18000"),
    ("PESO NETO TOTAL  18.000,000 KGS.", "18000"),
    ("Peso Neto (Kg)  18,000.00", "18000"),
    ("P. Neto: 18.000,00 kilos", "18000"),
    ("Peso total neto: 18 000 kg", "18000"),
    ("Kilos netos: 18.000", "18000"),
    ("Cantidad neta: 18 TM", "18000"),
    ("Peso neto 18,00 toneladas métricas", "18000"),
    ("Libras netas: 39,683.21", "18000.001"),
    ("Son 18.000 kilos netos en 720 sacos", "18000"),
    ("18.000 Kg. de peso neto y 18.144 Kg. de peso bruto", "18000"),
    ("Peso bruto: 18.144 kg  Peso neto: 18.000 kg", "18000"),
    ("Peso bruto / neto: 18.144 kg / 18.000 kg", "18000"),
    ("Peso neto: 350 quintales (46 kg c/u)", "16100"),
    ("Peso neto: 350 qq de 46 kg", "16100"),
    ("Masa neta  18.000 kg", "18000"),
]
NONE = [
    "Gross weight: 18,144 kg",
    "Peso bruto 18.144 kg",
    "Net weight per bag: 25 kg",
    "720 bags of 25 kg net",
    "Peso neto por saco: 25 kg",
    "Peso neto unitario 25 kg",
    "Terms: net 30 days",
    "Net amount: USD 18,000.00",
    "Valor neto: 18.000,00",
    "Precio neto 2.40 USD/kg",
    "Net price: 2.40 per kg",
    "Tare weight 144 kg",
    "Net weight: see packing list",
    "Contenido neto: 1 kg",
    "Gross kg: 18,144",
    "VGM: 21,400 kg",
]
TABLES = [
    ("""
     Lot        Bags     Net kg      Gross kg
     A-101       360    9,000.00     9,072.00
     A-102       360    9,000.00     9,072.00
     TOTAL       720   18,000.00    18,144.00
     """, "18000"),
    ("""
     Lot        Gross weight    Net weight     Amount
                    (kg)           (kg)          USD
     A-101        9,072.00       9,000.00     21,600.00
     A-102        4,536.00       4,500.00     10,800.00
     """, "13500"),
    ("""
     Item     Net wt        Gross wt
     Tea      4,000 lb      4,080 lb
     Tea      6,000 lb      6,120 lb
     Total   10,000 lb     10,200 lb
     """, "4535.924"),
    ("""
     Description          Net weight per bag (kg)    Bags    Total net weight (kg)
     Rice                          25                720           18,000
     """, "18000"),
    ("""
     Net weight       Gross weight      Packages
     18,000 kg        18,144 kg         720
     """, "18000"),
    ("""
     Peso neto        Peso bruto
     kg               kg
     9.000,00         9.072,00
     8.000,00         8.064,00
     17.000,00        17.136,00
     """, "17000"),
    ("""
     Goods          Net weight
     Quinoa         9,000 kg
     Chia           4,000 kg
     Subtotal      13,000 kg
     Sesame         5,000 kg
     Total         18,000 kg
     """, "18000"),
    ("""
     Lot A-1: net weight 9,000 kg
     Lot A-2: net weight 4,000 kg
     Total net weight: 13,000 kg
     """, "13000"),
    ("""
     We have today loaded 720 bags of quinoa with a net
     weight of 18,000 kg and a gross weight of 18,144 kg.
     """, "18000"),
    ("""
     Los bienes tienen un peso neto de
     18.000 kg y un peso bruto de 18.144 kg.
     """, "18000"),
    ("""
     Quantity         18,000 kg
     Unit price       2.40 USD/kg
     """, "18000"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kilograms"), ONE_LINE, ids=[text for text, _kilograms in ONE_LINE])
def test_a_line(text: str, kilograms: str) -> None:
    evidence = typed(text)
    assert [one.kilograms for one in compare.stated(evidence, "net_weight_kg")] == [
        pytest.approx(compare.Decimal(kilograms))
    ]
    assert compare.find_value(evidence, "net_weight_kg", kilograms) is not None


@pytest.mark.parametrize("text", NONE)
def test_no_net_weight(text: str) -> None:
    assert compare.stated(typed(text), "net_weight_kg") == ()


@pytest.mark.parametrize(("text", "kilograms"), TABLES)
def test_tables_forms_and_letters(text: str, kilograms: str) -> None:
    assert [one.kilograms for one in compare.stated(typed(text), "net_weight_kg")] == [
        pytest.approx(compare.Decimal(kilograms))
    ]


def test_a_quintal_that_is_not_explained_is_not_stated_but_found() -> None:
    evidence = typed("Peso neto: 100 quintales")
    assert compare.stated(evidence, "net_weight_kg") == ()
    for kilograms in ("4600", "10000", "4535.924"):
        assert compare.find_value(evidence, "net_weight_kg", kilograms) is not None


def test_the_rounding_of_the_printed_unit_is_allowed_for() -> None:
    evidence = typed("Net weight: 39,683 lb")
    assert compare.find_value(evidence, "net_weight_kg", "18000.000") is not None
    assert compare.find_value(evidence, "net_weight_kg", "18000.500") is None
    assert compare.find_value(typed("Net weight: 18,000.0 kg"), "net_weight_kg", "18000.2") is None
    assert compare.find_value(typed("Net weight: 18 MT"), "net_weight_kg", "18003") is None


def test_a_figure_that_can_be_read_in_two_ways_is_found_in_both() -> None:
    evidence = typed("Net weight: 24.500 kg")
    assert [one.value for one in compare.stated(evidence, "net_weight_kg")] == ["24500.000"]
    assert compare.find_value(evidence, "net_weight_kg", "24.500") is not None
