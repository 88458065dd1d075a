"""Text PDFs 10 to 18."""

from __future__ import annotations

import io

from common import answer, at, kg_of_lb, pdf_from_html, save


def d10() -> None:
    """Mexico: honey; sold to, importer and a warehouse as consignee in three boxes."""
    css = """
    @page {size: Letter; margin: 14mm} body {font-size: 8.6pt} .top {width: 100%} .top td {vertical-align:
    top} .fol {border: 1pt solid #a86a00; text-align: center; padding: 5px 12px; width: 48mm} .b3 {width:
    100%; margin-top: 10px; table-layout: fixed} .b3 td {border: .7pt solid #a86a00; padding: 0;
    vertical-align: top} .h {background: #f6e3bd; font-weight: bold; padding: 2px 6px; font-size: 7.5pt}
    .t {padding: 4px 6px} .i {width: 100%; margin-top: 10px} .i th {background: #f6e3bd; border: .7pt solid
    #a86a00; padding: 3px 5px} .i td {border: .7pt solid #a86a00; padding: 4px 5px} .r {text-align: right}
    .foot {width: 100%; margin-top: 12px} .foot td {padding: 2px 6px; vertical-align: top}
    """
    body = """
    <table class=top><tr><td><b style="font-size:14pt;color:#a86a00">Mieles Xutumpich</b><br>S.P.R. de R.L.
    de C.V.<br>Calle 21 s/n por 14, Tixcanchel, Yucatán, México<br>R.F.C. MXU990913XX0 · Régimen 622</td>
    <td class=fol><b>FACTURA COMERCIAL</b><br>Folio: <b>MX-A 002291</b><br>Fecha: 18/03/2026<br>Hoja 1 de
    1</td></tr></table>
    <table class=b3><tr>
    <td><div class=h>Vendido a / Sold to</div><div class=t>Combmere Trade Finance, LLC<br>1 Ledger Plaza,
    Dover, DE 19901<br>USA</div></td>
    <td><div class=h>Importador / Importer of record</div><div class=t>Brindlewick Sweeteners, Inc.<br>3120
    Hive Street, Laredo, TX 78041<br>IRS 00-7312291</div></td>
    <td><div class=h>Consignatario / Ship to</div><div class=t>Tidemoor Dry Storage, Bodega 6<br>Mines Road
    Annex, Laredo, TX 78045</div></td></tr></table>
    <table class=i><tr><th>Cant.</th><th>Unidad</th><th>Descripción</th><th>Lote</th><th>Kg netos</th>
    <th>USD/kg</th><th>Importe USD</th></tr>
    <tr><td class=r>40</td><td>Tambor</td><td>Miel de abeja orgánica multifloral, tambor metálico de 300 kg
    <br>Fracción 0409.00.01</td><td>MXT-2603-A</td><td class=r>12,000.00</td><td class=r>3.35</td>
    <td class=r>40,200.00</td></tr>
    <tr><td class=r>24</td><td>Tambor</td><td>Miel de abeja orgánica de tajonal, tambor metálico de 300 kg
    <br>Fracción 0409.00.01</td><td>MXT-2603-B</td><td class=r>7,200.00</td><td class=r>3.40</td>
    <td class=r>24,480.00</td></tr>
    <tr><td class=r>64</td><td colspan=3 class=r><b>Totales</b></td><td class=r><b>19,200.00</b></td><td></td>
    <td class=r><b>64,680.00</b></td></tr></table>
    <p style="margin:6px 0">(Sesenta y cuatro mil seiscientos ochenta dólares 00/100 USD)</p>
    <table class=foot><tr><td>Incoterm 2020: DAP Laredo, TX</td><td>Peso bruto: 20,480.00 kg</td>
    <td>País de origen: México</td></tr>
    <tr><td>Transportista: Autolíneas Pochotal</td><td>Caja: 53-7714</td><td>Pedimento: 26 24 9912
    6000291</td></tr></table>
    <p style="margin-top:22mm;text-align:center">______________________________<br>Representante legal</p>
    """
    save("10-factura-comercial", pdf_from_html(body, css, "Roboto"))
    answer(
        "10-factura-comercial",
        "text_pdf",
        "es",
        "commercial_invoice",
        {
            "net_weight_kg": "19200",
            "lots": ["MXT-2603-A", "MXT-2603-B"],
            "invoice_number": "MX-A 002291",
            "importer": "Brindlewick Sweeteners, Inc.",
            "organic": True,
        },
        {
            "net_weight_kg": at("19,200.00"),
            "lots": [at("MXT-2603-A"), at("MXT-2603-B")],
            "invoice_number": at("MX-A 002291"),
            "importer": at("Brindlewick Sweeteners, Inc."),
            "organic": at("Miel de abeja orgánica"),
        },
        "Buyer, importer and consignee are three firms.",
    )


