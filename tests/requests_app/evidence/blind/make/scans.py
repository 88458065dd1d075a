"""Scans 19 to 25: PDFs whose pages are only pictures."""

from __future__ import annotations

from common import answer, at, pdf_from_html, save

SIGNATURE = (
    "<svg width=150 height=46 viewBox='0 0 150 46'><path d='M6 34 C20 2 30 4 26 30 S44 42 52 18 S66 8 64 30 S84 34"
    " 90 20 S104 30 112 24 S134 14 146 22 M18 38 C60 30 100 36 138 32' fill='none' stroke='#223' stroke-width='1.4'/>"
    "</svg>"
)


def stamp(text: str, style: str) -> str:
    return (
        "<div style='position:absolute;border:2pt solid #555;color:#555;padding:4px 10px;font-weight:bold;"
        f"text-align:center;{style}'>{text}</div>"
    )


def d19() -> None:
    """Nicaragua: coffee priced by the quintal, kilograms beside."""
    css = """
    @page {size: Letter; margin: 18mm} body {font-size: 10pt} .i {width: 100%; margin: 10px 0} .i th, .i td {border:
    .8pt solid #000; padding: 5px} .r {text-align: right} .k td {padding: 2px 12px 2px 0; vertical-align: top}
    """
    body = f"""
    <div style="text-align:center"><b style="font-size:15pt">CAFETALES YUCUMALÍ, S.A.</b><br>Del empalme Las Cañitas 2 km
    al norte, Jinotegal, Nicaragua<br>RUC J0999000482771 · Tel. (505) 2799-0482</div>
    <h3 style="text-align:right;margin:10px 0">FACTURA COMERCIAL N° 0482</h3>
    <table class=k><tr><td>Lugar y fecha:</td><td>Jinotegal, 24 de febrero de 2026</td></tr>
    <tr><td>Importador:</td><td><b>Saltwick &amp; Dunmore Coffee, Inc.</b><br>66 Percolator Row, Charleston, SC 29401,
    USA</td></tr>
    <tr><td>Contrato:</td><td>SDC-2025-71</td></tr><tr><td>Vapor:</td><td>Segovia Trader v. 208, de Corinto a
    Charleston</td></tr><tr><td>Términos:</td><td>FOB Corinto</td></tr></table>
    <table class=i><tr><th>Sacos</th><th>Descripción</th><th>Lote</th><th>Quintales</th><th>Kilos netos</th><th>US$ /
    qq</th><th>Total US$</th></tr>
    <tr><td class=r>200</td><td>Café oro orgánico SHG EP, cosecha 2025-26</td><td>017-041-0220</td><td
    class=r>300.00</td><td class=r>13,800.00</td><td class=r>318.00</td><td class=r>95,400.00</td></tr>
    <tr><td class=r>100</td><td>Café oro orgánico SHG EP, cosecha 2025-26</td><td>017-041-0221</td><td
    class=r>150.00</td><td class=r>6,900.00</td><td class=r>318.00</td><td class=r>47,700.00</td></tr>
    <tr><td class=r><b>300</b></td><td colspan=2><b>TOTAL</b></td><td class=r><b>450.00</b></td><td
    class=r><b>20,700.00</b></td><td></td><td class=r><b>143,100.00</b></td></tr></table>
    <p>Son: ciento cuarenta y tres mil cien dólares netos.</p>
    <p>Peso bruto: 20,850.00 kilos. Sacos de yute de 69 kilos netos.</p>
    <p style="margin-top:18mm">{SIGNATURE}<br>______________________<br>Gerente de exportación</p>
    {stamp("CAFETALES YUCUMALÍ<br>EXPORTACIONES", "right:18mm;top:165mm;transform:rotate(-7deg);font-size:10pt")}
    """
    save(
        "19-factura-comercial",
        pdf_from_html(body, css, "Caladea"),
        {"seed": 19, "dpi": 200, "tilt": 0.7, "noise": 4.0},
    )
    answer(
        "19-factura-comercial",
        "scan",
        "es",
        "commercial_invoice",
        {
            "net_weight_kg": "20700",
            "lots": ["017-041-0220", "017-041-0221"],
            "invoice_number": "0482",
            "importer": "Saltwick & Dunmore Coffee, Inc.",
            "organic": True,
        },
        {
            "net_weight_kg": at("20,700.00"),
            "lots": [at("017-041-0220"), at("017-041-0221")],
            "invoice_number": at("0482"),
            "importer": at("Saltwick & Dunmore Coffee, Inc."),
            "organic": at("Café oro orgánico SHG EP"),
        },
        "Quintales and kilograms are both printed (1 qq of green coffee = 46 kg).",
    )


