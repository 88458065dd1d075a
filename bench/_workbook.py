"""A workbook like OID's monthly one, invented, of any number of operations: written as it is made, in constant memory."""

from __future__ import annotations

import random
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

COLUMNS = (
    "op_certifierName op_nopOpID op_name op_otherNames op_clientID op_contFirstName op_contLastName op_status "
    "op_statusEffectiveDate op_nopAnniversaryDate op_lastUpdatedDate opSC_CR opSC_CR_ED opSC_LS opSC_LS_ED opSC_WC "
    "opSC_WC_ED opSC_HANDLING opSC_HANDLING_ED opPA_line1 opPA_line2 opPA_city opPA_state opPA_country opPA_zip "
    "opPA_countyCode opPA_county opMA_line1 opMA_line2 opMA_city opMA_state opMA_country opMA_zip opMA_countyCode "
    "opMA_county op_phone op_email op_url opEx_broker opEx_csa opEx_copacker opEx_dairy opEx_distributor "
    "opEx_marketerTrader opEx_restaurant opEx_retailer opEx_poultry opEx_privateLabeler opEx_slaughterHouse "
    "opEx_storage opEx_growerGroup CR_CertifiedProducts LS_CertifiedProducts WC_CertifiedProducts "
    "Han_CertifiedProducts op_certificate op_totalAcreage Pub_Date op_parent op_additionalInfo"
).split()
STATUSES = ["Certified"] * 6 + ["Surrendered"] * 3 + ["Suspended", "Revoked"]
PLACES = [
    ("Lima", "Lima", "Peru"), ("Machala", "El Oro", "Ecuador"), ("Newark", "NJ", "United States of America (the)"),
    ("Izmir", "Izmir", "Turkey"), ("Addis Ababa", "", "Ethiopia"), ("Indore", "Madhya Pradesh", "India"),
]  # fmt: skip
WORDS = (
    "Valley River Mountain Green Golden Cooperative Growers Farms Foods Trading Organics Mills Orchards Union".split()
)
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def operation(number: int, changed: bool) -> list[str]:
    """The values of one operation by :data:`COLUMNS`; ``changed``: another status and telephone than without."""
    chance = random.Random(number)
    city, state, country = chance.choice(PLACES)
    name = f"{chance.choice(WORDS)} {chance.choice(WORDS)} {number}"
    status = chance.choice(STATUSES)
    if changed:
        status = "Suspended" if status == "Certified" else "Certified"
    scopes = {scope: chance.random() < 0.4 for scope in ("CR", "LS", "WC", "HANDLING")}
    values = {
        "op_certifierName": f"Invented Certification {number % 80}", "op_nopOpID": f"{100 + number % 800}{number:07d}",
        "op_name": name, "op_otherNames": f"{name} Brand" if number % 3 == 0 else "", "op_clientID": f"C-{number}",
        "op_contFirstName": chance.choice(WORDS), "op_contLastName": f"Person {number}", "op_status": status,
        "op_statusEffectiveDate": f"{1 + number % 12:02d}/{1 + number % 28:02d}/2024",
        "op_nopAnniversaryDate": f"{1 + number % 12:02d}/15/2025", "op_lastUpdatedDate": "09/30/2025",
        "opPA_line1": f"{number} Invented Road", "opPA_city": city, "opPA_state": state, "opPA_country": country,
        "opPA_zip": f"{10000 + number % 89999}", "opMA_line1": f"P.O. Box {number}", "opMA_city": city,
        "opMA_state": state, "opMA_country": country, "opMA_zip": f"{10000 + number % 89999}",
        "op_phone": f"+1 555 {number + (1_000_000 if changed else 0):07d}", "op_email": f"office-{number}@invented.example",
        "op_url": f"https://invented-{number}.example", "CR_CertifiedProducts": f"Coffee: Arabica {number % 500}; Cacao",
        "Han_CertifiedProducts": f"Roasted coffee {number % 300}", "Pub_Date": "10/01/2025",
        "op_certificate": f"https://invented.example/certificate/{number}",
    }  # fmt: skip
    for scope, held in scopes.items():
        values[f"opSC_{scope}"] = "Certified" if held else ""
        values[f"opSC_{scope}_ED"] = "01/01/2024" if held else ""
    return [values.get(column, "No" if column.startswith("opEx_") else "") for column in COLUMNS]


def column_name(index: int) -> str:
    """The letters of a column, from 0."""
    letters, index = "", index + 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def write(path: Path, operations: int, *, changed_every: int = 0) -> None:
    """Write the workbook as a spreadsheet program saves it: shared texts, empty cells kept, a row of headers first.

    With ``changed_every`` N each Nth operation differs from the one that is written without.
    """
    letters = [column_name(index) for index in range(len(COLUMNS))]
    texts: dict[str, int] = {}

    def rows() -> Iterator[list[str]]:
        yield list(COLUMNS)
        for number in range(operations):
            yield operation(number, bool(changed_every) and number % changed_every == 0)

    def cell(letter: str, number: int, value: str) -> str:
        if not value:
            return f'<c r="{letter}{number}" s="1"/>'
        return f'<c r="{letter}{number}" s="1" t="s"><v>{texts.setdefault(value, len(texts))}</v></c>'

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in _FRAME.items():
            archive.writestr(name, _HEAD + content)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            corner = f"A1:{letters[-1]}{operations + 1}"
            sheet.write(f'{_HEAD}<worksheet {_SPACE}><dimension ref="{corner}"/><sheetData>'.encode())
            for number, values in enumerate(rows(), start=1):
                cells = "".join(cell(letter, number, value) for letter, value in zip(letters, values, strict=True))
                sheet.write(f'<row r="{number}">{cells}</row>'.encode())
            sheet.write(b"</sheetData></worksheet>")
        with archive.open("xl/sharedStrings.xml", "w", force_zip64=True) as shared:
            shared.write(f'{_HEAD}<sst {_SPACE} uniqueCount="{len(texts)}">'.encode())
            for text in texts:
                shared.write(f"<si><t>{escape(text)}</t></si>".encode())
            shared.write(b"</sst>")


_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_FRAME = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        f'ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPES}.worksheet+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_TYPES}.sharedStrings+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook {_SPACE} xmlns:r="{_RELATIONS}"><sheets><sheet name="Operations" sheetId="1" r:id="rId1"/></sheets>'
        "</workbook>"
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" Type="{_RELATIONS}/worksheet" '
        f'Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="{_RELATIONS}/sharedStrings" '
        'Target="sharedStrings.xml"/></Relationships>'
    ),
}
