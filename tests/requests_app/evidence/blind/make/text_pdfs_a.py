"""Text PDFs 01 to 09."""

from __future__ import annotations

from common import answer, at, pdf_from_html, save


def d01() -> None:
    """India: the usual boxed export invoice, three lines with a total."""
    css = """
    body {font-size: 8.2pt} table {width: 100%} td, th {border: 0.6pt solid #000; padding: 3px 5px;
    vertical-align: top; text-align: left} .r {text-align: right} h1 {font-size: 13pt; text-align:
    center; margin: 0 0 4px} .s {font-size: 7pt; color: #333}
    """
    body = """
    <h1>COMMERCIAL INVOICE</h1>
    <table>
    <tr><td rowspan=3 style="width:46%"><span class=s>Exporter</span><br><b>Vishnarupa Agro Exports
     Pvt. Ltd.</b><br>Plot No. 88/2, Lot 14, Industrial Estate<br>Erodapuram 638 99X, Tamil Nadu,
     India<br>Tel +91 4242 000118 · export@vishnarupa.example</td>
     <td colspan=2><span class=s>Invoice No. &amp; Date</span><br><b>VAE/EXP/25-26/0118</b>
     &nbsp; dt. 14.10.2025</td><td><span class=s>Exporter's Ref.</span><br>IEC 0499990118<br>GSTIN
     33AAXCV0042K1Z9</td></tr>
    <tr><td colspan=3><span class=s>Buyer's Order No. &amp; Date</span><br>PO-77120 dt. 02.09.2025</td></tr>
    <tr><td colspan=3><span class=s>Other Reference(s)</span><br>LUT ARN AD330425000118Z ·
     Proforma VAE/PI/0097</td></tr>
    <tr><td rowspan=2><span class=s>Consignee</span><br><b>Hadleywick Spice Importers Corp.</b><br>
     4410 Pier Annex Road, Newark, NJ 07114, U.S.A.</td>
     <td colspan=3><span class=s>Buyer (if other than consignee)</span><br>Tamworth &amp; Quill
     Trading LLC, Suite 9, Wilmington, DE</td></tr>
    <tr><td colspan=2><span class=s>Country of Origin of Goods</span><br>India</td>
     <td><span class=s>Country of Final Destination</span><br>U.S.A.</td></tr>
    <tr><td><span class=s>Vessel / Port of Loading</span><br>MV SUNDARA TIDE 041W / Tuticorin</td>
     <td colspan=3><span class=s>Terms of Delivery and Payment</span><br>CIF Newark, 30% advance,
     balance against copy B/L</td></tr>
    </table>
    <table style="margin-top:-0.6pt">
    <tr><th>Marks &amp; Nos.</th><th>Description of Goods</th><th>Lot No.</th><th>HTS</th><th>Bags</th>
     <th class=r>Net Wt KGS</th><th class=r>Gross Wt KGS</th><th class=r>Rate USD/kg</th>
     <th class=r>Amount USD</th></tr>
    <tr><td rowspan=3>VAE 1-510<br>NEWARK</td><td>Organic Turmeric Powder, 25 kg bags</td>
     <td>VAE/TUR/0042</td><td>0910.30.0000</td><td class=r>240</td><td class=r>6,000.000</td>
     <td class=r>6,120.000</td><td class=r>3.10</td><td class=r>18,600.00</td></tr>
    <tr><td>Organic Ginger Powder, 25 kg bags</td><td>VAE/GIN/0043</td><td>0910.12.0000</td>
     <td class=r>180</td><td class=r>4,500.000</td><td class=r>4,590.000</td><td class=r>4.05</td>
     <td class=r>18,225.00</td></tr>
    <tr><td>Organic Black Pepper, whole, 25.005 kg bags</td><td>VAE/PEP/0007</td><td>0904.11.0020</td>
     <td class=r>90</td><td class=r>2,250.450</td><td class=r>2,295.450</td><td class=r>7.80</td>
     <td class=r>17,553.51</td></tr>
    <tr><td colspan=4 class=r><b>TOTAL</b></td><td class=r>510</td><td class=r><b>12,750.450</b></td>
     <td class=r><b>13,005.450</b></td><td></td><td class=r><b>54,378.51</b></td></tr>
    <tr><td colspan=9>Amount chargeable (in words): US Dollars Fifty Four Thousand Three Hundred
     Seventy Eight and cents Fifty One only</td></tr>
    <tr><td colspan=5 class=s>Declaration: we declare that this invoice shows the actual price of the
     goods described and that all particulars are true and correct.</td><td colspan=4
     style="height:50px">For Vishnarupa Agro Exports Pvt. Ltd.<br><br><span class=s>Authorised
     Signatory</span></td></tr>
    </table>
    """
    save("01-commercial-invoice", pdf_from_html(body, css, "DejaVu Sans"))
    answer(
        "01-commercial-invoice",
        "text_pdf",
        "en",
        "commercial_invoice",
        {
            "net_weight_kg": "12750.45",
            "lots": ["VAE/TUR/0042", "VAE/GIN/0043", "VAE/PEP/0007"],
            "invoice_number": "VAE/EXP/25-26/0118",
            "importer": "Hadleywick Spice Importers Corp.",
            "organic": True,
        },
        {
            "net_weight_kg": at("12,750.450"),
            "lots": [at("VAE/TUR/0042"), at("VAE/GIN/0043"), at("VAE/PEP/0007")],
            "invoice_number": at("VAE/EXP/25-26/0118"),
            "importer": at("Hadleywick Spice Importers Corp."),
            "organic": at("Organic Turmeric Powder"),
        },
        "'Lot 14' is part of the exporter's address, no lot. The lot codes wrap in their narrow cells.",
    )