def d20() -> None:
    """Viet Nam: cashew in cartons, kg with pounds in brackets."""
    css = """
    @page {size: A4; margin: 16mm} body {font-size: 9pt} .i {width: 100%; margin: 8px 0} .i th, .i td {border: .7pt
    solid #000; padding: 4px} .r {text-align: right} .k {width: 100%} .k td {border: .7pt solid #000; padding: 4px;
    vertical-align: top; width: 50%}
    """
    body = f"""
    <div style="text-align:center"><b style="font-size:14pt">BINHTRANG CASHEW JOINT STOCK COMPANY</b><br>Hamlet 5,
    Dakphuoc Commune, Viet Nam · Tax code 3899900710</div>
    <h2 style="text-align:center;margin:8px 0">DETAILED PACKING LIST</h2>
    <table class=k><tr><td>Consignee:<br><b>PELLHAVEN NUT COMPANY, INC.</b><br>1400 Hopper Road, Elizabeth, NJ 07201,
    USA</td><td>Invoice no.: BTC-26/071<br>Date: May 11, 2026<br>Contract: 09/PNC-BTC/26</td></tr>
    <tr><td>Notify party: same as consignee</td><td>Vessel: SAIGON PEARLET 122E<br>Cat Lai to New York<br>B/L no.:
    HCMX2605-4410</td></tr></table>
    <table class=i><tr><th>Description of goods</th><th>Lot</th><th>Cartons</th><th>Net weight (kgs)</th><th>Gross
    weight (kgs)</th></tr>
    <tr><td>Organic cashew kernels WW320<br>50 lbs (22.68 kgs) net vacuum bag in carton</td><td>BT-320-2605</td><td
    class=r>500</td><td class=r>11,340.00</td><td class=r>12,000.00</td></tr>
    <tr><td>Organic cashew kernels WW240<br>50 lbs (22.68 kgs) net vacuum bag in carton</td><td>BT-240-2605</td><td
    class=r>200</td><td class=r>4,536.00</td><td class=r>4,800.00</td></tr>
    <tr><td colspan=2><b>TOTAL</b></td><td class=r><b>700</b></td><td class=r><b>15,876.00</b></td><td
    class=r><b>16,800.00</b></td></tr></table>
    <p>Total net weight: 15,876.00 KGS (35,000.00 LBS)<br>Total gross weight: 16,800.00 KGS<br>Container/Seal: HXGU
    507116-3 / VN 330912</p>
    <p style="text-align:center;margin-left:90mm">FOR BINHTRANG CASHEW JSC<br>{SIGNATURE}<br>Deputy director</p>
    {stamp("BINHTRANG<br>CASHEW JSC", "left:120mm;top:118mm;transform:rotate(9deg);border-radius:50%;padding:16px 10px")}
    """
    save(
        "20-packing-list",
        pdf_from_html(body, css, "Source Sans"),
        {"seed": 20, "dpi": 150, "tilt": -0.8, "noise": 5.0, "shadow": True},
    )
    answer(
        "20-packing-list",
        "scan",
        "en",
        "packing_list",
        {
            "net_weight_kg": "15876",
            "lots": ["BT-320-2605", "BT-240-2605"],
            "invoice_number": "BTC-26/071",
            "importer": "PELLHAVEN NUT COMPANY, INC.",
            "organic": True,
        },
        {
            "net_weight_kg": at("15,876.00 KGS"),
            "lots": [at("BT-320-2605"), at("BT-240-2605")],
            "invoice_number": at("BTC-26/071"),
            "importer": at("PELLHAVEN NUT COMPANY, INC."),
            "organic": at("Organic cashew kernels WW320"),
        },
    )


