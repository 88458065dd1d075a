"""The importer: the firm after "importer", "sold to", "consignee"; and how alike two names of firms are."""

from __future__ import annotations

import difflib
import re

from requests_app.evidence import labels
from requests_app.evidence.findings import Candidate, best_first
from requests_app.evidence.text import Cell, Row

#: Labels by how surely they mean the importer of record.
_LABELS = [
    (re.compile(r"^(?:u\.?s\.? )?(?:importer(?: of record)?|importador(?: registrado)?)(?: name)?\b"), 95),
    (
        re.compile(r"^(?:buyer|comprador|sold to|vendido a|bill(?:ed)? to|facturar? a|facturado a|customer|cliente)\b"),
        85,
    ),
    (re.compile(r"^(?:consignee|consignatario|consigned to|consignado a|messrs\.?|senores)\b"), 75),
    (re.compile(r"^(?:ship(?:ped)? to|deliver to|destinatario|notify(?: party)?|notificar a)\b"), 55),
]
_NO_NAME = re.compile(
    r"^(?:address|direccion|name|nombre|nop\b|tax|date|fecha|invoice|factura|tel|phone|p\.?o\.? box|\d)"
    r"|^(?:exporter|exportador|seller|vendedor|shipper|embarcador|consignee|importer|buyer|comprador)\b|:$"
)
_FORMS = frozenset(
    "inc incorporated llc ltd limited corp corporation co company sa sac srl sl slu cv de rl sas gmbh bv nv plc lp llp ag the"
    " ltda spa eirl".split()
)
_MORE = re.compile(r"^\s*(?:/\s*[\w ]+?)?(?:\([^)]*\))?\s*[:.\-–]?\s*")


def find(rows: list[Row]) -> tuple[Candidate, ...]:
    """Candidates for the importer's name, those labelled so before buyers, consignees and receivers."""
    found: list[Candidate] = []
    for at, row in enumerate(rows):
        for place, cell in enumerate(row.cells):
            text = labels.folded(cell.text)
            for label, score in _LABELS:
                if match := label.search(text):
                    found += _named(rows, at, place, match.end(), score)
                    break
    return best_first(found)


def _named(rows: list[Row], at: int, place: int, end: int, score: int) -> list[Candidate]:
    cell = rows[at].cells[place]
    more = _MORE.match(cell.text[end:])
    rest = cell.text[end + (more.end() if more else 0) :]
    if rest:
        is_label = ":" in cell.text[: len(cell.text) - len(rest)]
        return _name(Cell(rest, cell.place, 0, 0), score if is_label else score - 30, "after its label")
    if cell.text.rstrip().endswith(":") or place == 0:
        following = rows[at].cells[place + 1] if place + 1 < len(rows[at].cells) else None
        if following and (found := _name(following, score - 2, "beside its label")):
            return found
    for _row, under in labels.below(rows, at, cell, labels.NEAR):
        if found := _name(under, score - 1, "under its label"):
            return found
    return []


def _name(cell: Cell, score: int, why: str) -> list[Candidate]:
    text = re.split(r"\s+[–|·]\s+|;|\s*\((?:NOP|Tax|EIN|importer)|,?\s+NOP ID|\s{2,}", cell.text)[0].strip(" ,")
    if len(text) < 4 or _NO_NAME.search(labels.folded(text)) or not re.search(r"[A-Za-z]{3}", text):
        return []
    head = re.match(r"(.+?\b(?:Inc|LLC|Ltd|Corp|Co|S\.A|GmbH|S\.L|L\.L\.C|B\.V)\b\.?)(?=,|$)", text)
    if not head and "," in text:
        text = text.split(",")[0]
    return [Candidate(head.group(1) if head else text, cell.text, cell.place, score, why)]


def bare(name: str) -> str:
    """A firm's name without case, accents, punctuation and its legal form."""
    words = re.findall(r"[a-z0-9]+", re.sub(r"(?<=\b\w)\.(?=\w\b)", "", labels.folded(name)).replace("&", " and "))
    return " ".join(word for word in words if word not in _FORMS) or " ".join(words)


def likeness(one: str, other: str) -> int:
    """How alike two names are, 0 to 100, the legal form left aside."""
    return round(100 * difflib.SequenceMatcher(None, bare(one), bare(other), autojunk=False).ratio())