def d02() -> None:
    """Peru: labels above values, no rules, a range of lots."""
    css = """
    .l {font-size: 7pt; color: #777; text-transform: uppercase; letter-spacing: .4pt} td {padding: 5px
    14px 5px 0; vertical-align: top} .box {border: 1.2pt solid #2c5e4a; padding: 8px 14px; float: right;
    text-align: center; border-radius: 6px} .r {text-align: right} .items td, .items th {padding: 4px
    10px; text-align: left} .items {width: 100%; margin: 14px 0} .items th {background: #2c5e4a; color:
    #fff; font-weight: normal}
    """
    body = """
    <div class=box>R.U.C. 20999123458<br><b>FACTURA ELECTRÓNICA<br>DE EXPORTACIÓN</b><br>F001-00004127</div>
    <h2 style="margin:0;color:#2c5e4a">Quillamar Semillas S.A.C.</h2>
    Av. Los Ceibos 4500, Chacranueva, Puno, Perú<br>ventas@quillamar.example · T. +51 51 0004127
    <div style="clear:both;height:12px"></div>
    <table>
    <tr><td><div class=l>Fecha de emisión</div>22/05/2026</td><td><div class=l>Moneda</div>USD</td>
     <td><div class=l>Orden de compra</div>4500019958</td><td><div class=l>Incoterm</div>FOB Callao</td></tr>
    <tr><td colspan=2><div class=l>Facturar a</div>Prairiewisp Holdings, Inc.<br>PO Box 310, Lincoln, NE</td>
     <td colspan=2><div class=l>Importador en destino (importer of record)</div>Prairiewisp Ingredients,
     Inc.<br>2207 Millrace Ave., Lincoln, NE 68501, EE. UU.</td></tr>
    <tr><td><div class=l>Contenedor</div>QLMU4412077</td><td><div class=l>Precinto</div>PE0081447</td>
     <td><div class=l>B/L</div>CLLX260551</td><td><div class=l>Partida arancelaria</div>1008.50.90.00</td></tr>
    </table>
    <table class=items>
    <tr><th>Cant.</th><th>Descripción</th><th>V. unit.</th><th>Total USD</th></tr>
    <tr><td>880 sacos</td><td>Quinua blanca orgánica en grano, sacos de papel de 22,68 kg (50 lb) netos</td>
     <td>53.40</td><td>46,992.00</td></tr>
    </table>
    <table>
    <tr><td><div class=l>Peso neto total</div><b>19,958.40 kg</b></td><td><div class=l>Peso bruto
     total</div>20,222.40 kg</td><td><div class=l>Lotes</div>Q26-081 al Q26-088</td></tr>
    </table>
    <p style="margin-top:30px" class=l>Representación impresa de la factura electrónica. Hash
     9kQ0z1x8bW==</p>
    """.replace("22,68 kg (50 lb)", "22.68 kg (50 lb)")
    save("02-factura-exportacion", pdf_from_html(body, css, "Source Sans"))
    answer(
        "02-factura-exportacion",
        "text_pdf",
        "es",
        "commercial_invoice",
        {
            "net_weight_kg": "19958.4",
            "lots": ["Q26-081 al Q26-088"],
            "invoice_number": "F001-00004127",
            "importer": "Prairiewisp Ingredients, Inc.",
            "organic": True,
        },
        {
            "net_weight_kg": at("19,958.40 kg"),
            "lots": [at("Q26-081 al Q26-088")],
            "invoice_number": at("F001-00004127"),
            "importer": at("Prairiewisp Ingredients, Inc."),
            "organic": at("Quinua blanca orgánica"),
        },
        "A range is one entry, as printed.",
    )


