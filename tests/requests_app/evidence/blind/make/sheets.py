"""Spreadsheets 26 to 30."""

from __future__ import annotations

import datetime

from common import OUT, answer, kg_of_lb, plain

SHORT_TON_LB = 2000


def cell(sheet: str, where: str, text: str) -> dict:
    return {"sheet": sheet, "cell": where, "text": text}


def book(name: str):
    import xlsxwriter

    made = xlsxwriter.Workbook(str(OUT / f"{name}.xlsx"))
    made.set_properties({"author": "", "created": datetime.datetime(2025, 10, 9, tzinfo=datetime.UTC)})
    return made


def x26() -> None:
    """Thailand: invoice with formulas; lots stand on the second sheet alone."""
    b = book("26-commercial-invoice")
    bold = b.add_format({"bold": True})
    title = b.add_format({"bold": True, "font_size": 16, "align": "center"})
    head = b.add_format({"bold": True, "border": 1, "bg_color": "#DDE8CB", "text_wrap": True, "align": "center"})
    box = b.add_format({"border": 1})
    number = b.add_format({"border": 1, "num_format": "#,##0.00"})
    total = b.add_format({"border": 1, "bold": True, "num_format": "#,##0.00"})
    whole = b.add_format({"border": 1, "num_format": "#,##0"})
    date = b.add_format({"num_format": "dd-mmm-yyyy", "align": "left"})
    s = b.add_worksheet("INVOICE")
    s.set_column("A:A", 6)
    s.set_column("B:B", 44)
    s.set_column("C:G", 14)
    s.merge_range("A1:G1", "SIAMLOTA COCONUT PRODUCTS CO., LTD.", title)
    s.merge_range("A2:G2", "88/4 Moo 6, Bang Krathum Noi, Thailand  Tax ID 0105599900884")
    s.merge_range("A4:G4", "COMMERCIAL INVOICE", title)
    for row, left, right, value in (
        (6, "Sold to:", "Invoice No.", "SCP2026-0884"),
        (7, "Vellacourt Pantry Brands, Inc.", "Date", datetime.date(2026, 4, 28)),
        (8, "1 Ladle Street, Suite 300", "Your PO", "VPB-40917"),
        (9, "Seattle, WA 98109, USA", "Terms", "FOB Laem Chabang"),
        (10, "Tel. +1 206 555 0124", "Vessel", "Andaman Kite 118E"),
    ):
        s.write(f"A{row}", left, bold if row in (6, 7) else None)
        s.write(f"E{row}", right, bold)
        if isinstance(value, datetime.date):
            s.write_datetime(f"F{row}", value, date)
        else:
            s.write(f"F{row}", value)
    for column, text in enumerate(
        ("No.", "Description of goods", "Cartons", "Net weight (kg)", "Gross weight (kg)", "USD / kg", "Amount USD")
    ):
        s.write(11, column, text, head)
    goods = [
        ("Organic coconut milk powder, 10 kg carton", 900, 9000.0, 9630.0, 6.4),
        ("Organic coconut flour, 20 kg carton", 350, 7000.0, 7350.0, 2.15),
    ]
    for i, (text, cartons, net, gross, price) in enumerate(goods):
        row = 12 + i
        s.write(row, 0, i + 1, box)
        s.write(row, 1, text, box)
        s.write(row, 2, cartons, whole)
        s.write(row, 3, net, number)
        s.write(row, 4, gross, number)
        s.write(row, 5, price, number)
        s.write_formula(row, 6, f"=D{row + 1}*F{row + 1}", number, net * price)
    s.merge_range("A15:B15", "TOTAL", total)
    s.write_formula("C15", "=SUM(C13:C14)", whole, 1250)
    s.write_formula("D15", "=SUM(D13:D14)", total, 16000)
    s.write_formula("E15", "=SUM(E13:E14)", total, 16980)
    s.write("F15", "", total)
    s.write_formula("G15", "=SUM(G13:G14)", total, 72650)
    s.write("A17", "Say US dollars seventy-two thousand six hundred and fifty only.")
    s.write("A18", "Country of origin: Thailand. HS 1106.30 / 1901.90")
    s.write("A21", "Authorised signature: ______________________")
    p = b.add_worksheet("PACKING")
    p.set_column("A:A", 34)
    p.set_column("B:E", 15)
    p.merge_range("A1:E1", "PACKING DETAILS  (attachment to SCP2026-0884)", title)
    for column, text in enumerate(("Product", "Lot no.", "Cartons", "Net kg", "Gross kg")):
        p.write(2, column, text, head)
    for i, (product, lot, cartons, net, gross) in enumerate(
        (
            ("Coconut milk powder", "MP-6103", 500, 5000.0, 5350.0),
            ("Coconut milk powder", "MP-6104", 400, 4000.0, 4280.0),
            ("Coconut flour", "CF-6088", 350, 7000.0, 7350.0),
        )
    ):
        p.write(3 + i, 0, product, box)
        p.write(3 + i, 1, lot, box)
        p.write(3 + i, 2, cartons, whole)
        p.write(3 + i, 3, net, number)
        p.write(3 + i, 4, gross, number)
    p.write("A8", "Container TXLU 608841-2, seal TH 55 0917")
    b.close()
    answer(
        "26-commercial-invoice",
        "xlsx",
        "en",
        "commercial_invoice",
        {
            "net_weight_kg": "16000",
            "lots": ["MP-6103", "MP-6104", "CF-6088"],
            "invoice_number": "SCP2026-0884",
            "importer": "Vellacourt Pantry Brands, Inc.",
            "organic": True,
        },
        {
            "net_weight_kg": cell("INVOICE", "D15", "16,000.00"),
            "lots": [
                cell("PACKING", "B4", "MP-6103"),
                cell("PACKING", "B5", "MP-6104"),
                cell("PACKING", "B6", "CF-6088"),
            ],
            "invoice_number": cell("INVOICE", "F6", "SCP2026-0884"),
            "importer": cell("INVOICE", "A7", "Vellacourt Pantry Brands, Inc."),
            "organic": cell("INVOICE", "B13", "Organic coconut milk powder"),
        },
        "The totals are formulas with stored values. The lots are on the second sheet only.",
    )


