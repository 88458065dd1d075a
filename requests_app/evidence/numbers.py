"""Numbers as people print them: thousands by comma, point, space or apostrophe, decimals by the other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal

NUMBER = r"\d{1,3}(?:[ \u00a0\u202f'’]\d{3})+(?:[.,]\d+)?(?!\d)|\d+(?:[.,]\d+)*"
_SURE = re.compile(r"(?<![\d.,/-])\d{1,3}(?:([.,])\d{3})*([.,])(\d+)(?![\d.,/-])")


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


def readings(text: str, mark: str = "") -> list[Decimal]:
    """The numbers that ``text`` may print, the likelier one first; none where it is no number.

    One separator before exactly three digits (18,000) can be read in two ways: ``mark``, the document's decimal mark, decides
    which is the likelier; where that is unknown, thousands.
    """
    plain = re.sub(r"[ \u00a0\u202f'’]", "", text)
    if not re.fullmatch(r"\d+(?:[.,]\d+)*", plain):
        return []
    marks = re.findall(r"[.,]", plain)
    if len(set(marks)) == 2:
        is_whole = marks[:-1].count(marks[-1]) == 0
        return [_with(plain, marks[-1])] if is_whole else []
    if not marks:
        return [Decimal(plain)]
    if len(marks) > 1:
        is_whole = all(len(group) == 3 for group in re.split(r"[.,]", plain)[1:])
        return [_with(plain, "")] if is_whole else []
    tail = plain.rsplit(marks[0], 1)[1]
    if len(tail) != 3 or plain.startswith("0") or plain != text.strip() or len(plain) > 7:
        return [_with(plain, marks[0])]
    both = [_with(plain, ""), _with(plain, marks[0])]
    return both[::-1] if marks[0] == mark else both


def _with(plain: str, mark: str) -> Decimal:
    kept = "".join("." if letter == mark else letter for letter in plain if letter.isdigit() or letter == mark)
    return Decimal(kept)
