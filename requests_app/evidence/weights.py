"""Net weight: a labelled figure with its unit, a column of figures with its total, or "18,000 kg net"."""

from __future__ import annotations

import re
from decimal import Decimal

from core.units import KILOGRAMS_PER_UNIT, MAX_KG, round_kg
from requests_app.evidence import labels
from requests_app.evidence.findings import Candidate, best_first
from requests_app.evidence.numbers import NUMBER, parse
from requests_app.evidence.text import Cell, Row

_UNITS: list[tuple[str, Decimal]] = [
    (r"short tons?|toneladas? cortas?|us tons?|\bstn\b", KILOGRAMS_PER_UNIT["STN"]),
    (r"metric tons?|metric tonnes?|toneladas? metricas?|tonnes?|toneladas?|tons?\b|\btne\b|\bm\.?t\.?m?\.?s?\b|\bt\.?m\.?\b"
     r"|\bton\b|\bt\b", KILOGRAMS_PER_UNIT["TNE"]),
    (r"kilogramo?s?|kilograms?|kilos?|kgs?\b\.?|\bkgm\b", Decimal(1)),
    (r"pounds?|libras?|\blbs?\b\.?|\blbr\b", KILOGRAMS_PER_UNIT["LBR"]),
    (r"quintal(?:es)? metricos?|metric quintals?|quintals?|quintales", Decimal(100)),
    (r"\bqqs?\b", Decimal(46)),
]  # fmt: skip
_UNIT = "|".join(f"(?P<u{place}>{pattern})" for place, (pattern, _kg) in enumerate(_UNITS))
_MEASURE = re.compile(rf"(?P<n>(?<![\w.,])(?:{NUMBER}))\s*(?:{_UNIT})")
_ONLY_UNIT = re.compile(_UNIT)
_NET = re.compile(
    r"(?:total )?(?:net(?:to)? ?(?:weight|wt|mass|quantity|qty|kgs?|lbs?|kilos)\b\.?|(?:weight|peso|masa|kilos|cantidad)"
    r" net[oa]s?(?:\s?total)?|n\.\s?w\.(?:t\.)?|\bnet\b|\bneto\b|\bp\. ?neto\b)"
)
_GROSS = re.compile(r"\bgross\b|\bbrut[oa]\b|\btare?a?\b|\bg\.\s?w\.")
_EACH = re.compile(
    r"\b(per|each|every|por|cada|c/u|unit|unitario)\b.{0,12}|\b(bags?|sacos?|cartons?|cajas?) (of|de)\b|"
    r"/\s?(bag|saco|carton|caja)\b"
)
_MONEY = re.compile(r"\b(price|precio|value|valor|amount|importe|usd|eur)\b|\$|€|\bdays?\b|\bdias?\b")


def find(rows: list[Row], mark: str) -> tuple[Candidate, ...]:
    """Candidates in kilograms. Gross weights, tares, weights of one bag and prices are left out."""
    found: list[Candidate] = []
    for at, row in enumerate(rows):
        for place, cell in enumerate(row.cells):
            text = labels.folded(cell.text)
            found += _beside(text, cell, mark)
            match = _NET.search(text)
            if not match or _is_of_one(text) or _MONEY.search(text):
                continue
            if _GROSS.search(text[: match.end()]):
                continue
            found += _labelled(rows, at, place, match.end(), mark)
    return best_first(found)


def _is_of_one(text: str) -> bool:
    return bool(_EACH.search(text))


def _labelled(rows: list[Row], at: int, place: int, end: int, mark: str) -> list[Candidate]:
    row = rows[at]
    cell = row.cells[place]
    label = labels.folded(cell.text)
    unit = _unit_of(label[end:]) or _unit_of(label)
    rest = label[end:]
    said = _measure(rest, cell, unit, mark, in_label=True)
    total = 4 if labels.TOTAL.search(label) else 0
    if said is not None:
        return [_candidate(said, cell, 90 + total, "a figure after its label")]
    if not re.search(r"\d", rest) and place + 1 < len(row.cells):
        following = row.cells[place + 1]
        beside = labels.folded(following.text)
        value = None if _GROSS.search(beside) else _measure(beside, following, unit or _unit_beyond(row, place), mark)
        if value is not None:
            return [_candidate(value, following, 88 + total, "the figure beside its label")]
    return _column(rows, at, cell, unit, mark)