def x27() -> None:
    """Bolivia: numbers kept as text with points and commas; importer is not the consignee."""
    b = book("27-factura-comercial")
    title = b.add_format({"bold": True, "font_size": 14})
    label = b.add_format({"bold": True, "font_color": "#555555"})
    head = b.add_format({"bold": True, "bottom": 2})
    right = b.add_format({"align": "right"})
    total = b.add_format({"align": "right", "bold": True, "top": 1})
    s = b.add_worksheet("Factura")
    s.set_column("A:A", 22)
    s.set_column("B:B", 46)
    s.set_column("C:E", 16)
    s.merge_range("A1:C1", "AJONJOLERA GUARAYUMÁ S.R.L.", title)
    s.merge_range("A2:C2", "Carretera a Ascencio km 7, Santa Cruz, Bolivia - NIT 999003517")
    s.merge_range("D1:E1", "FACTURA COMERCIAL", title)
    s.merge_range("D2:E2", "N° 0003517")
    for i, (left, value) in enumerate(
        (
            ("Fecha", "19 de junio de 2026"),
            ("Importador", "Halvershaw Seeds & Grains LLC"),
            ("", "52 Granary Walk, Tulsa, OK 74103, EE. UU."),
            ("Consignatario", "Pinfeather Public Warehouse"),
            ("", "8 Dock Street, Houston, TX 77029, EE. UU."),
            ("Incoterm", "FCA Arica"),
            ("Contenedor", "GYMU 351706-8"),
        )
    ):
        s.write(3 + i, 0, left, label)
        s.write(3 + i, 1, value)
    for column, text in enumerate(("Sacos", "Mercadería", "Peso neto kg", "Precio USD/kg", "Importe USD")):
        s.write(11, column, text, head)
    for column, text in enumerate(
        ("400", "Ajonjolí (sésamo) natural orgánico, saco de 25 kg, lote AJ-171", "10.000,00", "2,38", "23.800,00")
    ):
        s.write_string(12, column, text, None if column == 1 else right)
    for column, text in enumerate(
        ("320", "Ajonjolí (sésamo) natural orgánico, saco de 25 kg, lote AJ-172", "8.000,00", "2,38", "19.040,00")
    ):
        s.write_string(13, column, text, None if column == 1 else right)
    for column, text in enumerate(("720", "TOTAL", "18.000,00", "", "42.840,00")):
        s.write_string(14, column, text, total)
    s.write("A17", "Son: cuarenta y dos mil ochocientos cuarenta 00/100 dólares americanos")
    s.write("A20", "Firma y sello")
    p = b.add_worksheet("Lista de empaque")
    p.set_column("A:F", 16)
    p.merge_range("A1:E1", "LISTA DE EMPAQUE - Factura 0003517", title)
    for column, text in enumerate(("Lote", "Sacos", "Bruto kg", "Tara kg", "Neto kg")):
        p.write(2, column, text, head)
    for i, line in enumerate(
        (
            ("AJ-171", "400", "10.080,00", "80,00", "10.000,00"),
            ("AJ-172", "320", "8.064,00", "64,00", "8.000,00"),
            ("Total", "720", "18.144,00", "144,00", "18.000,00"),
        )
    ):
        for column, text in enumerate(line):
            p.write_string(3 + i, column, text, right if column else None)
    b.close()
    answer(
        "27-factura-comercial",
        "xlsx",
        "es",
        "commercial_invoice",
        {
            "net_weight_kg": "18000",
            "lots": ["AJ-171", "AJ-172"],
            "invoice_number": "0003517",
            "importer": "Halvershaw Seeds & Grains LLC",
            "organic": True,
        },
        {
            "net_weight_kg": cell("Factura", "C15", "18.000,00"),
            "lots": [cell("Factura", "B13", "AJ-171"), cell("Factura", "B14", "AJ-172")],
            "invoice_number": cell("Factura", "D2", "0003517"),
            "importer": cell("Factura", "B5", "Halvershaw Seeds & Grains LLC"),
            "organic": cell("Factura", "B13", "natural orgánico"),
        },
        "All numbers are text with decimal commas. Both sheets give lots and net weight; the places are the invoice's.",
    )