def d11() -> None:
    """Canada: packing slip in pounds only; importer of record is not who receives."""
    css = """
    @page {size: Letter; margin: 16mm} body {font-size: 9.5pt} .w {width: 100%} .w td {vertical-align: top;
    width: 33%} .k {font-weight: bold; font-size: 8pt; color: #30507a} .i {width: 100%; margin-top: 14px}
    .i th {text-align: left; border-bottom: 1.2pt solid #30507a; padding: 3px} .i td {padding: 4px 3px;
    border-bottom: .4pt solid #bbb} .r {text-align: right !important}
    """
    lines = [("FX-5531", n) for n in range(1, 13)] + [("FX-5534", n) for n in range(13, 21)]
    rows = ""
    for lot, n in lines:
        rows += (
            f"<tr><td>{n}</td><td>PGO-T{4400 + n}</td><td>{lot}</td><td class=r>2,062.5</td>"
            "<td class=r>5.5</td><td class=r>2,068.0</td></tr>"
        )
    body = f"""
    <table class=w><tr><td><b style="font-size:15pt">Prairie Gannet Organics Ltd.</b><br>Box 61, Wadenook,
    Saskatchewan<br>Canada S0A 0X0</td><td></td><td class=r style="font-size:15pt"><b>PACKING SLIP</b><br>
    <span style="font-size:9pt">No. 33107<br>June 4, 2026</span></td></tr></table>
    <table class=w style="margin-top:12px"><tr>
    <td><div class=k>SHIP TO / CONSIGNEE</div>Ferrous Creek Bakery Supply<br>Dock 12, 480 Lift Road<br>Fargo,
    ND 58102, USA</td>
    <td><div class=k>IMPORTER OF RECORD</div>Nettlecombe Mills, Inc.<br>19 Sluice Street<br>Duluth, MN
    55802, USA</td>
    <td><div class=k>REFERENCES</div>Invoice: PGO-10873<br>Customer PO: NM-2066<br>Carrier: Gopherline
    Freight<br>Trailer: GL 53118 &nbsp; Seal: 7740912</td></tr></table>
    <p style="margin-bottom:0"><b>Organic brown flaxseed, cleaned, 99.9% purity</b> — HS 1204.00 — 20 tote
    bags</p>
    <table class=i style="margin-top:4px"><tr><th>#</th><th>Tote</th><th>Lot</th><th class=r>Net lb</th>
    <th class=r>Tare lb</th><th class=r>Gross lb</th></tr>{rows}
    <tr><td colspan=3><b>Total, 20 totes</b></td><td class=r><b>41,250.0</b></td><td class=r><b>110.0</b></td>
    <td class=r><b>41,360.0</b></td></tr></table>
    <p>Certified organic by Talgrain Certifiers Co-op (Canada), operation no. SK-0412. Totes sealed and
    labelled.</p>
    <p>Loaded by: <i>D. Okemasis</i> &nbsp;&nbsp;&nbsp; Driver: ________________</p>
    """
    save("11-packing-slip", pdf_from_html(body, css, "Source Sans"))
    answer(
        "11-packing-slip",
        "text_pdf",
        "en",
        "packing_list",
        {
            "net_weight_kg": kg_of_lb("41250"),
            "lots": ["FX-5531", "FX-5534"],
            "invoice_number": "PGO-10873",
            "importer": "Nettlecombe Mills, Inc.",
            "organic": True,
        },
        {
            "net_weight_kg": at("41,250.0"),
            "lots": [at("FX-5531"), at("FX-5534")],
            "invoice_number": at("PGO-10873"),
            "importer": at("Nettlecombe Mills, Inc."),
            "organic": at("Organic brown flaxseed"),
        },
        "41,250.0 lb x 0.45359237; kilograms are not printed. 33107 is the number of the slip itself.",
    )