def d03() -> None:
    """Ecuador: bill of lading for bananas; only gross weight and container tare are stated."""
    css = """
    body {font-size: 8pt} .g {width: 100%} .g td {border: .5pt solid #345; padding: 3px 5px;
    vertical-align: top} .l {font-size: 6pt; color: #345} .r {text-align: right}
    """
    body = """
    <table class=g>
    <tr><td rowspan=2 style="width:50%"><div class=l>EMBARCADOR / SHIPPER</div>SELVARHUA BANANO S.A.<br>
     KM 12 VÍA A TENGUELAR, EL ORO, ECUADOR<br>RUC 0799912340001</td>
     <td><div class=l>CONOCIMIENTO DE EMBARQUE No. / B/L No.</div><b>ZQXGYE2600451</b></td>
     <td><div class=l>RESERVA / BOOKING</div>BKG 7781204</td></tr>
    <tr><td colspan=2><div class=l>REFERENCIAS DEL EXPORTADOR</div>FACTURA: 001-002-000004517<br>
     DAE 028-2026-40-00712345</td></tr>
    <tr><td><div class=l>CONSIGNATARIO / CONSIGNEE</div>COBBLEFERN PRODUCE DISTRIBUTORS, INC.<br>
     900 COLD QUAY BLVD, GLOUCESTER CITY, NJ 08030, USA</td>
     <td colspan=2><div class=l>NOTIFICAR A / NOTIFY PARTY</div>HARBORLOOP CUSTOMS BROKERS LLC<br>
     TEL +1 856 555 0142</td></tr>
    <tr><td><div class=l>BUQUE Y VIAJE / VESSEL VOY.</div>ANDES HERON V. 618N</td>
     <td><div class=l>PUERTO DE CARGA</div>PUERTO BOLÍVAR</td><td><div class=l>PUERTO DE DESCARGA</div>
     GLOUCESTER, NJ</td></tr>
    </table>
    <table class=g style="margin-top:6px">
    <tr class=l><td>CONTENEDOR / SELLO</td><td>BULTOS</td><td>DESCRIPCIÓN DE LA MERCANCÍA (DICE
     CONTENER)</td><td>PESO BRUTO KGS</td><td>TARA KGS</td><td>M3</td></tr>
    <tr style="height:230px"><td>ZQXU4081237<br>40' RH<br>SELLO EC 991204</td><td>1080 CAJAS</td>
     <td>BANANO ORGÁNICO FRESCO TIPO CAVENDISH, CALIDAD PREMIUM<br>P.A. 0803.90.11.90<br><br>
     TEMPERATURA +13.3 °C, VENTILACIÓN 25 CBM/H<br>FLETE PREPAGADO<br>
     SHIPPER'S LOAD, STOW AND COUNT</td>
     <td class=r>21,546.00</td><td class=r>4,640.00</td><td class=r>62.40</td></tr>
    <tr><td colspan=3 class=r>TOTAL</td><td class=r>21,546.00</td><td class=r>4,640.00</td><td class=r>62.40</td></tr>
    </table>
    <p style="font-size:6pt">Recibido en aparente buen orden y condición. En fe de lo cual el
    transportista ha firmado TRES (3) originales, uno de los cuales cumplido, los demás sin valor.
    Machalera, 11 de marzo de 2026.</p>
    """
    save("03-conocimiento-embarque", pdf_from_html(body, css, "Roboto"))
    answer(
        "03-conocimiento-embarque",
        "text_pdf",
        "es",
        "bill_of_lading",
        {
            "net_weight_kg": None,
            "lots": [],
            "invoice_number": "001-002-000004517",
            "importer": "COBBLEFERN PRODUCE DISTRIBUTORS, INC.",
            "organic": True,
        },
        {
            "invoice_number": at("001-002-000004517"),
            "importer": at("COBBLEFERN PRODUCE DISTRIBUTORS, INC."),
            "organic": at("BANANO ORGÁNICO FRESCO"),
        },
        "Only the gross weight of the goods and the container's tare are stated: no net weight.",
    )