def x28() -> None:
    """Packing list of a packer who weighs in pounds; a second sheet says which lot each pallet is."""
    b = book("28-packing-list")
    title = b.add_format({"bold": True, "font_size": 14})
    head = b.add_format({"bold": True, "border": 1, "bg_color": "#D9D9D9"})
    box = b.add_format({"border": 1})
    number = b.add_format({"border": 1, "num_format": "#,##0"})
    total = b.add_format({"border": 1, "bold": True, "num_format": "#,##0"})
    s = b.add_worksheet("Packing list")
    s.set_column("A:A", 10)
    s.set_column("B:B", 36)
    s.set_column("C:F", 13)
    s.write("A1", "Fijora Pulse & Grain Cooperative", title)
    s.write("A2", "Plot 12, Sigalevu Estate, Fiji  |  tel +679 990 0288")
    s.merge_range("D1:F1", "PACKING LIST", title)
    s.write("A4", "Consignee:")
    s.write("B4", "Dovesmere Kitchens, Inc.")
    s.write("B5", "2 Simmer Road, Oakland, CA 94607, USA")
    s.write("D4", "Invoice:")
    s.write("E4", "FPG 1288")
    s.write("D5", "Date:")
    s.write("E5", "02/09/2026")
    s.write("A6", "Notify:")
    s.write("B6", "Same as consignee")
    s.write("D6", "Container:")
    s.write("E6", "FJLU 128802-5")
    for column, text in enumerate(("Pallet", "Goods", "Bags", "Lbs / bag", "Net lbs", "Gross lbs")):
        s.write(8, column, text, head)
    for n in range(18):
        s.write(9 + n, 0, f"P{n + 1:02d}", box)
        s.write(9 + n, 1, "Organic ground turmeric" if n < 12 else "Organic ground ginger", box)
        s.write(9 + n, 2, 48, number)
        s.write(9 + n, 3, 50, number)
        s.write_formula(9 + n, 4, f"=C{n + 10}*D{n + 10}", number, 2400)
        s.write(9 + n, 5, 2472, number)
    s.write("A28", "TOTAL", total)
    s.write("B28", "18 pallets", total)
    s.write_formula("C28", "=SUM(C10:C27)", total, 864)
    s.write("D28", "", total)
    s.write_formula("E28", "=SUM(E10:E27)", total, 43200)
    s.write_formula("F28", "=SUM(F10:F27)", total, 44496)
    s.write("A30", "Weights are in pounds (lb). Gross includes bags and pallet.")
    p = b.add_worksheet("Lots")
    p.set_column("A:C", 16)
    for column, text in enumerate(("Pallets", "Lot", "Milled")):
        p.write(0, column, text, head)
    for i, line in enumerate(
        (("P01 - P06", "T-2608-1", "Aug 11"), ("P07 - P12", "T-2608-2", "Aug 12"), ("P13 - P18", "G-2608-1", "Aug 19"))
    ):
        for column, text in enumerate(line):
            p.write(1 + i, column, text, box)
    b.close()
    answer(
        "28-packing-list",
        "xlsx",
        "en",
        "packing_list",
        {
            "net_weight_kg": kg_of_lb("43200"),
            "lots": ["T-2608-1", "T-2608-2", "G-2608-1"],
            "invoice_number": "FPG 1288",
            "importer": "Dovesmere Kitchens, Inc.",
            "organic": True,
        },
        {
            "net_weight_kg": cell("Packing list", "E28", "43,200"),
            "lots": [cell("Lots", "B2", "T-2608-1"), cell("Lots", "B3", "T-2608-2"), cell("Lots", "B4", "G-2608-1")],
            "invoice_number": cell("Packing list", "E4", "FPG 1288"),
            "importer": cell("Packing list", "B4", "Dovesmere Kitchens, Inc."),
            "organic": cell("Packing list", "B10", "Organic ground turmeric"),
        },
        "43,200 lb x 0.45359237; the totals are formulas with stored values.",
    )


