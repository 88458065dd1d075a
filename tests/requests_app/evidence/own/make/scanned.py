"""Invented papers that are printed and scanned."""

from __future__ import annotations

from tests.requests_app.evidence.own.make.parts import Paper, boxes, pairs, table, truth

PAPERS = [
    Paper(
        "scan-invoice", "grid",
        "<h1>COMMERCIAL INVOICE</h1>"
        + boxes([("Exporter", "Baltic Berry Export UAB, Kaunas"), ("Importer", "Northwood Berry Importers Inc.")], [("Invoice No.", "BB-26-0190"), ("Date", "3 June 2026")])
        + table(["Lot", "Goods", "Cartons", "Net kg", "Gross kg"],
                [["WB-301", "Organic wild blueberries, frozen", "900", "9,000.00", "9,450.00"], ["WB-302", "Organic wild blueberries, frozen", "1,100", "11,000.00", "11,550.00"], ["", "TOTAL", "2,000", "20,000.00", "21,000.00"]], 2),
        truth("20000.000", ["WB-301", "WB-302"], "BB-26-0190", "Northwood Berry Importers Inc.", True),
    ),
    Paper(
        "scan-packing", "airy",
        "<h1>PACKING LIST</h1>"
        + pairs(("Invoice No.", "TK-5507"), ("Consignee", "Hudson Nut Company LLC"), ("Product", "Hazelnut kernels 11-13 mm, organic"), ("Batch No.", "HZ-0926"),
                ("Net weight", "12,500 kg"), ("Gross weight", "12,750 kg")),
        truth("12500.000", ["HZ-0926"], "TK-5507", "Hudson Nut Company LLC", True),
    ),
    Paper(
        "scan-factura", "grid",
        "<h1>FACTURA COMERCIAL</h1>"
        + pairs(("Factura No.", "BOL-0412"), ("Importador", "Cascade Chia Traders Inc."), ("Producto", "Semilla de chía orgánica"), ("Lote", "CH-2291"), ("Peso neto", "21.000,00 kg"), ("Peso bruto", "21.210,00 kg")),
        truth("21000.000", ["CH-2291"], "BOL-0412", "Cascade Chia Traders Inc.", True),
    ),
    Paper(
        "scan-letter", "serif",
        "<p>Puerto Maldonado, 8 de mayo de 2026</p><p>Señores Amazon Nut Imports LLC, Baltimore</p>"
        "<p>Adjuntamos la factura N° E001-551 por 16,000 kg netos de castaña orgánica, lote CM-77-26. Peso bruto: 16,320 kg.</p><p>Importador: Amazon Nut Imports LLC</p>",
        truth("16000.000", ["CM-77-26"], "E001-551", "Amazon Nut Imports LLC", True),
    ),
    Paper(
        "scan-lading", "small",
        "<h1>BILL OF LADING</h1>"
        + boxes([("Shipper", "Mekong Coconut JSC"), ("Consignee", "Tropic Pantry Imports Inc.")], [("Invoice No.", "MC-1182"), ("B/L No.", "HLCU8891023")])
        + table(["Packages", "Description", "Gross weight"], [["1,000 cartons", "Organic desiccated coconut<br>Lot DC-0511<br>Net weight 25,000 kg", "25,600 kg"]]),
        truth("25000.000", ["DC-0511"], "MC-1182", "Tropic Pantry Imports Inc.", True),
    ),
    Paper(
        "scan-pounds", "grid",
        "<h1>INVOICE</h1>"
        + pairs(("Invoice No.", "60113"), ("Bill to", "Valley Seed Company Inc."), ("Item", "Organic alfalfa seed"), ("Lot No.", "AL-25-88"), ("Net weight", "40,000 lb"), ("Gross weight", "40,800 lb")),
        truth("18143.695", ["AL-25-88"], "60113", "Valley Seed Company Inc.", True),
    ),
    Paper(
        "scan-photo", "airy",
        "<h1>Certificate of weight</h1>"
        + pairs(("Invoice No.", "GT-4471"), ("Buyer", "Stone Mill Cacao Inc."), ("Goods", "Cocoa beans, organic, 200 bags"), ("Lot", "CB-019"), ("Total net weight", "12.480 MT"), ("Total gross weight", "12.640 MT")),
        truth("12480.000", ["CB-019"], "GT-4471", "Stone Mill Cacao Inc.", True),
    ),
]  # fmt: skip