def d21() -> None:
    """Philippines: bill of lading, gross weight only, no invoice."""
    css = """
    @page {size: A4; margin: 13mm} body {font-size: 8.5pt} .g {width: 100%; table-layout: fixed; margin-top: -.7pt} .g td
    {border: .7pt solid #000; padding: 3px 5px; vertical-align: top} .l {font-size: 6.5pt} .r {text-align: right} pre
    {font: 9pt 'DejaVu Sans Mono'; margin: 2px 0}
    """
    body = f"""
    <table style="width:100%"><tr><td><b style="font-size:16pt">SULUBREEZE CONTAINER LINES</b></td><td
    style="text-align:right;font-size:13pt"><b>SEA WAYBILL</b><br><span style="font-size:7pt">Non-negotiable</span></td>
    </tr></table>
    <table class=g><tr style="height:70px"><td><div class=l>Shipper</div><pre>TUBAGANA SWEETS CORPORATION
NATIONAL HIGHWAY, BRGY. SAN ROQUEL
DAVAO ORO, PHILIPPINES</pre></td><td><div class=l>Waybill No.</div><pre>SBCL-DVO-261107</pre><div class=l>Booking
    No.</div><pre>SB 4471902</pre></td></tr>
    <tr style="height:70px"><td><div class=l>Consignee</div><pre>EMBERLYN FOODS USA, INC.
905 CANDYWORKS AVE
LONG BEACH, CA 90813</pre></td><td><div class=l>Export references</div><pre>SALES ORDER TSC-SO-0388
BUYER PO 26-1907</pre></td></tr>
    <tr style="height:60px"><td><div class=l>Notify party</div><pre>KELPLINE CUSTOMS SERVICES CO.
TEL +1 562 555 0133</pre></td><td><div class=l>Also notify</div></td></tr></table>
    <table class=g><tr><td><div class=l>Vessel / voyage</div>SULU MERIDIAN 073E</td><td><div class=l>Port of
    loading</div>DAVAO</td><td><div class=l>Port of discharge</div>LONG BEACH, CA</td></tr></table>
    <table class=g><tr class=l><td style="width:24%">Marks, container and seal</td><td style="width:46%">No. of packages
    and description of goods</td><td>Gross weight (kgs)</td><td>Measurement (cbm)</td></tr>
    <tr style="height:290px"><td><pre>SBCU 261107-0
SEAL PH 0094412
40' HC

EFU
LONG BEACH
LOT CS2604-B</pre></td><td><pre>760 BAGS
ORGANIC COCONUT SUGAR
IN KRAFT PAPER BAGS ON
19 PALLETS

HS 1702.90

FREIGHT COLLECT
SHIPPER'S LOAD AND COUNT</pre></td><td class=r><pre>19,380.00</pre></td><td class=r><pre>38.400</pre></td></tr>
    <tr><td>TOTAL</td><td>760 BAGS</td><td class=r>19,380.00</td><td class=r>38.400</td></tr></table>
    <table class=g><tr style="height:80px"><td><div class=l>Freight payable at</div>DESTINATION</td><td><div class=l>Place
    and date of issue</div>DAVAO, 07 JUN 2026</td><td><div class=l>Signed for the carrier</div>{SIGNATURE}</td></tr></table>
    {stamp("LADEN ON BOARD<br>07 JUN 2026", "left:70mm;top:190mm;transform:rotate(-4deg);font-size:11pt")}
    """
    save(
        "21-sea-waybill",
        pdf_from_html(body, css, "Roboto"),
        {"seed": 21, "dpi": 150, "tilt": 0.9, "noise": 6.0, "black": 44, "paper": 226},
    )
    answer(
        "21-sea-waybill",
        "scan",
        "en",
        "bill_of_lading",
        {
            "net_weight_kg": None,
            "lots": ["CS2604-B"],
            "invoice_number": None,
            "importer": "EMBERLYN FOODS USA, INC.",
            "organic": True,
        },
        {
            "lots": [at("CS2604-B")],
            "importer": at("EMBERLYN FOODS USA, INC."),
            "organic": at("ORGANIC COCONUT SUGAR"),
        },
        "Only the gross weight is stated; no invoice number. The notify party is a customs broker.",
    )