def d04() -> None:
    """Kenya: a shipping advice in prose, tonnes, lots in a sentence."""
    css = "body {line-height: 1.5} p {margin: 0 0 10px; text-align: justify} @page {margin: 25mm 28mm}"
    body = """
    <p style="text-align:right"><b>Kwalenda Avocado Oil EPZ Ltd</b><br>P.O. Box 7711, Thikarua, Kenya
    <br>shipping@kwalenda.example</p>
    <p>9 February 2026</p>
    <p>To whom it may concern</p>
    <p><b>Shipping advice — your purchase order FW-2025-1632</b></p>
    <p>Dear Sirs,</p>
    <p>We are pleased to advise that on 6 February 2026 we loaded at Mombasa, aboard the vessel Pwani
    Crest, one flexitank in container KWLU 200916 4, sealed under no. 0917744. The tank holds crude
    extra virgin avocado oil which is certified organic (NOP) under certificate KE-VM-00321 of the
    certifying agent Verdemira Certification. The gross weight declared to the carrier is 18.61 MT; the
    net weight of the oil, by the shore scale, is 16.32 MT.</p>
    <p>The oil was drawn from our lots KW-0917, KW-0918 and KW-0921. Lot KW-0920, which we had
    announced on 20 January, was <i>not</i> loaded.</p>
    <p>The goods were sold by our invoice no. KAO 2026/311 of 3 February to Fenwillow Trading (UK) plc.
    The importer of record in the United States is Kettlewren Naturals Co., 18 Saltmarsh Lane, Savannah,
    Georgia, to whom the originals go by courier (waybill 5512 0917 3320).</p>
    <p>We thank you for your confidence.</p>
    <p>Yours faithfully,<br><br><i>A. Mwanzilu</i><br>Export desk</p>
    """
    save("04-shipping-advice", pdf_from_html(body, css, "Source Serif"))
    answer(
        "04-shipping-advice",
        "text_pdf",
        "en",
        "shipping_advice",
        {
            "net_weight_kg": "16320",
            "lots": ["KW-0917", "KW-0918", "KW-0921"],
            "invoice_number": "KAO 2026/311",
            "importer": "Kettlewren Naturals Co.",
            "organic": True,
        },
        {
            "net_weight_kg": at("16.32 MT"),
            "lots": [at("KW-0917"), at("KW-0918"), at("KW-0921")],
            "invoice_number": at("KAO 2026/311"),
            "importer": at("Kettlewren Naturals Co."),
            "organic": at("certified organic (NOP)"),
        },
        "KW-0920 is named as not loaded, so it is no lot of these goods.",
    )


