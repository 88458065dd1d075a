"""What the makers of the blind documents share: fonts, PDF and scan output, the answers beside them."""

from __future__ import annotations

import io
import json
import os
import random
from decimal import ROUND_HALF_UP, Decimal
from importlib import metadata
from pathlib import Path

OUT = Path(__file__).resolve().parent.parent
os.environ.setdefault("SOURCE_DATE_EPOCH", "1760000000")

FACES = {
    "Roboto": ("font-roboto", "Roboto-{}.ttf", "Regular", "Bold"),
    "Source Sans": ("font-source-sans-pro", "SourceSansPro-{}.ttf", "Regular", "Bold"),
    "Source Serif": ("font-source-serif-pro", "SourceSerifPro-{}.ttf", "Regular", "Bold"),
    "Caladea": ("font-caladea", "Caladea-{}.ttf", "Regular", "Bold"),
    "Manrope": ("font-manrope", "Manrope-{}.ttf", "Regular", "Bold"),
    "Hanken": ("font-hanken-grotesk", "HankenGrotesk-{}.otf", "Regular", "Bold"),
}


def font_css(family: str) -> str:
    if family not in FACES:
        return ""
    dist, pattern, regular, bold = FACES[family]
    css = ""
    for name, weight in ((regular, "normal"), (bold, "bold")):
        want = pattern.format(name)
        found = next(f for f in metadata.files(dist) or [] if f.name == want)
        css += (
            f"@font-face {{font-family: '{family}'; font-weight: {weight};"
            f" src: url('{Path(str(found.locate())).as_uri()}')}}\n"
        )
    return css


def pdf_from_html(body: str, css: str, font: str = "DejaVu Sans") -> bytes:
    from weasyprint import HTML

    html = (
        f"<!doctype html><meta charset='utf-8'><style>{font_css(font)}"
        f"@page {{size: A4; margin: 18mm}} body {{font: 9.5pt '{font}'}}"
        f"table {{border-collapse: collapse}} {css}</style><body>{body}"
    )
    return HTML(string=html).write_pdf()


def kg_of_lb(pounds: str) -> str:
    return plain(Decimal(pounds) * Decimal("0.45359237"))


def plain(value: Decimal) -> str:
    text = f"{value.quantize(Decimal('0.001'), ROUND_HALF_UP):f}"
    return text.rstrip("0").rstrip(".")


def answer(
    name: str,
    kind: str,
    language: str,
    document: str,
    fields: dict,
    where: dict,
    note: str = "",
) -> None:
    assert set(fields) == {"net_weight_kg", "lots", "invoice_number", "importer", "organic"}
    data = {
        "kind": kind,
        "language": language,
        "document": document,
        "fields": fields,
        "where": where,
    }
    if note:
        data["note"] = note
    (OUT / f"{name}.json").write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def at(text: str, page: int = 1) -> dict:
    return {"page": page, "text": text}


def scan(
    pdf: bytes,
    seed: int,
    dpi: int = 150,
    tilt: float = 0.6,
    noise: float = 5.0,
    black: int = 26,
    paper: int = 240,
    shadow: bool = False,
) -> bytes:
    """Each page as a scanner would give it: grey, tilted, noisy, JPEG. No text remains."""
    import numpy as np
    import pypdfium2 as pdfium
    from PIL import Image, ImageFilter

    rng = np.random.default_rng(seed)
    wobble = random.Random(seed)
    pages = []
    for page in pdfium.PdfDocument(pdf):
        image = page.render(scale=dpi / 72).to_pil().convert("L")
        angle = tilt + wobble.uniform(-0.2, 0.2)
        image = image.rotate(angle, resample=Image.Resampling.BICUBIC, fillcolor=250)
        image = image.filter(ImageFilter.GaussianBlur(0.55 * dpi / 150))
        grey = np.asarray(image, dtype=np.float32)
        height, width = grey.shape
        grey = black + grey * (paper - black) / 255
        grey -= np.linspace(0, 10, width, dtype=np.float32)[None, :]
        if shadow:  # the lid did not close: the left edge is dark
            grey -= 95 * np.exp(-np.arange(width, dtype=np.float32) / (dpi / 7))[None, :]
        grain = rng.normal(0, noise, grey.shape)
        grain = (grain + np.roll(grain, 1, 0) + np.roll(grain, 1, 1)) / 1.7
        grey = grey + grain
        for _ in range(int(height * width * 0.00002)):
            y, x = rng.integers(0, height - 3), rng.integers(0, width - 3)
            grey[y : y + rng.integers(1, 4), x : x + rng.integers(1, 3)] = 90
        pages.append(Image.fromarray(np.clip(grey, 0, 255).astype("uint8"), "L"))
    limit = 330_000
    for quality in range(60, 20, -4):
        out = io.BytesIO()
        pages[0].save(
            out,
            "PDF",
            resolution=dpi,
            quality=quality,
            save_all=True,
            append_images=pages[1:],
            creationDate=None,
            modDate=None,
        )
        if len(out.getvalue()) < limit:
            return out.getvalue()
    raise AssertionError("scan too large")


# filled by the makers: name -> the PDF with text that a scan was made from (for check.py)
SOURCES: dict[str, bytes] = {}


def save(name: str, pdf: bytes, scanned: dict | None = None) -> None:
    SOURCES[name] = pdf
    data = scan(pdf, **scanned) if scanned else pdf
    assert len(data) < 350_000, (name, len(data))
    (OUT / f"{name}.pdf").write_bytes(data)
