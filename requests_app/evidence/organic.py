""" "Organic", as said of the goods: not of a firm, a programme, a certificate's number or an address, and not denied."""

from __future__ import annotations

import re

from requests_app.evidence import labels, vocabulary
from requests_app.evidence.findings import Candidate, best_first
from requests_app.evidence.text import Row

_WORD = re.compile(r"\b(?:organic(?:ally)?|organic[oa]s?|ecologic[oa]s?|biologic[oa]s?|bio|oko|agroecologic[oa]s?)\b")
_FORM = (
    r"(?:inc|llc|l\.l\.c|ltd|limited|corp|corporation|gmbh|s\.?a\.?(?:\s?c\.?|\s?s\.?)?|s\.?r\.?l|s\.?l|"
    r"cooperativa|coop|cooperative|company|co|"
    r"b\.?v|plc|ltda|pvt|group|traders?|trading|importers|exporters)"
)
#: "Organic" in the name of a firm: capitals up to its legal form, or from it.
_BEHIND_NAME = re.compile(rf"^(?:[,&]?\s+(?:&|and|y|de|del|[A-ZÁÉÍÓÚÑ][\w'-]*)){{0,3}},?\s+(?i:{_FORM})\b\.?")
_ELSE = re.compile(
    r"national organic|organic (?:program|import|certif|control|system|operat|integrity|foods? act|regulation|fertili|inputs?|"
    r"solvent|matter|farmers|growers|standard|crop improvement|agency|inspect|id\b|no\.|#|handler|producer|status\W|\?)|"
    r"program\w* (?:nacional )?(?:de )?organic|certifi\w+ (?:de )?(?:organic|ecologic)[oa]s? (?:no\b|"
    r"n[°º]|nro|number|id)|materia organica|"
    r"abono organic|operacion organic|organicos? id|norma\w* (?:de produccion )?(?:organic|ecologic)|@|"
    r"www\.|https?:|\.com\b|\.org\b|\.example\b"
)
_DENIED = re.compile(
    r"\b(?:non|not|no|sin|isn't|aren't|neither|nor|ni|never|in transition to|transition(?:al)? to|"
    r"en transicion a)\b[\s-]+(?:\w+[\s-]+){0,3}$|\bnon-?$"
)
_NO_BEHIND = re.compile(
    r"^\W{0,4}(?:certified|status|product)?\W{0,3}\b(?:no|none|n/a|false)\b(?!\.|\s*[:#\d])|"
    r"^\W{0,3}(?:in transition|en transicion)"
)
_PARTY = re.compile(
    r"^(?:exporter|exportador|seller|vendedor|shipper|embarcador|supplier|proveedor|importer|importador|"
    r"buyer|comprador|consignee|"
    r"consignatario|sold to|vendido a|bill to|ship to|notify|notificar|cliente|customer|certifi(?:er|"
    r"ed by|cador)|producer|productor|manufacturer|messrs|senores|remitente)"
)


def find(rows: list[Row]) -> tuple[Candidate, ...]:
    """Places where the goods are called organic."""
    found: list[Candidate] = []
    names = _names(rows)
    for row in rows:
        for cell in row.cells:
            text = vocabulary.folded(cell.text)
            for match in _WORD.finditer(text):
                before, behind = text[: match.start()], text[match.end() :]
                around = text[max(0, match.start() - 26) : match.end() + 18]
                if _ELSE.search(around) or _DENIED.search(before) or _NO_BEHIND.match(behind):
                    continue
                if _is_a_name(cell.text, match) or any(_within(text, match, name) for name in names):
                    continue
                found.append(Candidate("true", cell.text, cell.place, 80, "said of the goods"))
                break
    return best_first(found)


def _is_a_name(text: str, match: re.Match[str]) -> bool:
    """Whether the word is part of a firm's name, as capitals and the legal form show."""
    word = text[match.start() : match.end()]
    return word[:1].isupper() and bool(_BEHIND_NAME.match(text[match.end() :]))


def _names(rows: list[Row]) -> list[str]:
    """Names of parties that have the word in them, as they stand behind or under the party's label."""
    found: list[str] = []
    for at, row in enumerate(rows):
        for place, cell in enumerate(row.cells):
            text = vocabulary.folded(cell.text)
            if not (match := _PARTY.match(text)):
                continue
            rest = text[match.end() :].lstrip("a-z .:/")
            said = [text.split(":", 1)[1]] if ":" in text and text.split(":", 1)[1].strip() else []
            beside = [vocabulary.folded(row.cells[place + 1].text)] if place + 1 < len(row.cells) else []
            below = labels.under(rows, at, cell)
            under = [vocabulary.folded(below.text)] if below is not None and not vocabulary.is_label(below.text) else []
            found += [
                one.split(",")[0].strip() for one in (*said, *beside, *under) if _WORD.search(one) and len(one) < 90
            ]
            found += [rest.strip()] if _WORD.search(rest) and len(rest) < 60 else []
    return [name for name in found if len(name) > 8]


def _within(text: str, match: re.Match[str], name: str) -> bool:
    at = text.find(name)
    while at >= 0:
        if at <= match.start() and match.end() <= at + len(name):
            return True
        at = text.find(name, at + 1)
    return False