def d05() -> None:
    """Sri Lanka: packing list of 3 pages by pallet, totals on the last page."""
    css = """
    body {font-size: 8.5pt} table.p {width: 100%} .p th {border-bottom: 1pt solid #000; border-top: 1pt
    solid #000; text-align: right; padding: 3px} .p td {text-align: right; padding: 2.2px 3px}
    .p tr:nth-child(even) td {background: #f1f1f1} @page {@bottom-left {content: 'Ceylora Spice &
    Coconut (Pvt) Ltd · PV 00999123'; font-size: 6pt} @bottom-right {content: 'Page ' counter(page) ' of '
    counter(pages); font-size: 6pt}}
    """
    rows = ""
    for n in range(1, 71):
        batch = "260611A" if n <= 28 else "260612A" if n <= 50 else "260613B"
        rows += (
            f"<tr><td>{n:03d}</td><td>{batch}</td><td>10</td><td>25.00</td><td>250.00</td>"
            "<td>22.00</td><td>272.00</td></tr>"
        )
    body = f"""
    <h2 style="margin:0">PACKING LIST</h2>
    <p>Exporter: Ceylora Spice &amp; Coconut (Pvt) Ltd, Lot 7, Seethawalaka Processing Zone, Sri Lanka<br>
    Consigned to: Windlepeak Milling Co., LLC, 77 Terrace Mill Rd, Ogden, UT<br>
    Notify: Windlepeak Logistics Desk, same address<br>
    Ref. invoice: CSC-INV-02260 &nbsp;&nbsp; Customer PO: WM 8812 &nbsp;&nbsp; Date: 19 June 2026</p>
    <p>Goods: organic desiccated coconut, medium grade, in 25 kg kraft bags</p>
    <table class=p><thead><tr><th>Pallet</th><th>Batch</th><th>Bags</th><th>Net kg / bag</th>
    <th>Net kg / pallet</th><th>Tare kg</th><th>Gross kg</th></tr></thead>{rows}</table>
    <div style="break-before:page"></div>
    <h3>Summary</h3>
    <table><tr><td style="width:45mm">Pallets</td><td>70</td></tr><tr><td>Bags</td><td>700</td></tr>
    <tr><td>Gross weight</td><td>19,040.00 kg</td></tr><tr><td>Tare (bags, pallets)</td><td>1,540.00
    kg</td></tr><tr><td><b>Net weight</b></td><td><b>17,500.00 kg</b></td></tr>
    <tr><td>Batch numbers</td><td>260611A, 260612A, 260613B</td></tr>
    <tr><td>Best before</td><td>06/2027</td></tr></table>
    <p style="margin-top:25mm">..............................<br>Warehouse manager</p>
    """
    save("05-packing-list", pdf_from_html(body, css, "DejaVu Serif"))
    answer(
        "05-packing-list",
        "text_pdf",
        "en",
        "packing_list",
        {
            "net_weight_kg": "17500",
            "lots": ["260611A", "260612A", "260613B"],
            "invoice_number": "CSC-INV-02260",
            "importer": "Windlepeak Milling Co., LLC",
            "organic": True,
        },
        {
            "net_weight_kg": at("17,500.00 kg", 3),
            "lots": [at("260611A", 3), at("260612A", 3), at("260613B", 3)],
            "invoice_number": at("CSC-INV-02260"),
            "importer": at("Windlepeak Milling Co., LLC"),
            "organic": at("organic desiccated coconut"),
        },
        "'Lot 7' is part of the exporter's address.",
    )


def d06() -> None:
    """Guatemala: coffee in quintales of 46 kg; kilograms of the whole are not printed."""
    css = """
    td {padding: 3px 12px 3px 0; vertical-align: top} .n {width: 62mm; font-weight: bold}
    h1 {font-size: 14pt; border-bottom: 3pt double #5a3a1a; padding-bottom: 4px}
    """
    body = """
    <h1>Cooperativa Integral Xilotepal, R.L.</h1>
    <p style="text-align:center"><b>LISTA DE EMPAQUE</b><br>17 de abril de 2026</p>
    <table>
    <tr><td class=n>Consignatario:</td><td>Bluffhollow Coffee Roasters, L.L.C.<br>31 Ferry Bluff St.,
     Duluth, MN 55802</td></tr>
    <tr><td class=n>Notificar a:</td><td>Northquill Warehouse Services Inc.<br>Tel. 218-555-0187</td></tr>
    <tr><td class=n>Factura cambiaria No.:</td><td>B-00731</td></tr>
    <tr><td class=n>Permiso de exportación:</td><td>2026-04-18975</td></tr>
    <tr><td class=n>NIT:</td><td>99912345-K</td></tr>
    <tr><td class=n>Producto:</td><td>Café oro lavado orgánico, tipo SHB, cosecha 2025/2026</td></tr>
    <tr><td class=n>Lote(s) No.:</td><td>11/203/187</td></tr>
    <tr><td class=n>Empaque:</td><td>275 sacos de yute con bolsa interior</td></tr>
    <tr><td class=n>Peso bruto:</td><td>418.48 qq</td></tr>
    <tr><td class=n>Tara (sacos):</td><td>5.98 qq</td></tr>
    <tr><td class=n>Peso neto:</td><td>412.50 qq</td></tr>
    <tr><td></td><td style="font-size:8pt"><i>1 quintal (qq) oro = 46 kg</i></td></tr>
    <tr><td class=n>Contenedor:</td><td>XLTU1877310, marchamo GT 031187</td></tr>
    </table>
    <p style="margin-top:30mm">f. ______________________<br>Encargado de beneficio seco</p>
    <div style="position:absolute;bottom:-8mm;left:0;font-size:6pt">Aldea El Xilote, Huehuetlaca,
    Guatemala · PBX (502) 0000-1203 · beneficio@xilotepal.example</div>
    """
    save("06-lista-empaque", pdf_from_html(body, css, "Caladea"))
    answer(
        "06-lista-empaque",
        "text_pdf",
        "es",
        "packing_list",
        {
            "net_weight_kg": "18975",
            "lots": ["11/203/187"],
            "invoice_number": "B-00731",
            "importer": "Bluffhollow Coffee Roasters, L.L.C.",
            "organic": True,
        },
        {
            "net_weight_kg": at("412.50 qq"),
            "lots": [at("11/203/187")],
            "invoice_number": at("B-00731"),
            "importer": at("Bluffhollow Coffee Roasters, L.L.C."),
            "organic": at("Café oro lavado orgánico"),
        },
        "412.50 qq x 46 kg, as the sheet itself says.",
    )