def d22() -> None:
    """Dominican Republic: cocoa, four lots, kg and tonnes."""
    css = """
    @page {size: Letter; margin: 17mm} body {font-size: 10pt} .i {width: 100%; margin: 12px 0} .i th {border-bottom: 1.2pt
    solid #000; text-align: right; padding: 4px} .i td {text-align: right; padding: 4px; border-bottom: .4pt dotted #555}
    .i td:first-child, .i th:first-child {text-align: left}
    """
    body = f"""
    <b style="font-size:15pt">Cooperativa Cacaotera Loma Guaraguao, Inc.</b><br>Carretera Hato Viejal km 9, Duartel,
    República Dominicana<br>RNC 4-99-91022-6
    <h2 style="text-align:center;margin:14px 0">LISTA DE EMPAQUE</h2>
    <table style="width:100%"><tr><td style="vertical-align:top;width:58%">Consignado a:<br><b>Quarrelbrook Cocoa Trading,
    Inc.</b><br>40 Winnower Court<br>Bristol, PA 19007, EE. UU.</td><td style="vertical-align:top">Según factura No.
    EX-0226<br>Fecha: 10 de abril de 2026<br>Contenedor: QBTU 226014-9<br>Sello: DR 771845<br>Puerto: Haina –
    Philadelphia</td></tr></table>
    <p>Mercancía: <b>Cacao en grano orgánico, fermentado, tipo Hispaniola I</b>, en sacos de yute de 65 kg</p>
    <table class=i><tr><th>Lote</th><th>Sacos</th><th>Peso bruto kg</th><th>Peso neto kg</th></tr>
    <tr><td>LG-26-07</td><td>100</td><td>6,600.00</td><td>6,500.00</td></tr>
    <tr><td>LG-26-08</td><td>100</td><td>6,600.00</td><td>6,500.00</td></tr>
    <tr><td>LG-26-09</td><td>100</td><td>6,600.00</td><td>6,500.00</td></tr>
    <tr><td>LG-26-11</td><td>85</td><td>5,610.00</td><td>5,525.00</td></tr>
    <tr><td><b>Total</b></td><td><b>385</b></td><td><b>25,410.00</b></td><td><b>25,025.00</b></td></tr></table>
    <p>Peso neto total: 25.025 TM</p>
    <p style="margin-top:16mm">Preparado por: {SIGNATURE}</p>
    {stamp("DESPACHADO<br>10 ABR 2026", "right:22mm;top:175mm;transform:rotate(5deg);font-size:12pt")}
    """
    save(
        "22-lista-empaque",
        pdf_from_html(body, css, "DejaVu Serif"),
        {"seed": 22, "dpi": 175, "tilt": -0.5, "noise": 5.0},
    )
    answer(
        "22-lista-empaque",
        "scan",
        "es",
        "packing_list",
        {
            "net_weight_kg": "25025",
            "lots": ["LG-26-07", "LG-26-08", "LG-26-09", "LG-26-11"],
            "invoice_number": "EX-0226",
            "importer": "Quarrelbrook Cocoa Trading, Inc.",
            "organic": True,
        },
        {
            "net_weight_kg": at("25,025.00"),
            "lots": [at("LG-26-07"), at("LG-26-08"), at("LG-26-09"), at("LG-26-11")],
            "invoice_number": at("EX-0226"),
            "importer": at("Quarrelbrook Cocoa Trading, Inc."),
            "organic": at("Cacao en grano orgánico"),
        },
        "Gross stands before net; the consignee is the importer.",
    )


