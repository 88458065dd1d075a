"""Lots, invoice numbers, importers and "organic" as papers print them; and silence where they are not there."""

from __future__ import annotations

import pytest

from requests_app.evidence import compare
from tests.requests_app.evidence.papers import typed

LOTS = [
    ("Lot: QN-01", ["QN-01"]),
    ("Lot No. 260114", ["260114"]),
    ("LOT NO.: A-101, A-102, A-103", ["A-101", "A-102", "A-103"]),
    ("Lot numbers: A-101; A-102 and A-103", ["A-101", "A-102", "A-103"]),
    ("Lot(s): A101 / A102", ["A101", "A102"]),
    ("Lots A101 & A102", ["A101", "A102"]),
    ("Lot # 26/118", ["26/118"]),
    ("Lot ID  FX.77", ["FX.77"]),
    ("Lot code: 3-37-0112", ["3-37-0112"]),
    ("Batch No. MG118", ["MG118"]),
    ("Batch/Lot: MG118", ["MG118"]),
    ("Lot / Batch No.: MG118", ["MG118"]),
    ("LOT-2026-001", ["LOT-2026-001"]),
    ("Lot LOT-2026-001", ["LOT-2026-001"]),
    ("Lot nos. SB-101 to SB-104", ["SB-101", "SB-102", "SB-103", "SB-104"]),
    ("Lots SB-101 through SB-103", ["SB-101", "SB-102", "SB-103"]),
    ("Lots SB-101 - SB-103", ["SB-101", "SB-102", "SB-103"]),
    ("Lots SB-101 to 103", ["SB-101", "SB-102", "SB-103"]),
    ("Lotes del L-008 al L-010", ["L-008", "L-009", "L-010"]),
    ("Lote: QN-01", ["QN-01"]),
    ("Lote N° QN-01", ["QN-01"]),
    ("Nro. de lote: QN-01", ["QN-01"]),
    ("Número de lote  QN-01", ["QN-01"]),
    ("Número(s) de lote(s): QN-01, QN-02 y QN-03", ["QN-01", "QN-02", "QN-03"]),
    ("Código de lote: QN-01", ["QN-01"]),
    ("Partida N° PV-5520", ["PV-5520"]),
    ("Lotes: QN-01 (9,000 kg), QN-02 (9,000 kg)", ["QN-01", "QN-02"]),
    ("Lot QN-01: 360 bags; Lot QN-02: 360 bags", ["QN-01", "QN-02"]),
    ("The bags are marked with lot number KB-0126-07.", ["KB-0126-07"]),
    ("the goods of lot KB-0126-07 were loaded on 3 May", ["KB-0126-07"]),
    ("Marks: ORGANIC QUINOA / LOT QN-01 / PRODUCT OF PERU", ["QN-01"]),
    ("Partida arancelaria: 1008.50.00", []),
    ("Av. Grau Mz. B Lote 120, Lima", []),
    ("Number of lots: 3", []),
    ("a lot of 2026 goods", []),
    ("Lot size: 18000 kg", []),
    ("Lots: see attached list", []),
    ("Lot date: 14/03/2026", []),
    ("Container MSKU1234565", []),
    ("""
     Lot          Description         Net kg
     QN-2603-     Organic white        9,000
     A            quinoa
     QN-2603-     Organic white        9,000
     B            quinoa
     """, ["QN-2603-A", "QN-2603-B"]),
    ("""
     Lot No.        Best before     Bags
     260101         14/03/2027       100
     260102         14/03/2027       100
     Total                           200

     Bank account: 00112233
     """, ["260101", "260102"]),
    ("""
     Lots:   QN-01, QN-02,
             QN-03, QN-04
     Bags:   720
     """, ["QN-01", "QN-02", "QN-03", "QN-04"]),
    ("""
     Lot number          Date of packing
     QN-01, QN-02        14/03/2026
     """, ["QN-01", "QN-02"]),
]  # fmt: skip
INVOICES = [
    ("Invoice No.: AVS-2026-0417", "AVS-2026-0417"),
    ("INVOICE NO AVS-2026-0417", "AVS-2026-0417"),
    ("Invoice Number  100482", "100482"),
    ("Invoice # 100482", "100482"),
    ("Invoice no. and date: AVS-0417 / 14 March 2026", "AVS-0417"),
    ("Invoice No. / Date   AVS-0417   14/03/2026", "AVS-0417"),
    ("Inv. No. 26/118", "26/118"),
    ("Commercial Invoice No. 26-118 dated 14 March 2026", "26-118"),
    ("Commercial invoice: PGG-3390", "PGG-3390"),
    ("COMMERCIAL INVOICE  PGG-3390", "PGG-3390"),
    ("Our invoice OVT 5512 of today", "OVT 5512"),
    ("Reference: Invoice No. NHE/EXP/219", "NHE/EXP/219"),
    ("Factura N° F001-00012345", "F001-00012345"),
    ("FACTURA ELECTRONICA N° F001 - 00012345", "F001-00012345"),
    ("Factura comercial No. 000871", "000871"),
    ("Nº de factura: 4471-B", "4471-B"),
    ("Número de factura  4471-B", "4471-B"),
    ("nuestra factura número 001-002-0004471", "001-002-0004471"),
    ("Factura: A-00918", "A-00918"),
    ("Factura Nro.: 00003-00000219", "00003-00000219"),
    ("No. Factura  4471", "4471"),
    ("Fecha de la factura: 14/03/2026", ""),
    ("Invoice date: 2026-03-14", ""),
    ("Invoice total: 43,200.00", ""),
    ("Invoice to: Bright Harvest Foods Inc.", ""),
    ("Purchase order no. 88231", ""),
    ("Packing list no. PL-7731", ""),
    ("Terms of invoice: 30 days", ""),
    ("COMMERCIAL INVOICE   Page 1 of 2", ""),
    ("""
     COMMERCIAL INVOICE
     No. AVS-0417             Date: 14 March 2026
     """, "AVS-0417"),
    ("""
     FACTURA COMERCIAL
     E001-551
     """, "E001-551"),
    ("""
     Invoice No.        Date            Terms
     AVS-0417           14 March 2026   FOB
     """, "AVS-0417"),
]  # fmt: skip
FIRM = "Bright Harvest Foods, Inc."
IMPORTERS = [
    f"Importer: {FIRM}",
    f"Importer of record: {FIRM}, Oakland CA",
    f"US importer   {FIRM}",
    f"IMPORTER OF RECORD (IOR):   {FIRM.upper()}",
    f"Importer / consignee:  {FIRM}",
    f"Buyer (importer): {FIRM} - 12 Dock Street",
    f"Sold to: {FIRM}",
    f"Bill To   {FIRM}",
    f"Consignee: {FIRM}; 12 Dock Street",
    f"Consigned to: {FIRM}",
    f"Customer name: {FIRM}",
    f"For account of: {FIRM}",
    f"Importador: {FIRM}",
    f"Importador en EE.UU.: {FIRM}",
    f"Comprador   {FIRM}",
    f"Cliente: {FIRM}",
    f"Consignatario: {FIRM}",
    f"Vendido a: {FIRM}",
    f"Señores: {FIRM}",
    f"Señor(es)   {FIRM}",
    f"Razón social del importador: {FIRM}",
    f"The importer in the United States is {FIRM}, of Oakland.",
    f"El importador es {FIRM}, de Oakland.",
    "Messrs. Bright Harvest Foods Inc",
    f"""
     Importer                       Exporter
     {FIRM}     Agroverde S.A.C.
     12 Dock Street                 Lima
     """,
    f"""
     Consignee                      Invoice No.
     {FIRM}     AVS-0417
     """,
    f"""
     Exporter:   Agroverde S.A.C.
     Importer:   {FIRM}
                 12 Dock Street
     """,
    f"""
     Consignee:   First Bank of Oakland
     Importer:    {FIRM}
     """,
    """
     Buyer:   Bright Harvest
              Foods Inc.
     """,
]  # fmt: skip
NO_IMPORTER = [
    "Exporter: Agroverde S.A.C.",
    "Consignee: to order",
    "Consignee: same as above",
    "Notify party: Seaway Customs Brokers Inc.",
    "Ship to: Midwest Cold Storage",
    "Importer NOP ID: 5330001234",
    "Importer address: 12 Dock Street",
]
ORGANIC = [
    "Organic white quinoa",
    "ORGANIC BLACK TEA (CTC)",
    "Coffee beans, certified organic",
    "100% organic",
    "organically grown rice",
    "Quinua orgánica",
    "Café orgánico lavado",
    "Banano bio",
    "Azúcar ecológica",
    "Aceite de oliva ecológico",
    "cultivo biológico",
    "We sold organic quinoa to Bright Harvest Foods Inc. in March",
    "Product: Organic ginger (USDA NOP)",
    "Status: organic",
]
NOT_ORGANIC = [
    "White quinoa",
    "Non-organic quinoa",
    "not organic",
    "Conventional, not certified organic",
    "Organic: no",
    "National Organic Program",
    "Exporter: Organic Valley Traders Ltd",
    "Prairie Organic Trading Company",
    "info@organicfoods.example",
    "www.organicfoods.com",
    "Producto no orgánico",
    "Materia orgánica 2 %",
    "Organic certificate no. 88123",
    "in transition to organic",
    "Biological control",
]


@pytest.mark.parametrize(("text", "lots"), LOTS)
def test_lots(text: str, lots: list[str]) -> None:
    assert sorted(one.value for one in compare.stated(typed(text), "lots")) == lots


@pytest.mark.parametrize(("text", "number"), INVOICES)
def test_invoice_numbers(text: str, number: str) -> None:
    assert [one.value for one in compare.stated(typed(text), "invoice_number")] == ([number] if number else [])


@pytest.mark.parametrize("text", IMPORTERS)
def test_importers(text: str) -> None:
    found = compare.stated(typed(text), "importer")
    assert [compare.is_right("importer", one, FIRM) for one in found] == [True], found


@pytest.mark.parametrize("text", NO_IMPORTER)
def test_no_importer(text: str) -> None:
    assert compare.stated(typed(text), "importer") == ()


@pytest.mark.parametrize("text", ORGANIC)
def test_goods_that_are_called_organic(text: str) -> None:
    assert compare.stated(typed(text), "organic")


@pytest.mark.parametrize("text", NOT_ORGANIC)
def test_what_is_not_said_of_the_goods(text: str) -> None:
    assert compare.stated(typed(text), "organic") == ()