def d07() -> None:
    """Ethiopia: a bill of lading typed on a form (standard PDF fonts); organic is said nowhere."""
    import io

    from reportlab.lib.pagesizes import LETTER
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    c = Canvas(out, pagesize=LETTER, invariant=1)
    w, h = LETTER

    def lab(x: float, y: float, text: str) -> None:
        c.setFont("Helvetica", 5.5)
        c.drawString(x, y, text)

    def typ(x: float, y: float, *lines: str) -> None:
        c.setFont("Courier", 9)
        for i, line in enumerate(lines):
            c.drawString(x, y - 11 * i, line)

    c.setFont("Times-Bold", 15)
    c.drawString(330, h - 50, "BILL OF LADING")
    c.setFont("Times-Roman", 8)
    c.drawString(330, h - 62, "for port to port or combined transport - Red Gulf Lanes (invented carrier)")
    for x0, y0, x1, y1 in (
        (36, h - 130, 318, h - 40),
        (36, h - 205, 318, h - 130),
        (36, h - 275, 318, h - 205),
        (318, h - 130, w - 36, h - 75),
        (318, h - 275, w - 36, h - 130),
        (36, h - 325, w - 36, h - 275),
        (36, 150, w - 36, h - 325),
        (36, 60, w - 36, 150),
    ):
        c.rect(x0, y0, x1 - x0, y1 - y0)
    lab(40, h - 48, "SHIPPER (Complete name and address)")
    typ(42, h - 62, "HABESHORA COFFEE UNION P.L.C.", "KIRKOSA SUB-CITY, HOUSE NO. 0042", "ADDIS ABEBA, ETHIOPIA")
    lab(40, h - 138, "CONSIGNEE (Complete name and address)")
    typ(42, h - 152, "OSTRANDER & PIPWELL", "COMMODITIES, LLC", "1200 GRANARY ROW, STE 4", "OAKLAND, CA 94607, U.S.A.")
    lab(40, h - 213, "NOTIFY PARTY")
    typ(42, h - 227, "GOLDENREACH FORWARDING, INC.", "PH +1 510 555 0119", "ATTN: IMPORT DESK REF 320-19392")
    lab(322, h - 83, "BILL OF LADING NO.")
    typ(326, h - 97, "RGL DJI 0042113")
    lab(430, h - 83, "BOOKING NO.")
    typ(434, h - 97, "0609923")
    lab(322, h - 138, "EXPORT REFERENCES")
    typ(326, h - 152, "CONTRACT HCU/OP/55", "PERMIT ECTA 26/00931")
    lab(322, h - 190, "FORWARDING AGENT")
    typ(326, h - 204, "MEDA TRANSIT")
    lab(40, h - 283, "OCEAN VESSEL / VOYAGE         PORT OF LOADING          PORT OF DISCHARGE")
    typ(42, h - 300, "TADJOURA STAR / 0119E     DJIBOUTI         OAKLAND, CA")
    lab(40, h - 333, "MARKS AND NUMBERS")
    lab(150, h - 333, "NO. OF PKGS   DESCRIPTION OF PACKAGES AND GOODS")
    lab(430, h - 333, "GROSS WEIGHT")
    lab(515, h - 333, "MEASUREMENT")
    typ(42, h - 350, "HCU", "OAKLAND", "LOT #:", "010/0042/0113")
    typ(42, h - 410, "CONT. RGLU3019277", "SEAL 88120")
    typ(
        150,
        h - 350,
        "320 BAGS OF GREEN COFFEE BEANS,",
        "YIRGACHELA GRADE 2, WASHED,",
        "CROP 2025/26",
        "",
        "NET WEIGHT : 19,200.00 KILOS",
        "TARE BAGS  :    192.00 KILOS",
        "",
        "HS 0901.11",
        "FREIGHT COLLECT",
        "1 X 20' FCL/FCL, SAID TO CONTAIN",
    )
    typ(430, h - 350, "19,392.00", "KILOS")
    typ(515, h - 350, "33.0 CBM")
    typ(150, h - 500, "SHIPPED ON BOARD 02 JAN 2026", "LOT MUST BE KEPT DRY")
    lab(40, 142, "FREIGHT AND CHARGES")
    typ(42, 120, "AS ARRANGED")
    c.setFont("Helvetica", 4.5)
    c.drawString(
        40,
        66,
        "Weight, measure, marks, numbers, quality and value as declared by shipper, "
        "unknown to carrier. THREE originals signed.",
    )
    c.saveState()
    c.translate(20, 200)
    c.rotate(90)
    c.setFont("Helvetica", 4.5)
    c.drawString(0, 0, "Form RGL-101 rev. 0113 - net weight clauses see tariff item 18,000 - red gulf lanes.example")
    c.restoreState()
    c.save()
    save("07-bill-of-lading", out.getvalue())
    answer(
        "07-bill-of-lading",
        "text_pdf",
        "en",
        "bill_of_lading",
        {
            "net_weight_kg": "19200",
            "lots": ["010/0042/0113"],
            "invoice_number": None,
            "importer": "OSTRANDER & PIPWELL COMMODITIES, LLC",
            "organic": False,
        },
        {
            "net_weight_kg": at("19,200.00 KILOS"),
            "lots": [at("010/0042/0113")],
            "importer": at("OSTRANDER & PIPWELL COMMODITIES, LLC"),
        },
        "Organic is said nowhere. No invoice number. The consignee's name is on two lines.",
    )