def d23() -> None:
    """Label sheet for bags: only the weight of one bag is stated."""
    css = """
    @page {size: A4; margin: 10mm} body {font-size: 9.5pt} .s {width: 100%; border-spacing: 5mm; border-collapse: separate}
    .s td {border: 1.2pt solid #000; padding: 6mm 5mm; width: 50%; vertical-align: top} .big {font-size: 15pt;
    font-weight: bold} .l {font-size: 8pt}
    """

    def label(lot: str) -> str:
        return f"""<td><div class=big>ORGANIC GINGER</div>dried slices, unbleached<br><br>LOT: <b>{lot}</b><br>NET WT 25
        KG (55.1 LB)<br>GROSS WT 25.2 KG<br>PROD. 02/2026 &nbsp; BB 02/2028<br><br><span class=l>Packed by Gurkhola
        Ginger Industries, Ilampur, Nepal<br>Imported by Fennimoor Botanicals, Inc.<br>Reno, NV 89502, USA<br>Certified
        organic by Himakanta Certification Services<br>Store cool and dry. Product of Nepal</span></td>"""

    a, b = label("GS-0631"), label("GS-0632")
    body = f"<table class=s><tr>{a}{a}</tr><tr>{a}{b}</tr><tr>{b}{b}</tr></table>"
    save(
        "23-label-sheet",
        pdf_from_html(body, css, "Roboto"),
        {"seed": 23, "dpi": 150, "tilt": 0.5, "noise": 4.0, "shadow": True},
    )
    answer(
        "23-label-sheet",
        "scan",
        "en",
        "label",
        {
            "net_weight_kg": None,
            "lots": ["GS-0631", "GS-0632"],
            "invoice_number": None,
            "importer": "Fennimoor Botanicals, Inc.",
            "organic": True,
        },
        {
            "lots": [at("GS-0631"), at("GS-0632")],
            "importer": at("Fennimoor Botanicals, Inc."),
            "organic": at("ORGANIC GINGER"),
        },
        "Labels of single bags: 25 kg is the weight of one bag, the weight of the shipment is not stated.",
    )


def d24() -> None:
    """Chile: bill of lading, the importer is not the consignee."""
    css = """
    @page {size: A4; margin: 14mm} body {font-size: 9pt} .g {width: 100%; margin-top: -.8pt} .g td {border: .8pt solid
    #000; padding: 3px 6px; vertical-align: top} .l {font-size: 7pt; font-weight: bold} .r {text-align: right !important}
    """
    body = f"""
    <table style="width:100%;margin-bottom:4px"><tr><td><b style="font-size:15pt">Líneas Chaicurén</b></td><td
    class=r><b>CONOCIMIENTO DE EMBARQUE</b><br>N° LCH-SAI-118702</td></tr></table>
    <table class=g>
    <tr><td style="width:50%"><div class=l>EMBARCADOR</div>Frutales Huillincao Ltda.<br>Fundo El Maitenal s/n, Linarejo,
    Chile<br>RUT 99.912.187-K</td><td><div class=l>DOCUMENTOS DEL EMBARCADOR</div>Factura N° 1187<br>DUS 9912087-3<br>
    Reserva 26-77014</td></tr>
    <tr><td><div class=l>CONSIGNATARIO</div>Frostquay Cold Storage, LLC<br>Berth 9, Wilmington, DE 19801, EE. UU.</td>
    <td><div class=l>IMPORTADOR</div>Berrymoss Frozen Foods Co.<br>700 Thicket Lane, Vineland, NJ 08360, EE. UU.</td></tr>
    <tr><td><div class=l>NOTIFICAR</div>Berrymoss Frozen Foods Co., Sra. Pruitt, tel. +1 856 555 0188</td><td><div
    class=l>NAVE / VIAJE</div>Austral Petrel 611N</td></tr>
    <tr><td><div class=l>PUERTO DE EMBARQUE</div>San Antonio, Chile</td><td><div class=l>PUERTO DE DESCARGA</div>Wilmington,
    DE</td></tr></table>
    <table class=g style="margin-top:8px"><tr class=l><td>Contenedor y sello</td><td>Bultos y mercancía</td><td>Peso
    neto</td><td>Peso bruto</td></tr>
    <tr style="height:210px"><td>LCHU 118702-5<br>40' Reefer<br>Sello CL 660412</td><td>2.160 cajas de arándanos
    orgánicos congelados IQF, 10 kg por caja<br>Lotes: L-6041, L-6042, L-6044<br><br>Temperatura: -18 °C<br>HS
    0811.90.20<br>Flete prepagado</td><td class=r>21.600,000 kg</td><td class=r>22.896,000 kg</td></tr></table>
    <p class=l style="font-weight:normal">Recibido por el transportista en aparente buen orden y condición, salvo indicación
    en contrario. Se emiten tres originales.</p>
    <p>San Antonio, 2 de marzo de 2026</p><p>Por el transportista: {SIGNATURE}</p>
    """
    save(
        "24-conocimiento-embarque",
        pdf_from_html(body, css, "Hanken"),
        {"seed": 24, "dpi": 200, "tilt": 1.0, "noise": 5.0, "black": 36},
    )
    answer(
        "24-conocimiento-embarque",
        "scan",
        "es",
        "bill_of_lading",
        {
            "net_weight_kg": "21600",
            "lots": ["L-6041", "L-6042", "L-6044"],
            "invoice_number": "1187",
            "importer": "Berrymoss Frozen Foods Co.",
            "organic": True,
        },
        {
            "net_weight_kg": at("21.600,000 kg"),
            "lots": [at("L-6041"), at("L-6042"), at("L-6044")],
            "invoice_number": at("1187"),
            "importer": at("Berrymoss Frozen Foods Co."),
            "organic": at("arándanos orgánicos congelados"),
        },
        "The consignee is a cold store; the importer has a box of its own.",
    )


