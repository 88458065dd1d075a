"""Invented papers in English."""

from __future__ import annotations

from tests.requests_app.evidence.own.make.parts import Paper, boxes, pairs, table, truth

PAPERS = [
    Paper(
        "en-invoice-grid", "grid",
        "<h1>COMMERCIAL INVOICE</h1>"
        + boxes(
            [("Exporter", "Agroverde del Sur S.A.C.<br>Av. Los Olivos 220, Lima, Peru"), ("Invoice No. and date", "AVS-2026-0417<br>14 March 2026")],
            [("Importer of record", "Bright Harvest Foods, Inc.<br>12 Dock Street, Oakland, CA 94607"), ("Terms", "FOB Callao")],
        )
        + "<p></p>"
        + table(
            ["Lot No.", "Description of goods", "Bags", "Net weight (kg)", "Gross weight (kg)", "Amount USD"],
            [
                ["QN-2603-A", "Organic white quinoa, grade 1", "360", "9,000.00", "9,072.00", "21,600.00"],
                ["QN-2603-B", "Organic white quinoa, grade 1", "360", "9,000.00", "9,072.00", "21,600.00"],
                ["", "TOTAL", "720", "18,000.00", "18,144.00", "43,200.00"],
            ],
            2,
        ),
        truth("18000.000", ["QN-2603-A", "QN-2603-B"], "AVS-2026-0417", "Bright Harvest Foods, Inc.", True, net_weight_kg="total row", lots="first column"),
    ),
    Paper(
        "en-packing-list", "airy",
        "<h1>Packing List</h1>"
        + pairs(("Packing list no.", "PL-7731"), ("Reference invoice no.", "7731/26"), ("Date", "02/05/2026"),
                ("Sold to", "Lakeshore Natural Ingredients LLC"), ("Ship to", "Midwest Cold Storage, Dock 4, Chicago IL"))
        + table(
            ["Item", "Batch", "Cartons", "Net kg", "Tare kg", "Gross kg"],
            [
                ["IQF organic mango chunks", "MG118", "480", "4,800.0", "240.0", "5,040.0"],
                ["IQF organic mango chunks", "MG119", "520", "5,200.0", "260.0", "5,460.0"],
                ["IQF organic pineapple tidbits", "PN045", "300", "3,000.0", "150.0", "3,150.0"],
                ["Totals", "", "1,300", "13,000.0", "650.0", "13,650.0"],
            ],
            2,
        ),
        truth("13000.000", ["MG118", "MG119", "PN045"], "7731/26", "Lakeshore Natural Ingredients LLC", True),
    ),
    Paper(
        "en-bill-of-lading", "small",
        "<h1>BILL OF LADING FOR OCEAN TRANSPORT</h1>"
        + boxes(
            [("Shipper", "Nilgiri Highland Exports Pvt Ltd, Coonoor, India"), ("B/L No.", "OCLU4471902")],
            [("Consignee", "Prairie Organic Trading Company<br>88 Grain Ave, Minneapolis, MN 55415, USA"), ("Export references", "Invoice No. NHE/EXP/219")],
            [("Notify party", "Seaway Customs Brokers Inc., Seattle"), ("Vessel / Voyage", "MSC ARIANE / 614W")],
        )
        + table(
            ["Marks and numbers", "No. of packages", "Description of packages and goods", "Gross weight", "Measurement"],
            [["MSKU 661920-4<br>Seal 0091822", "400 paper sacks", "ORGANIC BLACK TEA (CTC)<br>Lot Nos. T-4401, T-4402 and T-4403<br>Net weight: 10,000.000 KGS<br>HS 0902.40", "10,160.000 KGS", "28.0 CBM"]],
        ),
        truth("10000.000", ["T-4401", "T-4402", "T-4403"], "NHE/EXP/219", "Prairie Organic Trading Company", True),
    ),
    Paper(
        "en-letter", "serif",
        "<p>Kilimanjaro Bean Growers Ltd<br>P.O. Box 118, Moshi, Tanzania</p><p>9 January 2026</p>"
        "<p>To: Harbor Roasting Co.<br>Portland, Oregon</p>"
        "<p>Subject: shipping advice for your order 5581</p>"
        "<p>Dear Ms. Alvarez,</p><p>Under our invoice no. KBG-118/26 of today we have shipped to you 320 bags of washed arabica coffee, certified organic, "
        "with a total net weight of 19,200 kg (gross 19,456 kg). The bags carry lot number KB-0126-07.</p>"
        "<p>The importer is Harbor Roasting Co., Portland, Oregon.</p><p>Yours sincerely,<br>J. Mushi</p>",
        truth("19200.000", ["KB-0126-07"], "KBG-118/26", "Harbor Roasting Co.", True),
    ),
    Paper(
        "en-pounds", "grid",
        "<h1>INVOICE</h1>"
        + pairs(("Invoice #", "100482"), ("Invoice date", "2026-02-11"), ("Bill to", "Cedar Mill Bakery Supply, Inc., Spokane, WA"), ("Terms", "Net 30 days"))
        + table(
            ["Qty", "Product", "Lot", "Net Wt (lb)", "Price/lb", "Total"],
            [
                ["22 totes", "Organic hard red spring wheat", "W26-014", "44,092.00", "$0.41", "$18,077.72"],
                ["3 totes", "Organic hard red spring wheat", "W26-015", "6,012.50", "$0.41", "$2,465.13"],
            ],
            3,
        )
        + pairs(("Total net weight", "50,104.50 lbs"), ("Total due", "USD 20,542.85")),
        truth("22727.019", ["W26-014", "W26-015"], "100482", "Cedar Mill Bakery Supply, Inc.", True),
    ),
    Paper(
        "en-short-tons", "airy",
        "<h1>Prairie Gold Growers Cooperative</h1><p>Commercial Invoice: PGG-3390</p>"
        + pairs(("Buyer", "Tri-Rivers Feed Mills LLC"), ("Commodity", "Organic yellow corn, U.S. No. 2"), ("Lot ID", "CORN25-F11"),
                ("Net quantity", "24.500 short tons"), ("Gross", "24.980 short tons"), ("Railcar", "GACX 14477")),
        truth("22226.026", ["CORN25-F11"], "PGG-3390", "Tri-Rivers Feed Mills LLC", True),
    ),
    Paper(
        "en-metric-tons", "grid",
        "<h1>Shipping Instruction / Pro-forma</h1>"
        + pairs(("Our invoice no.", "BSK-26-0091"), ("Importer", "Great Plains Organic Grain Importers LLC"), ("Address", "401 Elevator Rd, Fargo ND"),
                ("Goods", "Organic flaxseed, brown, in bulk"), ("Lot", "FX-77"), ("Container", "TGHU 220114-0"),
                ("Net weight", "24.500 MT"), ("Gross weight", "24.500 MT")),
        truth("24500.000", ["FX-77"], "BSK-26-0091", "Great Plains Organic Grain Importers LLC", True),
    ),
    Paper(
        "en-per-bag", "small",
        "<h1>INVOICE & PACKING SPECIFICATION</h1>"
        + boxes([("Seller", "Ceylon Spice Gardens (Pvt) Ltd"), ("Consignee", "Redwood Spice House Inc"), ("Invoice number", "CSG/2026/0037")])
        + pairs(("Packing", "640 bags of 25 kg net each"), ("Gross weight per bag", "25.2 kg"), ("Total gross weight", "16,128 kg"),
                ("Total net weight", "16,000 kg"), ("Product", "Cinnamon quills, organic, C5"), ("Lot numbers", "CQ-11; CQ-12; CQ-13; CQ-14")),
        truth("16000.000", ["CQ-11", "CQ-12", "CQ-13", "CQ-14"], "CSG/2026/0037", "Redwood Spice House Inc", True),
    ),
    Paper(
        "en-lot-range", "typed",
        "<pre>              GREEN DELTA RICE MILLS CO., LTD\n              Bangkok, Thailand\n\n"
        "COMMERCIAL INVOICE                       NO. : GD-26-155\n                                         DATE: 20 APR 2026\n\n"
        "SOLD TO : PACIFIC PANTRY IMPORTS INC.\n          2200 HARBOR BLVD, LONG BEACH, CA\n\n"
        "DESCRIPTION                     BAGS       NET KGS      GROSS KGS\n"
        "----------------------------------------------------------------\n"
        "ORGANIC JASMINE RICE             800     20,000.00      20,120.00\n"
        "LOTS SB-101 TO SB-104\n"
        "----------------------------------------------------------------\n"
        "TOTAL                            800     20,000.00      20,120.00\n</pre>",
        truth("20000.000", ["SB-101", "SB-102", "SB-103", "SB-104"], "GD-26-155", "Pacific Pantry Imports Inc.", True),
    ),
    Paper(
        "en-not-organic", "grid",
        "<h1>Commercial invoice</h1>"
        + boxes([("Exporter", "Organic Valley Traders Ltd, Izmir"), ("Importer", "Summit Dried Fruit Company")], [("Invoice no.", "OVT 5512"), ("Date", "11.02.2026")])
        + table(["Description", "Lot", "Net weight kg", "Gross weight kg"], [["Dried apricots, conventional, sulphured", "DA-9", "5.250,00", "5.460,00"]], 2)
        + "<p>info@organicvalleytraders.example</p>",
        truth("5250.000", ["DA-9"], "OVT 5512", "Summit Dried Fruit Company", False),
    ),
    Paper(
        "en-gross-only", "airy",
        "<h1>Freight invoice</h1>"
        + pairs(("Freight invoice no.", "FR-88120"), ("Customer", "Bluewater Grocers Inc."), ("Cargo", "1 x 40' reefer, fresh ginger"), ("Gross weight", "22,540 kg"), ("Ocean freight", "USD 4,150.00")),
        truth(None, [], "FR-88120", "Bluewater Grocers Inc.", False),
    ),
]  # fmt: skip
