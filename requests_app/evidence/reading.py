"""From a document's bytes to what it says. Parsing is done in the limited process, never here."""

from __future__ import annotations

import dataclasses
from typing import IO, Any

from core import ocr, sandbox
from requests_app.evidence import importer, invoice, lots, organic, weights
from requests_app.evidence.findings import Evidence
from requests_app.evidence.numbers import decimal_mark
from requests_app.evidence.text import Row, rows_of_pdf, rows_of_sheets

#: Pages without text that are read from their picture; each takes a second or several.
MAX_OCR_PAGES = 10
#: A page with fewer words is one without text: scanners and telephones print their own name on a picture.
FEW_WORDS = 12
_INCH, _MOST_PIXELS = 72, 2600


def read(source: bytes | IO[bytes], kind: str) -> Evidence:
    """What a document says; ``kind``: "PDF", "XLSX", "PNG" or "JPEG". Others are not read.

    Takes some milliseconds, but seconds for each page that is only a picture: call it from a worker. Without Tesseract such
    pages are ``pages_without_text``. Raises what ``core.sandbox.run`` raises.
    """
    if kind == "XLSX":
        return of_rows(rows_of_sheets(sandbox.run("sheets", source)))
    if kind in ("PNG", "JPEG"):
        can = ocr.available()
        return _of_pages([_seen(source, kind, 1, _MOST_PIXELS) if can else []], 1, [1] if can else [])
    if kind != "PDF":
        return Evidence()
    found = sandbox.run("words", source)
    pages, seen = found["read"], []
    if ocr.available():
        thin = [number for number, words in enumerate(pages, 1) if len(words) < FEW_WORDS][:MAX_OCR_PAGES]
        for number in thin:
            width = round(found["sizes"][number - 1][0] * ocr.DPI / _INCH)
            words = _seen(source, kind, number, min(width, _MOST_PIXELS))
            if len(words) > len(pages[number - 1]):
                pages[number - 1] = words
                seen.append(number)
    return _of_pages(pages, found["pages"], seen)


def _seen(source: bytes | IO[bytes], kind: str, page: int, width: int) -> list[Any]:
    facts, levels = sandbox.run("page_image", source, kind=kind, page=page, width=width, legible=True)
    return ocr.words(levels, facts)


def _of_pages(pages: list[list[Any]], count: int, seen: list[int]) -> Evidence:
    without = tuple(number for number in range(1, count + 1) if number > len(pages) or not pages[number - 1])
    found = of_rows(rows_of_pdf(pages))
    return dataclasses.replace(found, pages=count, pages_without_text=without, pages_by_ocr=tuple(seen))


def of_rows(rows: list[Row]) -> Evidence:
    """The candidates of every field."""
    mark = decimal_mark(cell.text for row in rows for cell in row.cells if not cell.is_number)
    return Evidence(
        has_text=bool(rows), net_weight_kg=weights.find(rows, mark), lots=lots.find(rows), rows=tuple(rows),
        invoice_number=invoice.find(rows), importer=importer.find(rows), organic=organic.find(rows),
    )  # fmt: skip
