"""Whether the pages of a certificate, or of a continuity document, say what its attached data say: their text, compared.

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

from certificates.document.shown import END, START, Passage, certificate_passages, weight_shown
from certificates.document.shown_continuity import continuity_passages

#: A weight as the page prints it, and a certificate's number, with all white space taken out.
_WEIGHT = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})*\.\d{3}(?=kg)")
_NUMBER = re.compile(r"(?<!\d)\d{3}-\d{10}-\d{6}(?!\d)")
_UNREADABLE = (PyPdfError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError)
#: On every page of a demonstration.
_MARK = "Demonstration:notforcustomsuse"
#: Scripts whose letters a page holds in another order or shape than the text has: compared by nobody but a reader's eyes.
_SHAPED = ("ARABIC", "HEBREW", "SYRIAC", "THAANA", "DEVANAGARI", "BENGALI", "TAMIL", "THAI", "LAO", "KHMER", "MYANMAR")


@dataclass(frozen=True)
class Comparison:
    """``differences``: what contradicts; ``not_compared``: names of facts whose script this comparison cannot read."""

    differences: tuple[str, ...] = ()
    not_compared: tuple[str, ...] = ()


def compare(pdf: bytes, content: dict[str, Any]) -> Comparison:
    """The pages of ``pdf`` against ``content``, the object in its data file. Never raises for what is in either.

    Every fact that is printed is compared in its place, with its label and with where it ends (:class:`Passage`).
    """
    try:
        text = text_of(pdf)
    except _UNREADABLE as error:
        return _not_comparable(error)
    return compare_text(text, content)


def text_of(pdf: bytes) -> str:
    """The text of all pages, without white space. Raises what the parser raises at a broken file."""
    return _squeezed("".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages))


def compare_text(text: str, content: dict[str, Any]) -> Comparison:
    """The same for pages that were read (:func:`text_of`)."""
    try:
        return _compared(text, content)
    except _UNREADABLE as error:
        return _not_comparable(error)


def _not_comparable(error: Exception) -> Comparison:
    return Comparison((f"pages and data cannot be compared ({type(error).__name__}: {error})",))


def _compared(text: str, content: dict[str, Any]) -> Comparison:
    if "data" in content:
        passages, snapshot = list(continuity_passages(content)), content["data"]["snapshot"]
        title = f"Continuity document {content['data']['reference']}"
    else:
        passages, snapshot = list(certificate_passages(content)), content["snapshot"]
        title = f"NOP Import Certificate {content['number']}"
    seen = START + _without_running_lines(text, snapshot["certifier"]["name"], title) + END
    shaped = tuple(passage.name for passage in passages if _is_shaped(passage.text))
    differences = [
        f"{passage.name}: the data say {passage.text.strip(START)!r}, the pages do not"
        for passage in passages
        if passage.name not in shaped and not _stands(passage, seen)
    ]
    if (_MARK in text) is not bool(content.get("specimen")):
        differences.append("pages and data do not agree whether this is a demonstration")
    return Comparison((*differences, *_foreign(seen, content, snapshot)), shaped)


def _without_running_lines(text: str, issuer: str, title: str) -> str:
    """Without what runs at head and foot of the pages: it would part a passage that goes on overleaf."""
    head, foot = re.escape(_squeezed(f"{issuer} {title}, continued")), re.escape(_squeezed(title))
    return re.sub(rf"(?:{head})?{foot}(?:{_MARK}\.)?Page\d+of\d+|{_MARK.upper()}", "", text)


def _stands(passage: Passage, seen: str) -> bool:
    """Whether a passage is there and followed by what has to follow it."""
    text, start = _squeezed(passage.text), 0
    follows = tuple(END if after == END else _squeezed(after) for after in passage.after)
    while (found := seen.find(text, start)) >= 0:
        if not follows or seen.startswith(follows, found + len(text)):
            return True
        start = found + 1
    return False


def _foreign(seen: str, content: dict[str, Any], snapshot: dict[str, Any]) -> Iterator[str]:
    """Weights and certificate numbers on the pages that the data do not know."""
    known = json.dumps(content, ensure_ascii=False)
    weights = {_squeezed(weight_shown(text)) for text in re.findall(r"\"(\d+\.\d{3})\"", known)}
    total = _total(snapshot["lots"])
    for weight in sorted(set(_WEIGHT.findall(seen))):
        if f"{weight}kg" not in {*weights, total}:
            yield f"the pages say {weight} kg, which is not in the data"
    for number in sorted(set(_NUMBER.findall(seen))):
        if number not in known:
            yield f"the pages say the number {number}, which is not in the data"


def _total(lots: list[dict[str, Any]]) -> str:
    try:
        return _squeezed(weight_shown(str(sum((Decimal(lot["kg"]) for lot in lots if lot["kg"]), Decimal("0.000")))))
    except InvalidOperation:
        return ""


def _squeezed(text: str) -> str:
    """Without white space and soft hyphens, in one Unicode form: lines break where they like."""
    composed = unicodedata.normalize("NFKC", text)
    return "".join(character for character in composed if not character.isspace() and character != "\N{SOFT HYPHEN}")


def _is_shaped(text: str) -> bool:
    return any(unicodedata.name(character, "").startswith(_SHAPED) for character in text)
