"""Figures with a unit of mass, in kilograms; what makes a figure the weight of one bag, or an amount of money."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

from core.units import GRAM, KILOGRAMS_PER_UNIT, MAX_KG, round_kg
from requests_app.evidence import vocabulary
from requests_app.evidence.numbers import NUMBER, readings

POUND, TON, SHORT_TON = (KILOGRAMS_PER_UNIT[unit] for unit in ("LBR", "TNE", "STN"))
_TONS = (
    r"metric[ -]?(?:tons?|tonnes?)\b|toneladas? metricas?\b|tonnes?\b|toneladas?\b|tonelaje\b|\bm/?\.?tons?\b|tons?\b|\btne\b"
    r"|\bm\.?/?t\.?s?\b\.?|\bt\.?m\.?\b\.?|\btms?\b|\bt\b(?!\.?\s?\w)"
)
#: Units as they are printed (without accents, lower case), and their kilograms. 0: the paper itself has to say it.
_UNITS: list[tuple[str, Decimal]] = [
    (r"short[ -]tons?\b|toneladas? cortas?\b|(?:us|u\.s\.) (?:short )?tons?\b|s/tons?\b|\bs/t\b|\bstn\b|\bsht\b", SHORT_TON),
    (r"long[ -]tons?\b|toneladas? largas?\b", Decimal("1016.0469088")),
    (_TONS, TON),
    (r"quintal(?:es)? metricos?\b|metric quintals?\b|\bdz\b", Decimal(100)),
    (r"quintal(?:es|s)?\b|\bqqs?\b\.?", Decimal(0)),
    (r"hundredweights?\b|\bcwts?\b", 100 * POUND),
    (r"kilogra?m(?:me|o)?s?\b|kilos?\b|\bkgs?\b\.?|\bkgm\b|\bk\.g\.?s?\.?|\bkgrs?\b\.?|\bkls?\b\.?|\bkq\b", Decimal(1)),
    (r"pounds?\b|libras?\b|\blbs?\b\.?|\blbr\b|\bibs?\b\.?|\b1bs?\b", POUND),
]  # fmt: skip
_ANY_UNIT = "|".join(f"(?P<u{place}>{pattern})" for place, (pattern, _kg) in enumerate(_UNITS))
_UNIT = re.compile(_ANY_UNIT)
_WITH_UNIT = re.compile(rf"(?P<n>(?<![\w.,/])(?:{NUMBER}))\s*\(?\s*(?:{_ANY_UNIT})")
_UNIT_FIRST = re.compile(rf"(?:{_ANY_UNIT})\s*[:=]?\s*(?P<n>(?<![\w.,/-])(?:{NUMBER}))(?![\w%/-]|[.,]\d)")
_BARE = re.compile(rf"(?P<n>(?<![\w.,/-])(?:{NUMBER}))(?![\w%/-]|[.,]\d)")

PACKAGE = (
    r"(?:paper |poly(?:propylene)? |jute |kraft |pp |big |jumbo |multiwall |woven |vacuum |cardboard |"
    r"plastic |steel |used |new )*"
    r"(?:bags?|sacks?|sacos?|bolsas?|cartons?|ctns?|cases?|cajas?|boxes|box|totes?|super ?sacks?|drums?|tambor(?:es)?|barrels?|"
    r"barriles?|bales?|fardos?|bultos?|packages?|pkgs?|pieces|units?|unidad(?:es)?|costales?|fibcs?|"
    r"pails?|cubetas?|tins?|latas?|"
    r"pallets?|bins?|crates?|jabas?|lugs?|pouches|envases?|bidones|bidon|cans?)"
)
_EACH_BEFORE = re.compile(
    rf"(?:{PACKAGE}\s*(?:\([^)]*\)\s*)?(?:of|de|x|×|@|a|con|at|containing|by|por|in)|\d\s*(?:x|×|@|\*)|"
    rf"\b(?:each|cada|c/u|una?)(?: \w+)?(?: of| de)?|@|×|\bx)\s*$"
)
_EACH_BEHIND = re.compile(
    rf"^\W{{0,3}}(?:(?:net|nett|netos?|gross|brutos?|nominal)\W{{1,2}})?(?:each\b|per\b|c/u|cada\b|por\b|"
    rf"apiece|/\s*{PACKAGE}|(?!net){PACKAGE}\b)"
)
_MONEY = re.compile(r"(?:\$|usd|eur|€)\s*$")


@dataclasses.dataclass(frozen=True, slots=True)
class Figure:
    """A weight that is printed: where, its kilograms in every reading (the likelier first), and by what it is rounded.

    ``rate`` 0 is a quintal that the paper does not explain; ``is_bare``: a number whose unit comes from its label.
    """

    start: int
    end: int
    kilograms: tuple[Decimal, ...]
    within: Decimal
    rate: Decimal
    is_each: bool = False
    is_bare: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Scale:
    """What a whole document says of its units and numbers: its decimal mark, its only unit (else None), and its quintal."""

    mark: str = ""
    unit: Decimal | None = None
    quintal: Decimal = Decimal(0)

    def figures(self, text: str) -> list[Figure]:
        """The figures with units in ``text``, from left to right."""
        found: list[Figure] = []
        for pattern in (_WITH_UNIT, _UNIT_FIRST):
            for match in pattern.finditer(text):
                start, end = match.span("n") if pattern is _UNIT_FIRST else match.span()
                if any(start < one.end and one.start < end for one in found) or _MONEY.search(text[:start][-6:]):
                    continue
                figure = self._figure(text, match, start, end)
                if figure is not None:
                    found.append(figure)
        return sorted(found, key=lambda one: one.start)

    def bare(self, text: str, unit: Decimal, *, is_number: bool = False) -> Figure | None:
        """The figure without a unit that ``text`` is, or None."""
        match = _BARE.fullmatch(text.strip().rstrip(".*"))
        return self.sized(match.group("n"), unit, (0, len(text)), is_number=is_number) if match else None

    def sized(self, number: str, rate: Decimal, span: tuple[int, int], *, is_number: bool = False) -> Figure | None:
        """A number as a figure of a unit."""
        values = [Decimal(number)] if is_number else readings(number, self.mark)
        rates = [rate] if rate else [self.quintal] if self.quintal else [100 * POUND, Decimal(46), Decimal(100)]
        sized = [(value, value * each) for each in rates for value in values if 0 < value * each < MAX_KG]
        if not sized:
            return None
        if len(values) > 1:
            sized.sort(key=lambda one: _is_odd(one[1]))
        last = Decimal(1).scaleb(int(sized[0][0].as_tuple().exponent)) * rates[0] / 2
        metric = rates[0] in (1, 100, 1000)
        within = GRAM if is_number else min(last, Decimal("0.5") if metric else sized[0][1] / 1000)
        return Figure(
            *span, tuple(round_kg(kilograms) for _value, kilograms in sized), within, rate or self.quintal, is_bare=True
        )

    def _figure(self, text: str, match: re.Match[str], start: int, end: int) -> Figure | None:
        rate = rate_of(match)
        sized = self.sized(match.group("n"), rate, (start, end))
        if sized is None:
            return None
        is_each = bool(_EACH_BEFORE.search(text[:start][-40:])) or bool(_EACH_BEHIND.match(text[end : end + 40]))
        return dataclasses.replace(sized, is_each=is_each, is_bare=False)


def _is_odd(kilograms: Decimal) -> bool:
    """Whether a shipment of so much is unlikely: where a number can be read in two ways, the other reading comes first."""
    return not 100 <= kilograms <= 500_000


def rate_of(match: re.Match[str]) -> Decimal:
    """Kilograms of the unit that was matched."""
    return _UNITS[next(place for place in range(len(_UNITS)) if match.group(f"u{place}"))][1]


def unit_of(text: str) -> Decimal | None:
    """Kilograms of the first unit in a text that is a label; of two, kilograms if they are one of them. None: there is none."""
    inside = re.search(r"\(([^)]*)\)", text)
    rates = [rate_of(match) for match in _UNIT.finditer(inside.group(1))] if inside else []
    rates = rates or [rate_of(match) for match in _UNIT.finditer(text)]
    return Decimal(1) if Decimal(1) in rates else rates[0] if rates else None


def units_in(text: str) -> Iterator[Decimal]:
    """All units in a text."""
    return (rate_of(match) for match in _UNIT.finditer(text))


_NEAR_UNIT = re.compile(rf"(?:\d\s*\(?|\(|\b(?:in|en|net|gross|neto|bruto|weight|peso)\s*)(?:{_ANY_UNIT})")
_QUINTAL = re.compile(
    r"(?:quintal(?:es|s)?|\bqqs?)\b[^\d\n¦]{0,25}\(?\s*(?:=|de|of|x|@)?\s*(\d{2,3}(?:[.,]\d+)?)\s*(kg|kilo|lb|libra|pound)"
)


def scale_of(texts: Iterable[str], mark: str) -> Scale:
    """The scale of a document whose pieces of text these are."""
    units: set[Decimal] = set()
    quintal = Decimal(0)
    for text in texts:
        plain = vocabulary.folded(text)
        units |= {rate_of(match) for match in _NEAR_UNIT.finditer(plain)}
        if said := _QUINTAL.search(plain):
            values = readings(said.group(1))
            quintal = values[-1] * (1 if said.group(2).startswith("k") else POUND) if values else quintal
    return Scale(mark, units.pop() if len(units) == 1 else None, round_kg(quintal))