def d08() -> None:
    """Argentina: decimal commas, tonnes, importer beside buyer."""
    css = """
    body {font-size: 9pt} .a {display: flex; justify-content: space-between; border-bottom: 1pt solid #999}
    .letra {border: 1.5pt solid #000; font-size: 22pt; padding: 2px 12px; height: 30px} table {width: 100%}
    .i th {border-bottom: .8pt solid #000; text-align: left} .i td {padding: 5px 4px 5px 0} .r {text-align:
    right !important} .c {columns: 2; column-gap: 12mm}
    """
    body = """
    <div class=a><div><b style="font-size:13pt">PAMPAZUL GRANOS S.A.</b><br>Ruta 88 km 14, Villa
    Trigalera<br>Provincia de Buenos Aires, Argentina<br>Resp. Inscripto · CUIT 30-99912345-7</div>
    <div class=letra>E</div><div><b>FACTURA DE EXPORTACIÓN</b><br>Punto de venta 0003<br>Comp. Nro:
    0003-00000871<br>Fecha: 30/03/2026<br>Remito R 0003-00026250</div></div>
    <div class=c style="margin:8px 0"><p style="margin:0">Comprador:<br><b>Larkmoor Grain Trading
    LLC</b><br>Minneapolis, MN, Estados Unidos<br>Cuit País 55000002126</p>
    <p style="margin:0">Importador:<br><b>Señorío Foods, LLC</b><br>8801 Elevator Way, Stockton, CA
    95203<br>EE. UU. · EIN 00-8710003</p></div>
    <table class=i><tr><th>Descripción</th><th class=r>Cantidad (t)</th><th class=r>USD/t</th>
    <th class=r>Importe USD</th></tr>
    <tr><td>Expeller de soja orgánico, a granel en big bags de 1,05 t (25 unidades)<br>NCM 2304.00.90</td>
    <td class=r>26,25</td><td class=r>812,50</td><td class=r>21.328,13</td></tr>
    <tr><td>Flete interno y gastos FOB</td><td class=r></td><td class=r></td><td class=r>1.450,00</td></tr>
    <tr><td colspan=3 class=r><b>TOTAL USD</b></td><td class=r><b>22.778,13</b></td></tr></table>
    <p>Son dólares estadounidenses veintidós mil setecientos setenta y ocho con 13/100.</p>
    <p>Condición FOB Zárate. Permiso de embarque 26 033 EC01 000871 X. Orden de compra LGT/4410.</p>
    <p>Peso bruto: 26,425 t &nbsp;—&nbsp; Peso neto: 26,250 t &nbsp;—&nbsp; Partidas (lotes): PZ-SJ 031 /
    PZ-SJ 032</p>
    <p style="font-size:6.5pt;margin-top:40mm">CAE N°: 76099912345678 · Vto. CAE: 09/04/2026</p>
    """
    save("08-factura-exportacion", pdf_from_html(body, css, "Hanken"))
    answer(
        "08-factura-exportacion",
        "text_pdf",
        "es",
        "commercial_invoice",
        {
            "net_weight_kg": "26250",
            "lots": ["PZ-SJ 031", "PZ-SJ 032"],
            "invoice_number": "0003-00000871",
            "importer": "Señorío Foods, LLC",
            "organic": True,
        },
        {
            "net_weight_kg": at("26,250 t"),
            "lots": [at("PZ-SJ 031"), at("PZ-SJ 032")],
            "invoice_number": at("0003-00000871"),
            "importer": at("Señorío Foods, LLC"),
            "organic": at("Expeller de soja orgánico"),
        },
        "Decimal comma throughout: 26,250 t is 26.25 tonnes.",
    )