def d25() -> None:
    """Ecuador: the invoice of a supplier to the exporter; the importer stands in the remarks."""
    css = """
    @page {size: A4; margin: 20mm} body {font-size: 10.5pt} .i {width: 100%; margin: 10px 0} .i td, .i th {border-bottom:
    .6pt solid #000; padding: 4px; text-align: left} .r {text-align: right !important}
    """
    body = f"""
    <table style="width:100%"><tr><td><b style="font-size:13pt">Asociación Panelera Ingapungo</b><br>Recinto Las Moyas,
    Pangualito, Ecuador<br>RUC 0599912217001</td><td class=r><b>FACTURA</b><br>002-001-000000733<br>Fecha: 14/07/2025</td>
    </tr></table>
    <p>Señores<br><b>Exportadora Chasquiandes Cía. Ltda.</b><br>RUC 1799917331001<br>Quitumbal, Ecuador</p>
    <table class=i><tr><th>Cantidad</th><th>Detalle</th><th class=r>Precio</th><th class=r>Valor</th></tr>
    <tr><td>396,83 qq<br>(18.000 kg)</td><td>Panela granulada orgánica, fundas de 25 kg, peso neto<br>Lote API-07-25</td>
    <td class=r>68,00 / qq</td><td class=r>26.984,44</td></tr>
    <tr><td></td><td></td><td class=r>IVA 0 %</td><td class=r>0,00</td></tr>
    <tr><td></td><td></td><td class=r><b>TOTAL USD</b></td><td class=r><b>26.984,44</b></td></tr></table>
    <p>Observaciones: producto entregado en la planta del exportador con destino a Estados Unidos, importador Ottersley
    Grain &amp; Sugar Co., orden de compra OGS-5521. Código de operador orgánico EC-KUN-0733. Peso bruto con fundas
    18.090 kg.</p>
    <p>Forma de pago: crédito 30 días</p>
    <table style="width:100%;margin-top:18mm"><tr><td>{SIGNATURE}<br>Entregué conforme</td><td>Recibí conforme<br>
    ____________________</td></tr></table>
    """
    save(
        "25-factura-proveedor",
        pdf_from_html(body, css, "Source Serif"),
        {"seed": 25, "dpi": 150, "tilt": -0.4, "noise": 5.0},
    )
    answer(
        "25-factura-proveedor",
        "scan",
        "es",
        "supplier_invoice",
        {
            "net_weight_kg": "18000",
            "lots": ["API-07-25"],
            "invoice_number": "002-001-000000733",
            "importer": "Ottersley Grain & Sugar Co.",
            "organic": True,
        },
        {
            "net_weight_kg": at("18.000 kg"),
            "lots": [at("API-07-25")],
            "invoice_number": at("002-001-000000733"),
            "importer": at("Ottersley Grain & Sugar Co."),
            "organic": at("Panela granulada orgánica"),
        },
        "A supplier's invoice to the exporter: the buyer is not the importer, who stands in the remarks.",
    )


def make() -> None:
    for maker in (d19, d20, d21, d22, d23, d24, d25):
        maker()
