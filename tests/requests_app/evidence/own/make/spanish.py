"""Invented papers in Spanish."""

from __future__ import annotations

from tests.requests_app.evidence.own.make.parts import Paper, boxes, pairs, table, truth

PAPERS = [
    Paper(
        "es-factura-peru", "grid",
        "<h1>FACTURA ELECTRÓNICA DE EXPORTACIÓN</h1><p>R.U.C. 20559912345<br><b>F001-00012345</b></p>"
        + pairs(("Factura N°", "F001-00012345"), ("Fecha de emisión", "05/03/2026"), ("Señor(es)", "Andes Superfoods Distributors LLC"), ("Dirección", "55 Market St, Newark, NJ"))
        + table(
            ["Cant.", "Descripción", "Lote", "Peso neto kg", "Peso bruto kg", "Valor US$"],
            [["720", "Quinua blanca orgánica en sacos de 25 kg", "LQ-041", "18.000,00", "18.144,00", "45.000,00"]],
            3,
        ),
        truth("18000.000", ["LQ-041"], "F001-00012345", "Andes Superfoods Distributors LLC", True),
    ),
    Paper(
        "es-lista-empaque", "airy",
        "<h1>Lista de empaque</h1>"
        + pairs(("Factura No.", "MX-2231"), ("Cliente", "Sonoma Avocado Partners Inc."), ("Producto", "Aguacate Hass orgánico"), ("Lotes", "H-221, H-222 y H-225"),
                ("Cajas", "1,760"), ("Peso neto total", "19,360.00 kg"), ("Peso bruto total", "20,240.00 kg")),
        truth("19360.000", ["H-221", "H-222", "H-225"], "MX-2231", "Sonoma Avocado Partners Inc.", True),
    ),
    Paper(
        "es-quintales", "serif",
        "<p>Cooperativa Cafetalera Montaña Azul R.L.<br>Marcala, Honduras</p><p>FACTURA COMERCIAL No. 000871</p>"
        "<p>Vendido a: Twin Peaks Coffee Importers, Inc.<br>Denver, Colorado</p>"
        "<p>350 quintales (46 kg c/u) de café oro, cultivado de forma orgánica.</p><p>Lote: 13-0871-02</p><p>Peso neto: 16.100 kg<br>Peso bruto: 16.345 kg</p>",
        truth("16100.000", ["13-0871-02"], "000871", "Twin Peaks Coffee Importers, Inc.", True),
    ),
    Paper(
        "es-carta", "serif",
        "<p>Asunción, 17 de abril de 2026</p><p>Señores<br>Clearwater Sweeteners LLC<br>Tampa, Florida</p>"
        "<p>Ref.: nuestra factura N° 001-002-0004471</p>"
        "<p>De nuestra consideración:</p><p>Informamos el embarque de 500 bolsas de azúcar orgánica de caña, con un peso neto de 25.000 kilogramos y un peso bruto de 25.125 "
        "kilogramos, correspondientes al lote AZ26-118.</p><p>El importador en los Estados Unidos es Clearwater Sweeteners LLC.</p><p>Atentamente,</p>",
        truth("25000.000", ["AZ26-118"], "001-002-0004471", "Clearwater Sweeteners LLC", True),
    ),
    Paper(
        "es-argentina", "small",
        "<h1>FACTURA DE EXPORTACIÓN \"E\"</h1>"
        + boxes(
            [("Comprobante Nro.", "00003-00000219"), ("Factura Nº", "00003-00000219"), ("Fecha", "22/01/2026")],
            [("Exportador", "Pampa Viva S.R.L."), ("Importador", "Heartland Pulse Traders Inc."), ("País destino", "Estados Unidos")],
            [("Mercadería", "Porotos negros, producción ecológica"), ("Partida N°", "PV-5520"), ("Kilos netos", "24.500"), ("Kilos brutos", "24.745")],
        ),
        truth("24500.000", ["PV-5520"], "00003-00000219", "Heartland Pulse Traders Inc.", True),
    ),
    Paper(
        "es-colombia", "grid",
        "<h1>Conocimiento de embarque</h1>"
        + pairs(("Embarcador", "Exportadora Sierra Nevada S.A.S."), ("Consignatario", "Old Mill Coffee Traders LLC"), ("Notificar a", "Gulf Port Brokers Corp."),
                ("Factura comercial", "SN-0418"), ("Mercancía", "275 sacos de 70 kg, café excelso orgánico"), ("Lotes", "3-37-0112<br>3-37-0113"),
                ("Peso neto", "19.250,00 Kgs"), ("Peso bruto", "19.443,00 Kgs")),
        truth("19250.000", ["3-37-0112", "3-37-0113"], "SN-0418", "Old Mill Coffee Traders LLC", True),
    ),
    Paper(
        "es-libras", "airy",
        "<h1>Factura comercial No. ECU-7718</h1>"
        + boxes([("Comprador", "Coral Bay Fruit Company LLC<br>Miami, FL"), ("Vendedor", "Frutas del Litoral Cía. Ltda.<br>Guayaquil")])
        + table(["Lote", "Producto", "Cajas", "Libras netas", "Libras brutas"],
                [["B-1201", "Banano bio", "540", "22,680", "23,760"], ["B-1202", "Banano bio", "540", "22,680", "23,760"], ["Total", "", "1,080", "45,360", "47,520"]], 2),
        truth("20574.950", ["B-1201", "B-1202"], "ECU-7718", "Coral Bay Fruit Company LLC", True),
    ),
]  # fmt: skip
