"""Numbers as people print them: thousands by comma, point, space or apostrophe, decimals by the other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

NUMBER = r"\d{1,3}(?:[ \u00a0\u202f'’]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)*"
_SURE = re.compile(r"(?<![\d.,])\d{1,3}(?:([.,])\d{3})*([.,])(\d+)(?![\d.,])")


def decimal_mark(texts: Iterable[str]) -> str:
    """The decimal mark a document uses where its numbers leave no doubt (1.234,56 or 12,50); "" where they do not tell."""
    votes: Counter[str] = Counter()
    for text in texts:
        for match in _SURE.finditer(text):
            thousands, last, digits = match.groups()
            if thousands and thousands != last:
                votes[last] += 3
            elif thousands == last and len(digits) == 3:
                votes["." if last == "," else ","] += 3
            elif len(digits) == 2 and not thousands:
                votes[last] += 1
    first = votes.most_common(2)
    if not first or (len(first) == 2 and first[0][1] == first[1][1]):
        return ""
    return first[0][0]


def parse(text: str, mark: str = "", *, large: bool = True) -> Decimal | None:
    """The number that ``text`` prints, None where it is none.

    ``mark`` is the document's decimal mark. One separator before exactly three digits (18,000) is read by ``mark``; where that
    is unknown as thousands if ``large`` (kilograms, pounds), else as decimals (tons).
    """
    plain = re.sub(r"[ \u00a0\u202f'’]", "", text)
    if not re.fullmatch(r"\d+(?:[.,]\d+)*", plain):
        return None
    marks = re.findall(r"[.,]", plain)
    if not marks:
        return Decimal(plain)
    if len(set(marks)) == 2:
        if marks[:-1].count(marks[-1]):
            return None
        return _with(plain, marks[-1])
    tail = plain.rsplit(marks[0], 1)[1]
    if len(marks) > 1:
        return _with(plain, "")
    if len(tail) != 3 or plain.startswith("0") or plain != text.strip() or len(plain) > 7:
        return _with(plain, marks[0])
    decimals = marks[0] == mark if mark else not large
    return _with(plain, marks[0] if decimals else "")


def _with(plain: str, mark: str) -> Decimal:
    kept = "".join("." if letter == mark else letter for letter in plain if letter.isdigit() or letter == mark)
    return Decimal(kept)