def x29() -> None:
    """Peru: only the firm's name says organic, nothing is said of the goods."""
    b = book("29-factura-exportacion")
    title = b.add_format({"bold": True, "font_size": 13})
    head = b.add_format({"bold": True, "border": 1, "align": "center", "valign": "vcenter", "text_wrap": True})
    box = b.add_format({"border": 1, "text_wrap": True, "valign": "top"})
    number = b.add_format({"border": 1, "num_format": "#,##0.00", "valign": "top"})
    total = b.add_format({"border": 1, "num_format": "#,##0.00", "bold": True})
    s = b.add_worksheet("Hoja1")
    s.set_column("A:A", 14)
    s.set_column("B:B", 40)
    s.set_column("C:G", 13)
    s.merge_range("A1:D1", "ORGÁNICOS DE CHIRIMOYAPATA S.A.C.", title)
    s.merge_range("A2:D2", "Jr. Los Molles 290, Abancayur, Perú")
    s.merge_range("E1:G1", "FACTURA DE EXPORTACIÓN", title)
    s.merge_range("E2:G2", "F002-0000290")
    s.write("A4", "Vendido a:")
    s.write("B4", "Stonecrumb Bakehouse Supply, Inc.")
    s.write("B5", "11 Proofing Street, Denver, CO 80216, USA")
    s.write("A6", "Fecha:")
    s.write("B6", "05.03.2026")
    s.write("A7", "Embarque:")
    s.write("B7", "FOB Callao, contenedor CHYU 290026-1, B/L PCX-29006")
    s.merge_range("A9:A10", "Cantidad (sacos)", head)
    s.merge_range("B9:B10", "Descripción", head)
    s.merge_range("C9:D9", "Peso (kg)", head)
    s.write("C10", "Bruto", head)
    s.write("D10", "Neto", head)
    s.merge_range("E9:E10", "Lote", head)
    s.merge_range("F9:F10", "Precio USD/kg", head)
    s.merge_range("G9:G10", "Total USD", head)
    lines = [
        (420, "Kiwicha (amaranto) en grano, saco de 25 kg, P.A. 1008.90.92", 10584.0, 10500.0, "KW-26-03", 2.9),
        (180, "Harina de maca gelatinizada, saco de 25 kg, P.A. 1106.20.10", 4536.0, 4500.0, "MC-26-011", 7.6),
    ]
    for i, (bags, text, gross, net, lot, price) in enumerate(lines):
        row = 10 + i
        s.write(row, 0, bags, box)
        s.write(row, 1, text, box)
        s.write(row, 2, gross, number)
        s.write(row, 3, net, number)
        s.write(row, 4, lot, box)
        s.write(row, 5, price, number)
        s.write(row, 6, round(net * price, 2), number)
    s.merge_range("A13:B13", "Totales", total)
    s.write("C13", 15120.0, total)
    s.write("D13", 15000.0, total)
    s.write("E13", "", total)
    s.write("F13", "", total)
    s.write("G13", 64650.0, total)
    s.write("A15", "Son: sesenta y cuatro mil seiscientos cincuenta y 00/100 dólares")
    p = b.add_worksheet("Hoja2")
    p.write("A1", "Cuenta para el pago")
    p.write("A2", "Banco Apurimaqta, cta. 0029-0000-2900-15, SWIFT BAPQPEXX")
    b.close()
    answer(
        "29-factura-exportacion",
        "xlsx",
        "es",
        "commercial_invoice",
        {
            "net_weight_kg": "15000",
            "lots": ["KW-26-03", "MC-26-011"],
            "invoice_number": "F002-0000290",
            "importer": "Stonecrumb Bakehouse Supply, Inc.",
            "organic": False,
        },
        {
            "net_weight_kg": cell("Hoja1", "D13", "15,000.00"),
            "lots": [cell("Hoja1", "E11", "KW-26-03"), cell("Hoja1", "E12", "MC-26-011")],
            "invoice_number": cell("Hoja1", "E2", "F002-0000290"),
            "importer": cell("Hoja1", "B4", "Stonecrumb Bakehouse Supply, Inc."),
        },
        "'Orgánicos' is part of the exporter's name; of the goods organic is said nowhere. Gross stands before net.",
    )


