"""Looks whether every text of `where` stands on its page or in its cell.

python check.py [a|b|scans|xlsx ...]   (makes these first). PNGs of what was made go to $PNG if set.
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


def in_book(path: Path, where: dict) -> list[str]:
    import openpyxl

    book, wrong = openpyxl.load_workbook(path.with_suffix(".xlsx"), data_only=True), []
    for field, spot in spots(where):
        value = book[spot["sheet"]][spot["cell"]].value
        if isinstance(value, float | int):  # the text is the number as the cell shows it
            good = Decimal(spot["text"].replace(",", "")) == Decimal(str(value))
        else:
            good = spot["text"] in str(value)
        if not good:
            wrong.append(f"{field}: {spot} but the cell has {value!r}")
    return wrong


def in_pages(path: Path, where: dict, scanned: bool) -> list[str]:
    import pypdfium2 as pdfium

    def texts(data: bytes) -> list[str]:
        return [flat(page.get_textpage().get_text_range()) for page in pdfium.PdfDocument(data)]

    own = path.with_suffix(".pdf").read_bytes()
    if scanned and any(texts(own)):
        return ["the scan has text"]
    if scanned and path.stem not in common.SOURCES:
        return []  # only the page before the scanner has text
    pages = texts(common.SOURCES.get(path.stem, own) if scanned else own)
    return [
        f"{field}: {spot['text']!r} is not on page {spot['page']}"
        for field, spot in spots(where)
        if flat(spot["text"]) not in pages[spot["page"] - 1]
    ]


def check(path: Path) -> list[str]:
    data = json.loads(path.read_text(encoding="utf-8"))
    fields, where = data["fields"], data["where"]
    wrong = [f"{field}: no place" for field in fields if bool(fields[field]) != bool(where.get(field))]
    if len(where.get("lots", [])) != len(fields["lots"]):
        wrong.append("lots: not as many places as lots")
    for lot, spot in zip(fields["lots"], where.get("lots", []), strict=False):
        if lot not in spot["text"]:
            wrong.append(f"lot {lot} is not in its place's text")
    if data["kind"] == "xlsx":
        return wrong + in_book(path, where)
    return wrong + in_pages(path, where, data["kind"] == "scan")


def main() -> int:
    for name in sys.argv[1:]:
        importlib.import_module(MODULES[name]).make()
    bad = 0
    for path in sorted(common.OUT.glob("*.json")):
        for line in check(path):
            bad += 1
            sys.stdout.write(f"{path.stem} {line}\n")
    folder = os.environ.get("PNG")
    if folder:
        import pypdfium2 as pdfium

        for name in common.SOURCES:
            document = pdfium.PdfDocument((common.OUT / f"{name}.pdf").read_bytes())
            for number, page in enumerate(document, 1):
                page.render(scale=1.3).to_pil().save(Path(folder) / f"{name}-{number}.png")
    sys.stdout.write(f"{bad} wrong\n")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