def _unit_beyond(row: Row, place: int) -> Decimal | None:
    """A unit that stands in a cell of its own after the figure."""
    if place + 2 < len(row.cells) and len(row.cells[place + 2].text) < 14:
        return _unit_of(labels.folded(row.cells[place + 2].text))
    return None


def _column(rows: list[Row], at: int, head: Cell, unit: Decimal | None, mark: str) -> list[Candidate]:
    """The total of a column; where none is printed, the only figure, or the sum of the figures."""
    figures: list[tuple[Decimal, Cell]] = []
    gap = 0
    for row in rows[at + 1 : at + 1 + labels.DEPTH]:
        if row.sheet_of != rows[at].sheet_of or gap > 2:
            break
        cell = next((one for one in row.cells if one.is_under(head)), None)
        value = _measure(labels.folded(cell.text), cell, unit, mark) if cell else None
        if cell is None or value is None:
            gap += 1
            continue
        if labels.TOTAL.search(labels.folded(row.text)):
            return [_candidate(value, cell, 86, "the total of the column of net weights")]
        gap = 0
        figures.append((value, cell))
    if not figures:
        return []
    if len(figures) > 2 and figures[-1][0] == sum((value for value, _cell in figures[:-1]), Decimal(0)):
        return [
            _candidate(figures[-1][0], figures[-1][1], 84, "the last figure of the column is the sum of the others")
        ]
    total = sum((value for value, _cell in figures), Decimal(0))
    why = "the sum of the column of net weights" if len(figures) > 1 else "the figure under its label"
    return [_candidate(total, figures[0][1], 70 if len(figures) > 1 else 82, why)]


def _beside(text: str, cell: Cell, mark: str) -> list[Candidate]:
    """ "18,000 kg net"."""
    found = []
    for match in _MEASURE.finditer(text):
        behind = text[match.end() : match.end() + 16]
        if re.match(r"\s*(\(?net\b|\(?netos?\b|de peso neto)", behind) and not _is_of_one(text):
            value = _kilograms(match, mark)
            if value is not None:
                found.append(_candidate(value, cell, 85, 'a figure followed by "net"'))
    return found


def _unit_of(text: str) -> Decimal | None:
    match = _ONLY_UNIT.search(text)
    return _UNITS[_which(match)][1] if match else None


def _which(match: re.Match[str]) -> int:
    return next(place for place in range(len(_UNITS)) if match.group(f"u{place}"))


def _kilograms(match: re.Match[str], mark: str) -> Decimal | None:
    rate = _UNITS[_which(match)][1]
    value = parse(match.group("n"), mark, large=rate < 500)
    return _fit(value * rate) if value is not None else None


def _fit(value: Decimal) -> Decimal | None:
    return round_kg(value) if 0 < value < MAX_KG else None


def _measure(text: str, cell: Cell, unit: Decimal | None, mark: str, *, in_label: bool = False) -> Decimal | None:
    """Kilograms of the figure in ``text``; a figure without a unit takes its label's. None: there is no such figure."""
    all_measures = list(_MEASURE.finditer(text))
    match = next(
        (one for one in all_measures if _UNITS[_which(one)][1] == 1), all_measures[0] if all_measures else None
    )
    if match:
        return _kilograms(match, mark)
    bare = re.search(rf"(?<![\w.,])(?:{NUMBER})(?![\w%])", text)
    if not bare or (not in_label and not re.fullmatch(rf"\W*(?:{NUMBER})\W*", text)):
        return None
    if unit is None:
        return None
    value = Decimal(text) if cell.is_number else parse(bare.group(), mark, large=unit < 500)
    return _fit(value * unit) if value is not None else None


def _candidate(value: Decimal, cell: Cell, score: int, why: str) -> Candidate:
    return Candidate(f"{value:f}", cell.text, cell.place, score, why)