def d12() -> None:
    """India: bill of lading to order of a bank, typed on a form; gross weight only."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    c = Canvas(out, pagesize=A4, invariant=1)
    w, h = A4

    def lab(x: float, y: float, text: str) -> None:
        c.setFont("Helvetica", 6)
        c.drawString(x, y, text)

    def typ(x: float, y: float, *lines: str, size: float = 9) -> None:
        c.setFont("Helvetica", size)
        for i, line in enumerate(lines):
            c.drawString(x, y - (size + 2.5) * i, line)

    m = 34
    c.setFont("Helvetica-Bold", 14)
    c.drawString(m, h - 44, "KAVERI CROWN LINE")
    c.setFont("Helvetica", 8)
    c.drawRightString(w - m, h - 42, "BILL OF LADING FOR OCEAN TRANSPORT")
    for x0, y0, x1, y1 in (
        (m, h - 125, 300, h - 55),
        (m, h - 190, 300, h - 125),
        (m, h - 265, 300, h - 190),
        (300, h - 90, w - m, h - 55),
        (300, h - 190, w - m, h - 90),
        (300, h - 265, w - m, h - 190),
        (m, h - 300, 170, h - 265),
        (170, h - 300, 300, h - 265),
        (300, h - 300, w - m, h - 265),
        (m, h - 570, w - m, h - 300),
        (m, 90, w - m, h - 570),
    ):
        c.rect(x0, y0, x1 - x0, y1 - y0)
    lab(m + 4, h - 63, "SHIPPER")
    typ(m + 6, h - 76, "SESAMVAR EXPORTS LLP", "GODOWN 4, MARKET YARD ROAD", "UNJHAPUR, GUJARAT 384 17X, INDIA")
    lab(m + 4, h - 133, "CONSIGNEE (not negotiable unless consigned to order)")
    typ(m + 6, h - 147, "TO ORDER OF CRESTHOLLOW MERCHANTS BANK", "TRADE DESK, ALBANY, NY, USA")
    lab(m + 4, h - 198, "NOTIFY PARTY")
    typ(
        m + 6,
        h - 212,
        "WRENFIELD SEED & SPICE, INC.",
        "6 COOPERAGE WAY",
        "SCRANTON, PA 18503, USA",
        "IMPORTS@WRENFIELD.EXAMPLE",
    )
    lab(304, h - 63, "B/L NO.")
    typ(306, h - 80, "KCL/MUN/SAV/204417", size=11)
    lab(304, h - 98, "SHIPPER'S REFERENCES")
    typ(
        306,
        h - 112,
        "S/BILL NO. 6610442 DT. 15.04.2026",
        "INV. NO. SGX/2627/045 DT. 12.04.2026",
        "L/C NO. CMB-IMP-55017",
        "IEC 0899991220",
    )
    lab(304, h - 198, "DELIVERY AGENT AT DESTINATION")
    typ(306, h - 212, "MARSHTON SHIPPING AGENCIES INC.", "SAVANNAH, GA", "TEL 1 912 555 0177")
    lab(m + 4, h - 273, "VESSEL / VOYAGE")
    typ(m + 6, h - 290, "KCL SABARI 014W")
    lab(174, h - 273, "PORT OF LOADING")
    typ(176, h - 290, "MUNDRA, INDIA")
    lab(304, h - 273, "PORT OF DISCHARGE / PLACE OF DELIVERY")
    typ(306, h - 290, "SAVANNAH, GA, USA")
    lab(m + 4, h - 308, "CONTAINER / SEAL / MARKS")
    lab(170, h - 308, "NUMBER AND KIND OF PACKAGES; DESCRIPTION OF GOODS")
    lab(440, h - 308, "GROSS WEIGHT")
    lab(510, h - 308, "MEASUREMENT")
    typ(
        m + 6,
        h - 324,
        "KCLU 510442-7",
        "20'GP FCL/FCL",
        "SEAL KC 88107",
        "LINE SEAL 0027714",
        "",
        "MARKS:",
        "WSS / SAVANNAH",
        "1-720",
        size=8,
    )
    typ(
        172,
        h - 324,
        "720 (SEVEN HUNDRED TWENTY) PAPER BAGS",
        "HULLED SESAME SEEDS, ORGANIC (NOP)",
        "LOT NO. SX-26-014 & SX-26-015",
        "H.S. CODE 1207.40.90",
        "",
        "FREIGHT PREPAID",
        "14 DAYS FREE AT DESTINATION",
        "SHIPPER'S LOAD, STOW, COUNT AND SEAL",
        size=8.5,
    )
    typ(440, h - 324, "18,414.000", "KGS")
    typ(510, h - 324, "26.500", "CBM")
    typ(172, h - 545, "SHIPPED ON BOARD  19 APR 2026", size=9)
    lab(m + 4, h - 578, "TOTAL NUMBER OF CONTAINERS OR PACKAGES (IN WORDS): ONE CONTAINER ONLY")
    c.setFont("Times-Roman", 6)
    y = h - 596
    for line in (
        "RECEIVED by the Carrier in apparent good order and condition, unless otherwise stated, the total number of",
        "containers or packages said to contain the goods described above. Particulars furnished by the shipper; weight,",
        "measure, quality, contents and value unknown to the Carrier. IN WITNESS whereof 3 (three) original bills of",
        "lading have been signed, one of which being accomplished the others to be void.",
    ):
        c.drawString(m + 4, y, line)
        y -= 8
    typ(m + 6, 130, "PLACE AND DATE OF ISSUE: AHMEDNAGARI, 19 APR 2026", "AS AGENT FOR THE CARRIER", size=8)
    c.save()
    save("12-bill-of-lading", out.getvalue())
    answer(
        "12-bill-of-lading",
        "text_pdf",
        "en",
        "bill_of_lading",
        {
            "net_weight_kg": None,
            "lots": ["SX-26-014", "SX-26-015"],
            "invoice_number": "SGX/2627/045",
            "importer": "WRENFIELD SEED & SPICE, INC.",
            "organic": True,
        },
        {
            "lots": [at("SX-26-014"), at("SX-26-015")],
            "invoice_number": at("SGX/2627/045"),
            "importer": at("WRENFIELD SEED & SPICE, INC."),
            "organic": at("HULLED SESAME SEEDS, ORGANIC (NOP)"),
        },
        "To the order of a bank, so the notify party is the importer. Only the gross weight is stated.",
    )


def d13() -> None:
    """Bolivia: chia by pallet with subtotals for each lot, two pages, points for thousands."""
    css = """
    body {font-size: 8.8pt} .p {width: 100%} .p th {background: #e4e4e4; border: .5pt solid #666; padding: 3px}
    .p td {border: .5pt solid #666; padding: 9px 6px; text-align: right} .p td.c {text-align: center}
    .s td {font-weight: bold; background: #f4f4f4} .l td {padding: 1px 10px 1px 0; vertical-align: top}
    @page {margin: 15mm; @bottom-right {content: 'Página ' counter(page) ' de ' counter(pages); font-size: 7pt}
    @bottom-left {content: 'Chiabamba Alto S.R.L. — Lista de empaque LE-118/26'; font-size: 7pt}}
    """
    lots = [("CHB-0311", 8), ("CHB-0312", 8), ("CHB-0315", 4)]
    rows, n = "", 0
    for lot, pallets in lots:
        for _ in range(pallets):
            n += 1
            rows += (
                f"<tr><td class=c>{n}</td><td class=c>{lot}</td><td>36</td><td>25,00</td><td>900,00</td>"
                "<td>29,20</td><td>929,20</td></tr>"
            )
        net, gross = pallets * 90000, pallets * 92920
        rows += (
            f"<tr class=s><td colspan=2>Subtotal lote {lot}</td><td>{pallets * 36}</td><td></td>"
            f"<td>{es(net)}</td><td>{es(gross - net)}</td><td>{es(gross)}</td></tr>"
        )
    body = f"""
    <table style="width:100%"><tr><td><b style="font-size:13pt">CHIABAMBA ALTO S.R.L.</b><br>NIT 999120027<br>
    Av. Los Tajibos 77, San Ramón del Chaco, Santa Cruz – Bolivia</td><td style="text-align:right"><b
    style="font-size:13pt">LISTA DE EMPAQUE</b><br>N° LE-118/26<br>Fecha: 08/05/2026</td></tr></table>
    <hr><table class=l>
    <tr><td>Importador:</td><td><b>Dunnhollow Superseed Company</b>, 2900 Threshing Floor Rd, Boise, ID 83702,
    EE. UU.</td></tr>
    <tr><td>Factura comercial N°:</td><td>000418</td></tr>
    <tr><td>Producto:</td><td>Semilla de chía negra orgánica (Salvia hispanica), sacos de papel kraft de 25 kg
    </td></tr>
    <tr><td>Embarque:</td><td>Camión hasta Arica, contenedor FNDU 602118-4, precinto BO 44712</td></tr>
    </table><br>
    <table class=p><thead><tr><th>Pallet</th><th>Lote</th><th>Sacos</th><th>kg/saco</th><th>Peso neto (kg)</th>
    <th>Tara (kg)</th><th>Peso bruto (kg)</th></tr></thead>{rows}
    <tr class=s><td colspan=2>TOTAL GENERAL</td><td>720</td><td></td><td>{es(1800000)}</td><td>{es(58400)}</td>
    <td>{es(1858400)}</td></tr></table>
    <p>Nota: la tara incluye sacos (0,20 kg c/u) y pallet tratado NIMF-15 (22,00 kg c/u).</p>
    <p style="margin-top:16mm">Ing. R. Cuéllar Montañorga<br>Responsable de despacho</p>
    """
    save("13-lista-empaque", pdf_from_html(body, css, "Manrope"))
    answer(
        "13-lista-empaque",
        "text_pdf",
        "es",
        "packing_list",
        {
            "net_weight_kg": "18000",
            "lots": ["CHB-0311", "CHB-0312", "CHB-0315"],
            "invoice_number": "000418",
            "importer": "Dunnhollow Superseed Company",
            "organic": True,
        },
        {
            "net_weight_kg": at("18.000,00", 2),
            "lots": [at("CHB-0311"), at("CHB-0312"), at("CHB-0315")],
            "invoice_number": at("000418"),
            "importer": at("Dunnhollow Superseed Company"),
            "organic": at("chía negra orgánica"),
        },
        "Each lot has a subtotal; the total is on page 2. LE-118/26 is the number of the list itself.",
    )


def es(cents: int) -> str:
    text = f"{cents // 100:,}".replace(",", ".")
    return f"{text},{cents % 100:02d}"


def d14() -> None:
    """Turkey: an invoice in the style of a letter; thousands parted by a space."""
    css = """
    body {font-size: 10.5pt; line-height: 1.4} @page {margin: 24mm 22mm} .h {border-bottom: 2pt solid #7a2f4b;
    padding-bottom: 5px; color: #7a2f4b} .i td {padding: 2px 14px 2px 0} .r {text-align: right}
    """
    sp = "\u00a0"
    body = f"""
    <div class=h><b style="font-size:16pt">İncirdal Kuru Meyve A.Ş.</b><br><span style="font-size:8.5pt">
    Organize Sanayi 7. Cadde No 12, Nazillova, Aydınbel, Türkiye · Vergi No 999 004 4177</span></div>
    <p style="text-align:right">3 November 2025</p>
    <p>Sold to:<br>Marrowgate Dried Fruit Co.<br>215 Raisin Wharf<br>Baltimore, MD 21224<br>U.S.A.</p>
    <p><b>Invoice No. IKM2025000000188</b></p>
    <p>We have sold and shipped to you by M/V Lodos Bey from İzmir to Baltimore, under contract 25/61:</p>
    <table class=i>
    <tr><td>Bio dried figs, Protoben, size 4, crop 2025<br>1{sp}800 cartons of 10 kg net</td><td></td></tr>
    <tr><td>Net weight</td><td class=r>18{sp}000 kg</td></tr>
    <tr><td>Gross weight</td><td class=r>19{sp}080 kg</td></tr>
    <tr><td>Price CFR Baltimore</td><td class=r>USD 7.15 per kg net</td></tr>
    <tr><td><b>Total amount</b></td><td class=r><b>USD 128{sp}700.00</b></td></tr>
    </table>
    <p>The goods come from our lot L25-3307 and bear that mark on every carton, with the production date.
    The transaction is covered by the certificate of our control body, Anadorya Bio Kontrol (TR-BIO-9X1).
    Container TRXU 330718 9, seal 118204.</p>
    <p>Payment: cash against documents at first presentation, İncirdal Kuru Meyve A.Ş., account with
    Egedalga Bankası, IBAN TR00 0000 0000 0000 0018 0000 01.</p>
    <p>With our best regards,</p><p style="margin-top:16mm">Selin Karaincir<br>Export manager</p>
    """
    save("14-invoice-letter", pdf_from_html(body, css, "DejaVu Serif"))
    answer(
        "14-invoice-letter",
        "text_pdf",
        "en",
        "commercial_invoice",
        {
            "net_weight_kg": "18000",
            "lots": ["L25-3307"],
            "invoice_number": "IKM2025000000188",
            "importer": "Marrowgate Dried Fruit Co.",
            "organic": True,
        },
        {
            "net_weight_kg": at("18 000 kg"),
            "lots": [at("L25-3307")],
            "invoice_number": at("IKM2025000000188"),
            "importer": at("Marrowgate Dried Fruit Co."),
            "organic": at("Bio dried figs"),
        },
        "Only 'sold to' is named. 'Bio' means organic.",
    )


def d15() -> None:
    """Colombia: bill of lading for coffee; organic is said nowhere, no invoice."""
    css = """
    @page {margin: 12mm} body {font-size: 8pt} .g {width: 100%; table-layout: fixed; margin-top: -.6pt} .g td
    {border: .6pt solid #000; padding: 2px 4px; vertical-align: top} .l {font-size: 5.8pt} pre {font: 8.5pt
    'DejaVu Sans Mono'; margin: 2px 0}
    """
    body = """
    <table style="width:100%"><tr><td><b style="font-size:15pt">NAVIERA CAUCAMAR</b></td><td
    style="text-align:right"><b style="font-size:11pt">CONOCIMIENTO DE EMBARQUE MARÍTIMO</b><br>Original —
    Negociable</td></tr></table>
    <table class=g>
    <tr style="height:60px"><td rowspan=1><div class=l>Embarcador</div><pre>EXPORTADORA TOLDOFRÍO CAFÉS S.A.S.
NIT 999.002.750-1
CRA 4 No. 17-500, PITALARCA, HUILA</pre></td><td><div class=l>Conocimiento No.</div><pre>NCM-BUN-0088126</pre>
    <div class=l>Reserva No.</div><pre>7704419</pre></td></tr>
    <tr style="height:60px"><td><div class=l>Consignatario</div><pre>COPPERLATCH ROASTING COMPANY
77 KILN STREET
PORTLAND, OR 97209, USA</pre></td><td><div class=l>Referencias del embarcador</div><pre>CONTRATO CRC-25/118
REGISTRO DE EXPORTACIÓN 4-1188-0027</pre></td></tr>
    <tr style="height:45px"><td><div class=l>Notificar a</div><pre>MISMO QUE CONSIGNATARIO</pre></td>
    <td><div class=l>Agente en destino</div><pre>TILLICUM GATE AGENCIES
TEL 503 555 0161</pre></td></tr></table>
    <table class=g><tr><td><div class=l>Buque / viaje</div>CAUCAMAR NORTE / 2611N</td><td><div
    class=l>Puerto de cargue</div>BUENAVENTURA</td><td><div class=l>Puerto de descargue</div>SEATTLE,
    WA</td><td><div class=l>Lugar de entrega</div>PORTLAND, OR</td></tr></table>
    <table class=g><tr class=l><td style="width:22%">Marcas y números / contenedor</td><td style="width:46%">Cantidad,
    clase de bultos y descripción de la carga</td><td>Peso bruto</td><td>Volumen</td></tr>
    <tr style="height:300px"><td><pre>NCMU 118026-3
PRECINTO 0771204
3-1188-0027
CRC PORTLAND</pre></td><td><pre>250 SACOS DE FIQUE CON
CAFÉ VERDE EXCELSO EP 10%
HUILA, COSECHA 2025/26

LOTE 03-1188-0027
PESO NETO:  17.500,00 KG
TARA:          175,00 KG

P.A. 0901.11.90.00
FLETE POR COBRAR
1X20' FCL/FCL</pre></td><td><pre>17.675,00 KG</pre></td><td><pre>28,000 M3</pre></td></tr></table>
    <table class=g><tr style="height:60px"><td style="width:60%"><div class=l>Los pesos, medidas y contenidos son los
    declarados por el embarcador. Se firman TRES originales de un mismo tenor.</div></td><td><div class=l>Lugar y
    fecha de expedición / Embarcado a bordo</div><pre>BUENAVENTURA, 06 FEB 2026</pre></td></tr></table>
    """
    save("15-conocimiento-embarque", pdf_from_html(body, css, "Roboto"))
    answer(
        "15-conocimiento-embarque",
        "text_pdf",
        "es",
        "bill_of_lading",
        {
            "net_weight_kg": "17500",
            "lots": ["03-1188-0027"],
            "invoice_number": None,
            "importer": "COPPERLATCH ROASTING COMPANY",
            "organic": False,
        },
        {
            "net_weight_kg": at("17.500,00 KG"),
            "lots": [at("03-1188-0027")],
            "importer": at("COPPERLATCH ROASTING COMPANY"),
        },
        "Organic is said nowhere. No invoice number. 4-1188-0027 is the export registration.",
    )


def d16() -> None:
    """Sri Lanka: a framed certificate of lots and weight."""
    css = """
    @page {margin: 12mm} body {font-size: 11pt; text-align: center} .f {border: 4pt double #1d5b5b; padding: 12mm
    16mm; height: 240mm; box-sizing: border-box} h1 {font-size: 19pt; letter-spacing: 1pt; color: #1d5b5b; margin:
    14px 0 2px} table {margin: 12px auto; text-align: left} td {padding: 4px 16px 4px 0; vertical-align: top} .n
    {color: #1d5b5b}
    """
    body = """
    <div class=f><b style="font-size:13pt">LANKADIYA COCONUT MILLS (PVT) LTD</b><br><span style="font-size:9pt">44
    Mill Lane, Kuliyapola, Sri Lanka · PV 00991877</span>
    <h1>CERTIFICATE OF WEIGHT AND LOTS</h1><i>No. CWL 0231</i>
    <p>This is to certify that the goods described below were weighed at our works on 21 August 2025, packed in
    new steel drums and sealed in our presence.</p>
    <table>
    <tr><td class=n>Product</td><td>Organic virgin coconut oil, cold pressed</td></tr>
    <tr><td class=n>Drums</td><td>84, of 190 kg net each</td></tr>
    <tr><td class=n>Lots</td><td>VCO-118 (28 drums)<br>VCO-119 (28 drums)<br>VCO-120 (28 drums)</td></tr>
    <tr><td class=n>Total net weight</td><td><b>15,960 kg</b> (15.96 metric tons)</td></tr>
    <tr><td class=n>Total gross weight</td><td>17,472 kg</td></tr>
    <tr><td class=n>Commercial invoice</td><td>LCM/25/0077 dated 20.08.2025</td></tr>
    <tr><td class=n>Importer</td><td>Osprinth Naturals LLC<br>31 Foghorn Street, Tacoma, WA 98402, USA</td></tr>
    <tr><td class=n>Produced / best before</td><td>08-2025 / 08-2027</td></tr>
    <tr><td class=n>Organic certification</td><td>Serendara Organic Inspection, client 00417</td></tr>
    </table>
    <p style="margin-top:20mm">____________________________<br>Quality assurance manager</p></div>
    """
    save("16-weight-certificate", pdf_from_html(body, css, "Caladea"))
    answer(
        "16-weight-certificate",
        "text_pdf",
        "en",
        "weight_certificate",
        {
            "net_weight_kg": "15960",
            "lots": ["VCO-118", "VCO-119", "VCO-120"],
            "invoice_number": "LCM/25/0077",
            "importer": "Osprinth Naturals LLC",
            "organic": True,
        },
        {
            "net_weight_kg": at("15,960 kg"),
            "lots": [at("VCO-118"), at("VCO-119"), at("VCO-120")],
            "invoice_number": at("LCM/25/0077"),
            "importer": at("Osprinth Naturals LLC"),
            "organic": at("Organic virgin coconut oil"),
        },
        "CWL 0231 is the number of the certificate itself.",
    )


def d17() -> None:
    """Paraguay: sugar; two columns at the head, net and gross in one cell."""
    css = """
    body {font-size: 9pt} .c {columns: 2; column-gap: 10mm; border-top: 1pt solid #222; border-bottom: 1pt solid #222;
    padding: 6px 0} .c p {margin: 0 0 5px; break-inside: avoid} b.k {display: inline-block; width: 32mm} .i {width:
    100%; margin-top: 10px} .i th {background: #222; color: #fff; padding: 4px 6px; font-weight: normal; text-align:
    left} .i td {padding: 5px 6px; border-bottom: .5pt solid #999; vertical-align: top} .r {text-align: right
    !important}
    """
    body = """
    <p style="margin:0 0 8px"><b style="font-size:15pt">Azucarera Ybyturú Poty S.A.</b><br>Ruta II km 187, Tebicuaré-í,
    Paraguay · RUC 80099912-4 · Timbrado 19900231</p>
    <h3 style="margin:0 0 6px">FACTURA COMERCIAL DE EXPORTACIÓN Nº 001-001-0002318</h3>
    <div class=c>
    <p><b class=k>Fecha</b>12 de enero de 2026</p>
    <p><b class=k>Comprador e importador</b></p><p>Hexley Sweet Goods, Inc.<br>1418 Molasses Avenue<br>Mobile, AL
    36602, Estados Unidos</p>
    <p><b class=k>Condición</b>FCA Villeta</p>
    <p><b class=k>Pago</b>60 días fecha B/L</p>
    <p><b class=k>Transporte</b>Barcaza Guaraní Ñu 4 / transbordo Montevideo</p>
    <p><b class=k>Contenedor</b>YPTU 231800-1</p>
    <p><b class=k>Despacho</b>26009EC01000231P</p>
    <p><b class=k>Origen</b>Paraguay</p></div>
    <table class=i><tr><th>Bolsas</th><th>Mercadería</th><th class=r>Kg neto / bruto</th><th class=r>USD/t</th><th
    class=r>USD</th></tr>
    <tr><td>800</td><td>Azúcar de caña ecológica, granulado claro, bolsa de papel multicapa de 25 kg<br>NCM
    1701.14.00<br>Zafra 2025 – Lote AZ-25-119</td><td class=r>20.000,00 / 20.080,00</td><td class=r>985,00</td><td
    class=r>19.700,00</td></tr>
    <tr><td></td><td>Paletas y film</td><td></td><td></td><td class=r>240,00</td></tr>
    <tr><td></td><td><b>Total</b></td><td></td><td></td><td class=r><b>19.940,00</b></td></tr></table>
    <p>Son: dólares americanos diecinueve mil novecientos cuarenta.</p>
    <p style="font-size:8pt">Producto certificado según la norma NOP por Guaviracert (PY-ECO-00X). Declaramos bajo
    fe de juramento que los datos de la presente son ciertos.</p>
    <p style="margin-top:25mm">_________________________<br>p. Azucarera Ybyturú Poty S.A.</p>
    """
    save("17-factura-comercial", pdf_from_html(body, css, "Hanken"))
    answer(
        "17-factura-comercial",
        "text_pdf",
        "es",
        "commercial_invoice",
        {
            "net_weight_kg": "20000",
            "lots": ["AZ-25-119"],
            "invoice_number": "001-001-0002318",
            "importer": "Hexley Sweet Goods, Inc.",
            "organic": True,
        },
        {
            "net_weight_kg": at("20.000,00"),
            "lots": [at("AZ-25-119")],
            "invoice_number": at("001-001-0002318"),
            "importer": at("Hexley Sweet Goods, Inc."),
            "organic": at("Azúcar de caña ecológica"),
        },
        "Net and gross stand in one cell; the net weight is 20.000,00.",
    )


def d18() -> None:
    """Peru, in English: totals at the foot, tonnes, no lot, nothing said of organic."""
    css = """
    @page {size: Letter; margin: 17mm} body {font-size: 9pt} .w {width: 100%} .w td {vertical-align: top; padding:
    0 8px 8px 0} .k {font-size: 7pt; text-transform: uppercase; color: #8a4b1f; border-bottom: .5pt solid #8a4b1f}
    .i {width: 100%} .i th {text-align: left; border-bottom: 1pt solid #8a4b1f; border-top: 1pt solid #8a4b1f; padding:
    4px} .i td {padding: 6px 4px} .r {text-align: right !important} .foot {width: 70mm; margin: 60mm 0 0 auto} .foot td
    {padding: 2px 4px; border-bottom: .4pt solid #ccc}
    """
    body = """
    <table class=w><tr><td><b style="font-size:15pt;color:#8a4b1f">Cacaotera Shunqumayu S.A.</b><br>Jr. Tarapaca 900,
    Juanjuicillo, San Martin, Peru<br>RUC 20999887712</td><td class=r><span style="font-size:16pt">INVOICE</span><br>
    E001-1240<br>Date: 30 Sep 2025</td></tr></table>
    <table class=w><tr>
    <td style="width:33%"><div class=k>Bill to</div>Ambridge Cocoa Merchants Ltd.<br>12 Lighter Street<br>Toronto, ON,
    Canada</td>
    <td style="width:33%"><div class=k>Importer</div>Thistleburn Chocolate Works, LLC<br>88 Conche Street<br>Camden, NJ
    08103, USA</td>
    <td><div class=k>Consignee</div>Graypoole Warehousing Co.<br>Pier 4 Annex<br>Camden, NJ 08104, USA</td></tr>
    <tr><td><div class=k>Shipment</div>Callao to Philadelphia<br>M/V Inti Breeze 539N<br>Container SHQU 124007-7</td>
    <td><div class=k>Terms</div>FOB Callao<br>Net 45 days</td><td><div class=k>Your order</div>ACM 25-0093</td></tr></table>
    <table class=i><tr><th>Item</th><th>Description</th><th class=r>Qty (MT)</th><th class=r>USD per MT</th><th
    class=r>Amount</th></tr>
    <tr><td>1</td><td>Cocoa beans, fermented, grade 1, San Martin origin, in jute bags<br>HS 1801.00.19</td><td
    class=r>12.500</td><td class=r>6,100.00</td><td class=r>76,250.00</td></tr>
    <tr><td>2</td><td>Cocoa nibs, roasted, in cartons<br>HS 1803.20.00</td><td class=r>2.250</td><td
    class=r>8,400.00</td><td class=r>18,900.00</td></tr></table>
    <table class=foot><tr><td>Packages</td><td class=r>200 bags, 90 cartons</td></tr>
    <tr><td>Total gross weight</td><td class=r>15.005 MT</td></tr>
    <tr><td>Total net weight</td><td class=r>14.750 MT</td></tr>
    <tr><td>Total FOB</td><td class=r><b>USD 95,150.00</b></td></tr></table>
    """
    save("18-invoice", pdf_from_html(body, css, "Source Serif"))
    answer(
        "18-invoice",
        "text_pdf",
        "en",
        "commercial_invoice",
        {
            "net_weight_kg": "14750",
            "lots": [],
            "invoice_number": "E001-1240",
            "importer": "Thistleburn Chocolate Works, LLC",
            "organic": False,
        },
        {
            "net_weight_kg": at("14.750 MT"),
            "invoice_number": at("E001-1240"),
            "importer": at("Thistleburn Chocolate Works, LLC"),
        },
        "Organic is said nowhere; no lots. Bill-to, importer and consignee are three firms.",
    )


def make() -> None:
    for maker in (d10, d11, d12, d13, d14, d15, d16, d17, d18):
        maker()
