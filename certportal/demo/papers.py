"""Papers of the demo: small PDF documents that say what a real one would."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from django.utils.html import escape
from weasyprint import HTML


def commercial_invoice(
    number: str, day: dt.date, *, product: str, kg: Decimal, buyer: str, lots: Sequence[str]
) -> bytes:
    """An invented commercial invoice as PDF."""
    rows = "".join(
        f"<tr><th align=left>{escape(name)}</th><td>{escape(value)}</td></tr>"
        for name, value in (
            ("Invoice number", number), ("Date", day.isoformat()), ("Buyer", buyer),
            ("Goods", f"{product} (certified organic, USDA-NOP)"), ("Net weight", f"{kg} kg"), ("Lots", ", ".join(lots)),
        )
    )  # fmt: skip
    html = f"<h1>Commercial invoice</h1><table>{rows}</table><p>Invented for the demonstration of CertPortal.</p>"
    pdf: bytes = HTML(string=html).write_pdf()
    return pdf