def x30() -> None:
    """Mexico: packing list in short tons; the importer is below, numbers and texts mixed."""
    from decimal import Decimal

    b = book("30-lista-empaque")
    title = b.add_format({"bold": True, "font_size": 14, "align": "center"})
    head = b.add_format({"bold": True, "border": 1, "text_wrap": True, "align": "center", "bg_color": "#FCE4D6"})
    box = b.add_format({"border": 1})
    three = b.add_format({"border": 1, "num_format": "0.000"})
    total = b.add_format({"border": 1, "bold": True, "num_format": "0.000"})
    s = b.add_worksheet("Lista de empaque")
    s.set_column("A:A", 20)
    s.set_column("B:B", 30)
    s.set_column("C:E", 16)
    s.merge_range("A1:E1", "Garbancera Tehuimayo, S.A. de C.V.", title)
    s.merge_range("A2:E2", "Block 1407 Valle del Yaquimar, Sonora, México  RFC GTE990211XX1")
    s.merge_range("A4:E4", "LISTA DE EMPAQUE / PACKING LIST", title)
    s.write("A6", "Factura:")
    s.write_number("B6", 5147)
    s.write("A7", "Producto:")
    s.write("B7", "Garbanzo orgánico blanco calibre 42/44")
    s.write("A8", "Presentación:")
    s.write("B8", "Súper sacos de 1 tonelada corta (2,000 lb)")
    for column, text in enumerate(
        ("Lote", "Súper sacos", "Peso neto (toneladas cortas)", "Peso bruto (toneladas cortas)", "Sello")
    ):
        s.write(9, column, text, head)
    for i, line in enumerate(
        (
            ("GT-311", 8, 8.0, 8.024, "MX 70118"),
            ("GT-312", 7, 7.0, 7.021, "MX 70118"),
            ("GT-314", 6, 5.5, 5.518, "MX 70118"),
        )
    ):
        for column, value in enumerate(line):
            s.write(10 + i, column, value, three if column in (2, 3) else box)
    s.write("A14", "Total", total)
    s.write("B14", 21, box)
    s.write("C14", 20.5, total)
    s.write("D14", 20.563, total)
    s.write("E14", "", box)
    s.write("A16", "Importador:")
    s.merge_range("B16:D16", "Hummingford Foods, L.P.")
    s.merge_range("B17:D17", "600 Tahini Trail, Nogales, AZ 85621, EUA")
    s.write("A18", "Agente aduanal:")
    s.merge_range("B18:D18", "Agencia Cruz Mezquital, patente 99X7")
    s.write("A20", "Uno de los seis sacos del lote GT-314 va a medio llenar.")
    p = b.add_worksheet("Transporte")
    p.set_column("A:B", 24)
    for i, (left, right) in enumerate(
        (
            ("Línea", "Fletes Pitahayal"),
            ("Tractor", "88-AX-9"),
            ("Caja", "514-XP-2"),
            ("Operador", "J. Bacasehua"),
            ("Cruce", "Nogales, 21/05/2026"),
        )
    ):
        p.write(i, 0, left)
        p.write(i, 1, right)
    b.close()
    answer(
        "30-lista-empaque",
        "xlsx",
        "es",
        "packing_list",
        {
            "net_weight_kg": plain(Decimal("20.5") * SHORT_TON_LB * Decimal("0.45359237")),
            "lots": ["GT-311", "GT-312", "GT-314"],
            "invoice_number": "5147",
            "importer": "Hummingford Foods, L.P.",
            "organic": True,
        },
        {
            "net_weight_kg": cell("Lista de empaque", "C14", "20.500"),
            "lots": [
                cell("Lista de empaque", "A11", "GT-311"),
                cell("Lista de empaque", "A12", "GT-312"),
                cell("Lista de empaque", "A13", "GT-314"),
            ],
            "invoice_number": cell("Lista de empaque", "B6", "5147"),
            "importer": cell("Lista de empaque", "B16", "Hummingford Foods, L.P."),
            "organic": cell("Lista de empaque", "B7", "Garbanzo orgánico"),
        },
        "20.5 short tons of 2,000 lb x 0.45359237. The invoice number is a number in its cell.",
    )


def make() -> None:
    for maker in (x26, x27, x28, x29, x30):
        maker()
