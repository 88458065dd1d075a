"""Makes the documents of ``own`` and the known values beside them: ``python -m tests.requests_app.evidence.own.make``."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path
from typing import Any

import pypdfium2
import weasyprint
from openpyxl import Workbook
from PIL import Image, ImageChops, ImageFilter

from tests.requests_app.evidence.own.make import english, scanned, sheets, spanish
from tests.requests_app.evidence.own.make.parts import STYLES, Paper

_HERE = Path(__file__).resolve().parent.parent
#: Of each scan: dots an inch, degrees askew, blur, darkness of the specks, quality of the JPEG.
_LOOKS = [(200, 0.0, 0.4, 0, 60), (150, 0.8, 0.5, 12, 60), (200, -1.4, 0.6, 8, 50), (150, 0.3, 0.6, 16, 45), (200, 2.1, 0.5, 6, 55), (300, -0.5, 0.8, 20, 40), (170, 1.0, 0.5, 10, 65)]  # fmt: skip


def printed(paper: Paper) -> bytes:
    """The paper as a PDF with text."""
    html = f"<meta charset=utf-8><style>@page{{size:A4;margin:16mm}}{STYLES[paper.style]}</style>{paper.body}"
    made: bytes = weasyprint.HTML(string=html).write_pdf()
    return made


def _scanned(paper: Paper, look: tuple[int, float, float, int, int]) -> Image.Image:
    dpi, askew, blur, specks, _quality = look
    page = pypdfium2.PdfDocument(printed(paper))[0].render(scale=dpi / 72).to_pil().convert("L")
    page = page.rotate(askew, Image.Resampling.BICUBIC, fillcolor=255).filter(ImageFilter.GaussianBlur(blur))
    chance = random.Random(paper.name)
    grain = Image.frombytes("L", page.size, bytes(chance.choices(range(specks + 1), k=page.width * page.height)))
    return ImageChops.subtract(page, grain)


def _keep(name: str, data: bytes, known: dict[str, Any]) -> None:
    (_HERE / name).write_bytes(data)
    text = json.dumps(known, ensure_ascii=False, indent=1)
    (_HERE / name).with_suffix(".json").write_text(text + "\n", encoding="utf-8")


def main() -> None:
    """Write all of them anew."""
    for paper in [*english.PAPERS, *spanish.PAPERS]:
        _keep(f"{paper.name}.pdf", printed(paper), paper.truth)
    for paper, look in zip(scanned.PAPERS, _LOOKS, strict=True):
        page, out = _scanned(paper, look), io.BytesIO()
        if paper.name == "scan-photo":
            page.save(out, "JPEG", quality=look[4])
            _keep(f"{paper.name}.jpg", out.getvalue(), paper.truth)
            continue
        page.save(out, "PDF", resolution=look[0], quality=look[4])
        _keep(f"{paper.name}.pdf", out.getvalue(), paper.truth)
    for name, held, known in sheets.BOOKS:
        book, out = Workbook(), io.BytesIO()
        for place, (title, rows) in enumerate(held.items()):
            sheet = book.active if place == 0 else book.create_sheet()
            sheet.title = title
            for row in rows:
                sheet.append(row)
        book.save(out)
        _keep(f"{name}.xlsx", out.getvalue(), known)


if __name__ == "__main__":
    main()
