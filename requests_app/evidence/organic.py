""" "Organic", as said of the goods: not of a firm, a programme, a certificate's number or an address, and not denied."""

from __future__ import annotations

import re

from requests_app.evidence import labels
from requests_app.evidence.findings import Candidate, best_first
from requests_app.evidence.text import Row

_WORD = re.compile(r"\b(?:organic(?:ally)?|organic[oa]s?|ecologic[oa]s?|biologic[oa]s?|bio|oko)\b")
_FIRM = re.compile(
    r"\b(?:inc|llc|ltd|corp|gmbh|s\.?a\.?(?:c\.?)?|s\.?r\.?l|s\.?l\.?|cooperativa|coop|company|b\.v|plc|ltda)\b"
)
_ELSE = re.compile(
    r"national organic|organic (?:program|import|certif|control|system|operat|integrity|foods? act|regulation|fertili|inputs?|"
    r"solvent|matter|trad|imports?|exports?|farmers|growers|standard)|program\w* (?:nacional )?organic|certifi\w+ (?:organic|"
    r"ecologic)[oa]s? (?:no|n[°º]|number|id)|materia organica|abono organic|operacion organic|organic(?:os)? id|"
    r"norma\w* (?:organic|ecologic)|@|www\.|https?:|\.com\b"
)
_DENIED = re.compile(r"\b(?:non|not|no|sin|isn't|conventional|convencional)\b[\s-]+(?:\w+[\s-]+){0,2}$|\bnon-?$")
_PARTY = re.compile(
    r"^(?:exporter|exportador|seller|vendedor|shipper|supplier|proveedor|importer|importador|buyer|comprador|consignee|"
    r"consignatario|sold to|vendido a|bill to|notify|cliente|customer|certif)\b"
)


def find(rows: list[Row]) -> tuple[Candidate, ...]:
    """Places where the goods are called organic."""
    found: list[Candidate] = []
    parties = False
    for row in rows:
        for cell in row.cells:
            text = labels.folded(cell.text)
            was_label, parties = parties, bool(_PARTY.search(text)) and len(text) < 30
            for match in _WORD.finditer(text):
                around = text[max(0, match.start() - 26) : match.end() + 18]
                if _FIRM.search(text) or _PARTY.search(text) or was_label or _ELSE.search(around):
                    continue
                if _DENIED.search(text[: match.start()]):
                    continue
                found.append(Candidate("true", cell.text, cell.place, 80, "said of the goods"))
                break
    return best_first(found)