def d09() -> None:
    """Ukraine: spaces as thousands separators, two columns, a buyer and no consignee."""
    css = """
    .two {width: 100%; margin-bottom: 8px} .two td {width: 50%; vertical-align: top; padding: 4px 8px
    4px 0} .i {width: 100%} .i th, .i td {border: .5pt solid #888; padding: 4px} .r {text-align: right}
    .foot {position: absolute; right: -14mm; top: 60mm; transform: rotate(90deg); transform-origin: top
    right; font-size: 5.5pt; color: #777}
    """
    sp = "\u00a0"
    body = f"""
    <div class=foot>Stepovyk Zerno TOV · bank Dniprova Kreditna · IBAN UA00 0000 0000 0026 0022 4500 0001
    · net 30 days</div>
    <h2 style="margin:0 0 6px">INVOICE No. 47-SZ</h2>
    <table class=two><tr><td><b>Seller</b><br>Stepovyk Zerno TOV<br>vul. Stepova 9, Kremenivka, Ukraine
    <br>EDRPOU 00999123<br>office@stepovyk.example</td><td><b>Buyer</b><br>Tumbleoak Foods Corp.<br>560
    Feedlot Parkway, Turlock, CA 95380, USA<br>Fax +1 209 555 0107</td></tr>
    <tr><td>Contract No. 12/2025 of 01.12.2025<br>Delivery: CPT Gdańsk<br>Truck АЕ0047ХХ / CMR 224500</td>
    <td>Date: 26.01.2026<br>Payment: CAD<br>Specification No. 3</td></tr></table>
    <table class=i><tr><th>No.</th><th>Goods</th><th>Net, kg</th><th>Price, USD/t</th><th>Sum, USD</th></tr>
    <tr><td>1</td><td>Organic soybeans, crop 2025, non-GMO, in bulk<br>Batch No 07/25-S</td>
    <td class=r>22{sp}450,00</td><td class=r>655,00</td><td class=r>14{sp}704,75</td></tr>
    <tr><td></td><td>Total</td><td class=r>22{sp}450,00</td><td></td><td class=r>14{sp}704,75</td></tr></table>
    <p>Gross weight (vehicle incl. goods): 37{sp}910 kg. Tare of the vehicle: 15{sp}460 kg.</p>
    <p>HS code 1201 90 00 00. Country of origin: Ukraine.</p>
    <p style="margin-top:20mm">Director _______________ O. Verbynskyi</p>
    """
    save("09-invoice", pdf_from_html(body, css, "DejaVu Sans"))
    answer(
        "09-invoice",
        "text_pdf",
        "en",
        "commercial_invoice",
        {
            "net_weight_kg": "22450",
            "lots": ["07/25-S"],
            "invoice_number": "47-SZ",
            "importer": "Tumbleoak Foods Corp.",
            "organic": True,
        },
        {
            "net_weight_kg": at("22 450,00"),
            "lots": [at("07/25-S")],
            "invoice_number": at("47-SZ"),
            "importer": at("Tumbleoak Foods Corp."),
            "organic": at("Organic soybeans"),
        },
        "No importer or consignee is named, so the buyer.",
    )


def make() -> None:
    for maker in (d01, d02, d03, d04, d05, d06, d07, d08, d09):
        maker()
