"""Invented invoices as sheets."""

from __future__ import annotations

from typing import Any

from tests.requests_app.evidence.own.make.parts import truth

#: Of each: its name, its sheets (name and rows), what is true.
BOOKS: list[tuple[str, dict[str, list[list[Any]]], dict[str, Any]]] = [
    ("xlsx-invoice", {"Invoice": [
        ["Sunridge Almond Growers"], ["COMMERCIAL INVOICE"], [], ["Invoice No.", "SR-2026-55"], ["Date", "2026-03-01"], ["Importer:", "Keystone Nut Butter Inc."], [],
        ["Lot", "Description", "Cartons", "Net kg", "Gross kg"], ["AL-1", "Organic almonds", 400, 9080, 9320], ["AL-2", "Organic almonds", 400, 9080, 9320],
        ["Total", None, 800, 18160, 18640]]},
     truth("18160.000", ["AL-1", "AL-2"], "SR-2026-55", "Keystone Nut Butter Inc.", True)),
    ("xlsx-packing", {"Summary": [["Packing list"], ["Invoice", "HN/118"], ["Sold to", "Riverbend Grains LLC"]], "Details": [
        ["Batch no.", "Product", "Bags", "Net weight (MT)", "Gross weight (MT)"], ["BK-2201", "Buckwheat groats, organic", 480, 12.0, 12.048], ["BK-2202", "Buckwheat groats, organic", 480, 12.0, 12.048],
        ["TOTAL", None, 960, 24.0, 24.096]]},
     truth("24000.000", ["BK-2201", "BK-2202"], "HN/118", "Riverbend Grains LLC", True)),
    ("xlsx-factura", {"Factura": [
        ["Factura N°:", "A-00918"], ["Importador:", "Golden Gate Spice Importers Inc."], ["Producto:", "Jengibre fresco orgánico"], ["Número de lote:", "JG-118"],
        ["Peso neto (kg):", 17280], ["Peso bruto (kg):", 18360]]},
     truth("17280.000", ["JG-118"], "A-00918", "Golden Gate Spice Importers Inc.", True)),
    ("xlsx-text-numbers", {"Hoja1": [
        [None, None, "FACTURA COMERCIAL", "No. 4471-B"], [], ["Cliente", None, "Evergreen Oils Inc."], ["Lote", "Detalle", "Peso neto", "Peso bruto"],
        ["OL-901", "Aceite de oliva ecológico", "15.600,50 kg", "16.900,00 kg"]]},
     truth("15600.500", ["OL-901"], "4471-B", "Evergreen Oils Inc.", True)),
    ("xlsx-plain", {"Sheet1": [
        ["Invoice number", "Customer", "Product", "Lot number", "Net weight lb", "Price"], ["INV-90155", "Plains Hemp Foods Inc", "Hemp hearts", "HH-551", 22046.5, 88186],
        ]},
     truth("10000.124", ["HH-551"], "INV-90155", "Plains Hemp Foods Inc", False)),
]  # fmt: skip
