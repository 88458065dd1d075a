"""From a document's bytes to what it says. Parsing is done in the limited process, never here."""

from __future__ import annotations

from typing import IO

from core import sandbox
from requests_app.evidence import importer, invoice, lots, organic, weights
from requests_app.evidence.findings import Evidence
from requests_app.evidence.numbers import decimal_mark
from requests_app.evidence.text import Row, rows_of_pdf, rows_of_sheets


def read(source: bytes | IO[bytes], kind: str) -> Evidence:
    """What a "PDF" or "XLSX" says; other kinds (pictures) have no text. Raises what ``core.sandbox.run`` raises."""
    if kind == "XLSX":
        return of_rows(rows_of_sheets(sandbox.run("sheets", source)))
    if kind != "PDF":
        return Evidence()
    found = sandbox.run("words", source)
    without = tuple(number for number, words in enumerate(found["read"], 1) if not words)
    return of_rows(rows_of_pdf(found["read"]), pages=found["pages"], pages_without_text=without)


def of_rows(rows: list[Row], *, pages: int = 0, pages_without_text: tuple[int, ...] = ()) -> Evidence:
    """The candidates of every field."""
    mark = decimal_mark(cell.text for row in rows for cell in row.cells if not cell.is_number)
    return Evidence(
        has_text=bool(rows), pages=pages, pages_without_text=pages_without_text, net_weight_kg=weights.find(rows, mark),
        lots=lots.find(rows), invoice_number=invoice.find(rows), importer=importer.find(rows), organic=organic.find(rows),
        rows=tuple(rows),
    )  # fmt: skip
