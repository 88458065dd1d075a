"""Whether the pages of a certificate say what its attached data say: the text of the pages, compared.

This finds a page that differs from its data, whoever signed it. It reads text as a copy-and-paste would and cannot see
what lies over it: against that stands the signature, which covers all of the file. Where the portal is at hand, the page
is made anew and compared byte for byte instead (:func:`certificates.document.verify.page_matches_data`).
"""

from __future__ import annotations

import io
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from pypdf import PdfReader
from pypdf.errors import PyPdfError

#: A weight as the page prints it, and a certificate's number, with all white space taken out.
_WEIGHT = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})*\.\d{3}(?=kg)")
_NUMBER = re.compile(r"(?<!\d)\d{3}-\d{10}-\d{6}(?!\d)")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: Scripts whose letters a page holds in another order or shape than the text has: compared by nobody but a reader's eyes.
_SHAPED = ("ARABIC", "HEBREW", "SYRIAC", "THAANA", "DEVANAGARI", "BENGALI", "TAMIL", "THAI", "LAO", "KHMER", "MYANMAR")


@dataclass(frozen=True)
class Comparison:
    """``differences``: what contradicts; ``not_compared``: names of facts whose script this comparison cannot read."""

    differences: tuple[str, ...] = ()
    not_compared: tuple[str, ...] = ()


def compare(pdf: bytes, content: dict[str, Any]) -> Comparison:
    """The pages of ``pdf`` against ``content``, the object in its data file. Never raises for what is in either."""
    try:
        text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
        facts = list(_facts(content))
    except (PyPdfError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        return Comparison((f"pages and data cannot be compared ({type(error).__name__}: {error})",))
    seen = _squeezed(text)
    shaped = tuple(name for name, values in facts if any(map(_is_shaped, values)))
    missing = [
        f"{name} {values[0]!r} of the data is not on the pages"
        for name, values in facts
        if name not in shaped and not any(_squeezed(value) in seen for value in values)
    ]
    return Comparison((*missing, *_foreign(seen, content)), shaped)


def _facts(content: dict[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Facts that the pages must show: a name, and the spellings of which one must be there. Empty facts are left out."""
    snapshot = content["snapshot"]
    code = snapshot["hts"]["code"]
    yield "number", (content["number"],)
    yield "net weight", (_weight(snapshot["net_kg"]),)
    if snapshot["gross_kg"]:
        yield "gross weight", (_weight(snapshot["gross_kg"]),)
    yield "HTS code", (code, f"{code[:4]}.{code[4:6]}.{code[6:]}")
    for name, holder, key in (
        ("product", "product", "label_name"), ("certifier", "certifier", "name"), ("exporter", "exporter", "name"),
        ("exporter's NOP ID", "exporter", "nop_id"), ("final handler", "final_handler", "name"),
        ("importer", "importer", "name"), ("importer's NOP ID", "importer", "nop_id"),
        ("recipient", "recipient", "name"), ("consignee", "consignee", "name"), ("origin", "origin", "name"),
    ):  # fmt: skip
        if snapshot[holder][key]:
            yield name, (snapshot[holder][key],)
    for end in ("start", "end"):
        yield f"{end} of the period", (_day(snapshot["period"][end]), snapshot["period"][end])
    for lot in snapshot["lots"]:
        yield f"lot {lot['lot']}", (lot["lot"],)
        if lot["kg"]:
            yield f"weight of lot {lot['lot']}", (_weight(lot["kg"]),)


def _foreign(seen: str, content: dict[str, Any]) -> Iterator[str]:
    """Weights and certificate numbers on the pages that the data do not know."""
    known = json.dumps(content, ensure_ascii=False)
    weights = {_weight(text) for text in re.findall(r"\"(\d+\.\d{3})\"", known)}
    total = _total(content["snapshot"]["lots"])
    for weight in sorted(set(_WEIGHT.findall(seen))):
        if f"{weight}kg" not in {*map(_squeezed, weights), total}:
            yield f"the pages say {weight} kg, which is not in the data"
    for number in sorted(set(_NUMBER.findall(seen))):
        if number not in known:
            yield f"the pages say the number {number}, which is not in the data"


def _total(lots: list[dict[str, Any]]) -> str:
    try:
        return _squeezed(_weight(str(sum((Decimal(lot["kg"]) for lot in lots if lot["kg"]), Decimal("0.000")))))
    except InvalidOperation:
        return ""


def _weight(text: str) -> str:
    whole, _point, thousandths = text.partition(".")
    return f"{int(whole):,}.{thousandths} kg"


def _day(text: str) -> str:
    year, month, day = (int(part) for part in text.split("-"))
    return f"{day} {_MONTHS[month - 1]} {year}"


def _squeezed(text: str) -> str:
    """Without white space and soft hyphens, in one Unicode form: lines break where they like."""
    composed = unicodedata.normalize("NFKC", text)
    return "".join(character for character in composed if not character.isspace() and character != "\N{SOFT HYPHEN}")


def _is_shaped(text: str) -> bool:
    return any(unicodedata.name(character, "").startswith(_SHAPED) for character in text)
