"""Whether a document says what a request says: a known value, looked for among what was read.

A value that is found was printed there; nobody has vouched for it. One that is not found may be there all the same, in
words that the rules do not know, or badly read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from core.units import GRAM
from requests_app.evidence import vocabulary
from requests_app.evidence.findings import Candidate, Evidence
from requests_app.evidence.importer import bare, likeness

#: Two names of firms from this likeness on (0 to 100) are taken for one.
ALIKE = 86
#: A code so long that it does not stand in a document by chance, label or not.
_TELLING = 5
_LOT_WORD = re.compile(r"^(?:lots?|lotes?|batch|partida)(?:no|num|nro)?(?=[\W_]|\d)[\s.:#_-]*", re.IGNORECASE)

FIELDS = ("net_weight_kg", "lots", "invoice_number", "importer", "organic")


def find_value(evidence: Evidence, field: str, expected: str | Decimal) -> Candidate | None:
    """The candidate of ``field`` (one of ``FIELDS``) that says ``expected``, the best one; None where there is none.

    A weight: kilograms, equal to a gram or to the last digit that the document prints. "lots": one lot; call it for each.
    "organic": any mention, whatever is expected. A lot, an invoice's number and a name are also looked for without a label,
    if they are long enough not to stand there by chance. Raises ``ValueError`` for another field.
    """
    if field not in FIELDS:
        raise ValueError(f"unknown field {field!r}: use one of {', '.join(FIELDS)}")
    candidates: tuple[Candidate, ...] = getattr(evidence, field)
    if field == "organic":
        return candidates[0] if candidates else None
    if field == "net_weight_kg":
        kilograms = Decimal(expected)
        return next((one for one in candidates if _weighs(one, kilograms)), None)
    text = str(expected)
    if field == "importer":
        best = max(candidates, key=lambda one: (likeness(one.value, text), one.score), default=None)
        if best is not None and likeness(best.value, text) >= ALIKE:
            return best
        return _anywhere(evidence, lambda cell: _names(cell, text))
    same = same_lot if field == "lots" else same_invoice_number
    found = next((one for one in candidates if same(one.value, text)), None)
    if found is not None or len(key_of(text)) < _TELLING or not re.search(r"\d", text):
        return found
    return _anywhere(evidence, lambda cell: any(same(word, text) for word in cell.split()))


#: From this score on a candidate is stated when nobody has said what to look for.
SURE = 60


def stated(evidence: Evidence, field: str) -> tuple[Candidate, ...]:
    """What the document says of ``field`` as far as that is sure: all lots, else the best candidate; empty where unsure."""
    candidates: tuple[Candidate, ...] = getattr(evidence, field)
    sure = tuple(one for one in candidates if one.score >= SURE)
    return sure if field == "lots" else sure[:1]


def is_right(field: str, candidate: Candidate, known: object) -> bool:
    """Whether a candidate says ``known``, the true value of its field (of lots: one of them)."""
    if field == "organic":
        return bool(known)
    if field == "lots":
        return any(same_lot(candidate.value, str(lot)) for lot in known) if isinstance(known, list) else False
    if known is None:
        return False
    if field == "net_weight_kg":
        return _weighs(candidate, Decimal(str(known)))
    if field == "importer":
        return likeness(candidate.value, str(known)) >= ALIKE
    return same_invoice_number(candidate.value, str(known))


def _weighs(candidate: Candidate, kilograms: Decimal) -> bool:
    return abs(candidate.kilograms - kilograms) <= max(candidate.within, GRAM)


def key_of(code: str) -> str:
    """A code without what people add or leave out: case, accents, punctuation, leading zeros of its figures."""
    groups: list[str] = re.findall(r"[a-z]+|\d+", vocabulary.folded(code))
    return "".join(group.lstrip("0") or "0" if group.isdigit() else group for group in groups)


def same_invoice_number(one: str, other: str) -> bool:
    """Whether two numbers of invoices are one: F001-00001234 is f001-1234."""
    return bool(key_of(one)) and key_of(one) == key_of(other)


def same_lot(one: str, other: str) -> bool:
    """Whether two lots are one; the word "lot" in front of a code does not count."""
    return bool(key_of(one)) and key_of(_LOT_WORD.sub("", one)) == key_of(_LOT_WORD.sub("", other))


def _names(text: str, name: str) -> bool:
    """Whether the whole ``name`` of a firm stands in ``text``, or ``text`` is nearly it."""
    wanted = bare(name)
    return len(wanted) >= _TELLING and (f" {wanted} " in f" {bare(text)} " or likeness(text, name) >= ALIKE + 4)


def _anywhere(evidence: Evidence, says: Callable[[str], bool]) -> Candidate | None:
    for row in evidence.rows:
        for cell in row.cells:
            if says(cell.text):
                return Candidate(
                    cell.text, cell.text, cell.place, 30, "printed in the document, without a label of its own"
                )
    return None
