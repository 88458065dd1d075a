"""Makes documents anew and looks whether every text of `where` stands on its page or in its cell.

python check.py a|b|scans|xlsx ...   (each: make these; without: all). PNGs of pages go to $PNG if set.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
from decimal import Decimal
from pathlib import Path

import common

MODULES = {"a": "text_pdfs_a", "b": "text_pdfs_b", "scans": "scans", "xlsx": "sheets"}


def flat(text: str) -> str:
    return re.sub(r"[\s\u00ad\ufffe]+", "", text)  # cells wrap


def spots(where: dict) -> list[tuple[str, dict]]:
    found = []
    for field, value in where.items():
        found += [(field, one) for one in (value if isinstance(value, list) else [value])]
    return found


def check(path: Path) -> list[str]:
    data = json.loads(path.read_text(encoding="utf-8"))
    fields, where, wrong = data["fields"], data["where"], []
    for field, value in fields.items():
        if bool(value) != bool(where.get(field)):
            wrong.append(f"{field}: answer and where disagree")
    if len(where.get("lots", [])) != len(fields["lots"]):
        wrong.append("lots: not as many places as lots")
    for lot, spot in zip(fields["lots"], where.get("lots", []), strict=False):
        if lot not in spot["text"]:
            wrong.append(f"lot {lot} is not in its place's text")
    if data["kind"] == "xlsx":
        import openpyxl

        book = openpyxl.load_workbook(path.with_suffix(".xlsx"), data_only=True)
        for field, spot in spots(where):
            value = book[spot["sheet"]][spot["cell"]].value
            if isinstance(value, float | int):  # the text is the number as the cell shows it
                good = Decimal(spot["text"].replace(",", "")) == Decimal(str(value))
            else:
                good = spot["text"] in str(value)
            if not good:
                wrong.append(f"{field}: {spot} but the cell has {value!r}")
        return wrong
    import pypdfium2 as pdfium

    source = common.SOURCES.get(path.stem) or path.with_suffix(".pdf").read_bytes()
    pages = [flat(page.get_textpage().get_text_range()) for page in pdfium.PdfDocument(source)]
    if data["kind"] == "scan":
        real = pdfium.PdfDocument(path.with_suffix(".pdf").read_bytes())
        if any(page.get_textpage().get_text_range().strip() for page in real):
            wrong.append("the scan has text")
        if path.stem not in common.SOURCES:
            return wrong
    for field, spot in spots(where):
        if flat(spot["text"]) not in pages[spot["page"] - 1]:
            wrong.append(f"{field}: {spot['text']!r} is not on page {spot['page']}")
    return wrong


def main() -> int:
    for name in sys.argv[1:] or MODULES:
        importlib.import_module(MODULES[name]).make()
    bad = 0
    for path in sorted(common.OUT.glob("*.json")):
        for line in check(path):
            bad += 1
            print(path.stem, line)
    folder = os.environ.get("PNG")
    if folder:
        import pypdfium2 as pdfium

        for name in common.SOURCES:
            document = pdfium.PdfDocument((common.OUT / f"{name}.pdf").read_bytes())
            for number, page in enumerate(document, 1):
                page.render(scale=1.3).to_pil().save(Path(folder) / f"{name}-{number}.png")
    print(bad, "wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
