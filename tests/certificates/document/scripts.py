"""One document for each script and each part of the page that can differ: what is rendered, compared and checked."""

from __future__ import annotations

import functools
import hashlib
import io
from typing import Any

from PIL import Image, ImageDraw

from certificates.document.payload import Issue
from certificates.document.preview import render_preview
from certificates.document.reading_copy import render_reading_copy
from certificates.document.render import render_document
from tests.certificates.document import samples

URL = f"{samples.ORIGIN}/certificates/check/?number={samples.NUMBER}&code={samples.CODE}"
ISSUE: dict[str, Any] = {
    "number": samples.NUMBER, "check_code": samples.CODE, "check_url": URL, "issued_at": samples.AT,
    "public_origin": samples.ORIGIN,
}  # fmt: skip

#: Invented names and addresses: (exporter, address, country code, country, name on the label).
NAMES: dict[str, tuple[str, str, str, str, str]] = {
    "latin": ("Cooperativa Inventada Ñandú Ltda.", "Av. Inventada 1\nJaén, Perú", "PE", "Peru", "Organic green coffee"),
    "vietnamese": (
        "Công ty TNHH Nông sản Hữu cơ Tưởng Tượng", "12 Đường Giả Định\nBuôn Ma Thuột, Đắk Lắk", "VN", "Vietnam",
        "Hồ tiêu đen hữu cơ",
    ),
    "turkish": (
        "Hayalî Kuru İncir Üreticileri Birliği", "Çınar Sokağı 5\nAydın, Türkiye", "TR", "Türkiye", "Organik kuru incir",
    ),
    "thai": ("สหกรณ์ข้าวอินทรีย์สมมุติ จำกัด", "99 ถนนสมมุติ\nสุรินทร์ ประเทศไทย", "TH", "Thailand", "ข้าวหอมมะลิอินทรีย์"),
    "arabic": ("شركة التمور العضوية الوهمية", "١٢ شارع المثال\nالمدينة، مصر", "EG", "Egypt", "تمور عضوية مجففة"),
    "chinese": ("虚构有机茶叶有限公司", "云南省普洱市示例路1号", "CN", "China", "有机绿茶 骨直角"),
    "japanese": ("架空有機茶園株式会社", "静岡県架空市茶町1-2-3", "JP", "Japan", "有機緑茶（煎茶）骨直角"),
    "korean": ("가상유기농식품 주식회사", "전라남도 가상시 예시로 12", "KR", "South Korea", "유기농 김 조미김"),
    "cyrillic": ("Кооператив «Вымышленный»", "ул. Примерная, 1\nКостанай", "KZ", "Kazakhstan", "Органический лён"),
}  # fmt: skip


def logo() -> bytes:
    """A small picture, the same on every machine: drawn uncompressed by hand, not read from a file."""
    picture = Image.new("RGB", (240, 96), "white")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((4, 4, 235, 91), outline=(22, 46, 81), width=6)
    pen.ellipse((20, 16, 84, 80), fill=(60, 130, 70))
    pen.rectangle((104, 40, 216, 56), fill=(22, 46, 81))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def snapshot_of(script: str, **changes: Any) -> dict[str, Any]:
    """A snapshot of today's schema whose names are written in ``script``, without a logo."""
    name, address, code, country, label = NAMES[script]
    values: dict[str, Any] = {
        "schema_version": 2,
        "letterhead": {"text": "", "logo_sha256": ""},
        "exporter": {"name": name, "address": address, "nop_id": "1010000011"},
        "origin": {"code": code, "name": country},
        "product": {"label_name": label, "product_name": label},
    }
    return samples.snapshot(**{**values, **changes})


def lettered() -> dict[str, Any]:
    """A snapshot with everything in its letterhead."""
    head = {"text": "Tel. +51 1 000 0000\nwww.invented.example", "logo_sha256": hashlib.sha256(logo()).hexdigest()}
    certifier = {
        "name": "Invented Certification", "code": "101", "address": "Calle 1, Lima", "country": "PE",
        "accreditation": "Accredited by USDA since 2004",
    }  # fmt: skip
    return snapshot_of("latin", letterhead=head, certifier=certifier)


def many_lots(count: int = 150) -> dict[str, Any]:
    """A snapshot whose lots fill pages."""
    lots = [{"lot": f"LOT-26-{number:04d}", "kg": "128.333"} for number in range(1, count + 1)]
    return snapshot_of("latin", lots=lots)


def unknown() -> dict[str, Any]:
    """What is known of a draft that nobody has filled in."""
    blank = samples.snapshot(
        schema_version=2, letterhead={"text": "", "logo_sha256": ""}, net_kg="", gross_kg="", standard="", lots=[],
        containers=[], invoices=[], approved_at="", approved_by="",
    )  # fmt: skip
    for part in (
        "importer",
        "recipient",
        "consignee",
        "destination",
        "origin",
        "product",
        "packages",
        "transport",
        "period",
    ):
        blank[part] = dict.fromkeys(blank[part], "")
    blank["hts"] = {"code": "", "description": "", "certified_organic": False}
    return blank


@functools.cache
def render(name: str) -> bytes:
    """The document ``name``: a script of :data:`NAMES`, or one of the others."""
    if name in NAMES:
        return render_document(snapshot_of(name), **ISSUE)
    return {
        "letterhead": lambda: render_document(lettered(), logo=logo(), **ISSUE),
        "lots": lambda: render_document(many_lots(), **ISSUE),
        "specimen": lambda: render_document(snapshot_of("latin"), specimen=True, **ISSUE),
        "schema1": lambda: render_document(samples.snapshot(), **ISSUE),
        "template1": lambda: render_document(samples.snapshot(), template="1", **ISSUE),
        "preview": lambda: render_preview(lettered(), logo=logo()),
        "preview-empty": lambda: render_preview(unknown()),
        "copy": lambda: render_reading_copy(lettered(), Issue(**ISSUE), language="es", logo=logo()),
        "copy-lots": lambda: render_reading_copy(many_lots(), Issue(**ISSUE, specimen=True), language="es"),
    }[name]()


OTHERS = (
    "letterhead", "lots", "specimen", "schema1", "template1", "preview", "preview-empty", "copy", "copy-lots"
)  # fmt: skip
ALL = (*NAMES, *OTHERS)
