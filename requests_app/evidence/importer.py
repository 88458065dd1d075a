"""The importer: the firm after "importer", "sold to", "consignee"; and how alike two names of firms are."""

from __future__ import annotations

import difflib
import re

from requests_app.evidence import labels, vocabulary
from requests_app.evidence.findings import Candidate, best_first
from requests_app.evidence.text import Cell, Row, blocks

#: Labels by how surely they mean the importer of record.
_LABELS = [
    (re.compile(r"^(?:the |el |la |nuestro |our |name of (?:the )?|nombre (?:o razon social )?del? |"
        r"razon social del? |datos del? )?(?:u\.?s\.?a?\.? |american |ultimate |"
        r"final )?(?:importer(?:'?s)?(?: of record)?|importador[ae]?(?: registrado| final|"
        r" en (?:los )?(?:ee\.? ?uu\.?|estados unidos|destino))?|importing company|"
        r"empresa importadora)(?: name| de registro)?\b"), 95),
    (re.compile(r"^(?:the |el |la |name of (?:the )?|nombre (?:o razon social )?del? |"
        r"datos del? )?(?:final )?(?:buyer(?:'?s)?|comprador[ae]?|purchaser|sold to|sold for account of|"
        r"vendido a|bill(?:ed)? to|invoice(?:d)? to|facturar? a|facturado a|customer(?: name)?|clientes?|"
        r"client|for (?:the )?account (?:and risk )?of|por cuenta (?:y riesgo )?de|adquirente|applicant|"
        r"adquiriente|razon social del? (?:cliente|comprador|importador))\b"), 85),
    (re.compile(r"^(?:the |el |name of (?:the )?|nombre del? |datos del? )?(?:ultimate |final )?(?:consignee(?:'?s)?|"
        r"consignatari[oa]|consigned to|consignad[oa] a|receiver|receptor|messrs\.?|m/s\b|"
        r"senor(?:es)?(?:\(es\))?|sres\.?|destinatario)(?=\W|$)"), 75),
    (re.compile(r"^(?:to|para|a)\s*:"), 62),
    (re.compile(r"^(?:ship(?:ped)? to|deliver(?:ed)? to|delivery address|notify(?: party)?|notificar a|"
        r"parte a notificar|entregar a|enviar a)\b"), 50),
]  # fmt: skip
_SENTENCE = re.compile(
    r"\b(?:(?:the |our )?importer(?: of record)?(?: in the (?:united states|usa?|u\.s\.a?\.))?\s+(?:is|"
    r"will be|being)|(?:el |la )?importador[ae]?(?: en (?:los )?(?:estados unidos|ee\.? ?uu\.?))?\s+(?:es|"
    r"sera)|"
    r"(?:imported|bought|purchased) by|importad[oa]s? por|compradas? por|(?:sold|consigned|invoiced) to|"
    r"vendid[oa]s? a|consignad[oa]s? a|facturad[oa]s? a)\s*:?\s*"
)
_MORE = re.compile(
    r"^\s*(?:(?:is|es)\b|\((?:if|s[ií])[^)]*\)|/\s*[\w .]+?(?=:|$)|\([^)\d]*\)|name\b|nombre\b|"
    r"y direcci[oó]n|and address|& address|,? name (?:and|&) address|,? nombre y direcci[oó]n|"
    r"[-–]\s*name)*\s*[:.\-–=]?\s*",
    re.IGNORECASE,
)
#: What may be left of a label that goes on after its first words.
_REST_OF_LABEL = re.compile(
    r"(?:[/&(),.:\s-]|\b(?:full|registered|company|complete|nombre|completo|name|and|y|or|o|address|"
    r"direccion|consignee|consignatario|buyer|comprador|"
    r"importer|importador|customer|cliente|party|details|datos|of|de|del|record|registro|razon|social|en|"
    r"in|the|usa?|destino|final|u\.s\.a?)\b)*"
)
_FORM = (
    r"(?:inc(?:orporated)?|l\.?l\.?c|ltd|limited|corp(?:oration)?|co(?:mpany)?|s\.?a\.?(?:\s?c\.?|"
    r"\s?s\.?)?|gmbh|s\.?l\.?|s\.?r\.?l|b\.?v|"
    r"n\.?v|l\.?l?\.?p|plc|ltda|cooperative|coop(?:erativa)?|s\.? de r\.?l\.?(?: de c\.?v)?|"
    r"s\.?a\.? de c\.?v|pvt|pte|group|holdings|partners|ag|kg|"
    r"l\.?p)"
)
_FIRM = re.compile(rf"\b{_FORM}\b\.?", re.IGNORECASE)
_TRADE = re.compile(
    r"\b(?:imports?|importers?|foods?|traders?|trading|distribut\w+|ingredients|naturals?|organics?|"
    r"brands|supply|suppliers|industries|"
    r"enterprises|international|mills?|roast\w+|markets?|merchants|importadora|alimentos|comercial\w*|"
    r"commodities|products|farms|produce)\b",
    re.IGNORECASE,
)
_FORMS = frozenset(
    "inc incorporated llc ltd limited corp corporation co company sa sac sas srl sl slu cv de rl gmbh bv nv plc lp llp ag the"
    " ltda spa eirl pvt pte cia".split()
)
_CUT = re.compile(
    r"\s+[–—|·]\s+|\s-\s|;|\s*\((?:nop|tax|ein|importer|us |the |hereinafter)|,?\s+nop id|\s{3,}|¦|"
    r"\s+(?:address|tel|phone|ein|attn|tax id|vat|c/o|rfc|"
    r"ruc|nit|domicilio|direccion)\b\W",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"^(?:n/?a|same as|as above|idem|el mismo|to (?:the )?order|a la orden|order of|unknown|none|tbd|p\.?o\.? box|\d)\b"
)


def find(rows: list[Row]) -> tuple[Candidate, ...]:
    """Candidates for the importer's name, those labelled so before buyers, consignees and receivers."""
    found: list[Candidate] = []
    for at, row in enumerate(rows):
        for place, cell in enumerate(row.cells):
            text = vocabulary.folded(cell.text)
            for label, score in _LABELS:
                if (match := label.match(text)) and not _is_rest_of_label(rows, at, cell):
                    found += _named(rows, at, place, match.end(), score)
                    break
    texts = [(cell.text, (cell,), (0,)) for row in rows for cell in row.cells]
    for text, cells, starts in [*texts, *((block.text, block.cells, block.starts) for block in blocks(rows))]:
        for match in _SENTENCE.finditer(vocabulary.folded(text)):
            place_of = [cell for cell, start in zip(cells, starts, strict=True) if start <= match.end()]
            behind = text[match.end() - len(match.group()) + len(match.group().rstrip()) : match.end() + 120]
            # a label that has its line for itself is followed by a line that is the name
            rest = (
                behind.strip().split("\n")[0]
                if re.match(r"[\s:]*\n", behind)
                else " ".join(behind.split()).lstrip(": ")
            )
            found += _name(_as(place_of[-1], rest), 84, "named in a sentence", in_sentence=True)
    return best_first(found)


def _as(cell: Cell, text: str) -> Cell:
    return Cell(text, cell.place, cell.left, cell.right, top=cell.top, bottom=cell.bottom)


def _is_rest_of_label(rows: list[Row], at: int, cell: Cell) -> bool:
    """Whether the line above, at the same side, is a label that goes on: "Buyer /" above "Importer"."""
    above = [one for one in rows[at - 1].cells if abs(one.left - cell.left) < 4] if at else []
    return bool(above) and above[0].text.rstrip().endswith(("/", "&", " and", " y"))


def _named(rows: list[Row], at: int, place: int, end: int, score: int) -> list[Candidate]:
    cell = rows[at].cells[place]
    more = _MORE.match(cell.text[end:])
    rest = cell.text[end + (more.end() if more else 0) :]
    if rest and not _REST_OF_LABEL.fullmatch(vocabulary.folded(rest)):
        is_label = bool(re.search(r"[:.–-]\s*$", cell.text[: len(cell.text) - len(rest)]))
        line = _as(cell, rest)
        return _name(_whole(rows, at, line), score if is_label else score - 30, "after its label")
    beside = rows[at].cells[place + 1] if place + 1 < len(rows[at].cells) else None
    below = labels.under(rows, at, cell, 2.0)
    if rows[at].is_sheet and below is None and at + 1 < len(rows):
        below = next((one for one in rows[at + 1].cells if one.left == cell.left), None)
    beside = _first_line(rows, at, cell, beside) if beside else None
    first = _name(_whole(rows, at, beside), score - 1, "beside its label") if beside else []
    second = _name(_whole(rows, at, below), score - 2, "under its label") if below else []
    if first and second:
        return (
            first
            if _firmness(first[0].value) >= _firmness(second[0].value) or cell.text.rstrip().endswith(":")
            else second
        )
    return first or second


def _first_line(rows: list[Row], at: int, label: Cell, beside: Cell) -> Cell:
    """The first line of what stands beside a label that is set to the middle of several lines."""
    below = next((one for row in rows[at + 1 : at + 2] for one in row.cells if abs(one.left - beside.left) <= 3), None)
    if below is None or below.top - beside.bottom > 0.3 * beside.height or len(rows[at + 1].cells) > 1:
        return beside
    for row in (rows[at - 1 :: -1] if at else [])[:2]:
        above = next((one for one in row.cells if abs(one.left - beside.left) <= 3), None)
        if (
            above is None
            or row.sheet_of != rows[at].sheet_of
            or row.is_sheet
            or beside.top - above.bottom > 0.3 * beside.height
        ):
            break
        if any(one.overlap(label.left, label.right) > 0 for one in row.cells) or vocabulary.is_label(above.text):
            break
        beside = above
    return beside


def _firmness(name: str) -> int:
    """How much a text looks like the name of a firm."""
    return (
        3 * bool(_FIRM.search(name))
        + bool(_TRADE.search(name))
        + (name[:1].isupper())
        - 2 * bool(re.search(r"\d", name))
    )


def _whole(rows: list[Row], at: int, cell: Cell) -> Cell:
    """A name that goes on in the line below: "Prairie Organic Trading" above "Company"."""
    if len(cell.lines) > 1:
        goes_on = re.match(
            rf"(?:[A-Z][\w&'.,-]*\s+){{0,2}}{_FORM}\b", cell.lines[1], re.IGNORECASE
        ) and not _FIRM.search(cell.lines[0])
        return _as(cell, " ".join(cell.lines[:2]) if goes_on else cell.lines[0])
    if _FIRM.search(cell.text) or cell.place.sheet or "," in cell.text or re.search(r"\d", cell.text):
        return cell
    for row in rows[at + 1 : at + 6]:
        for below in row.cells:
            close = 0 < below.top - cell.top < 2.2 * cell.height and below.top - cell.bottom < 0.65 * cell.height
            if (row.sheet_of == rows[at].sheet_of and close and abs(below.left - cell.left) < 4) or (
                close and cell.left < below.left < cell.right and abs(below.left - cell.left) < 60
            ):
                match = re.match(
                    rf"((?:[A-Z][\w&'.,-]*\s+){{0,2}}{_FORM})\b\.?(?=,|$|\s*\n)", below.text, re.IGNORECASE
                )
                return _as(cell, f"{cell.text} {match.group()}") if match and len(below.text) < 45 else cell
    return cell


def _name(cell: Cell, score: int, why: str, *, in_sentence: bool = False) -> list[Candidate]:
    text = _CUT.split(cell.text)[0].strip(" ,.:*\"'“”")
    folded = vocabulary.folded(text)
    if (
        len(text) < 4
        or text.startswith("(")
        or _NOT.match(folded)
        or not re.search(r"[A-Za-z]{3}", text)
        or text.endswith(":")
    ):
        return []
    if vocabulary.is_label(text) and not _FIRM.search(text) and not _TRADE.search(text):
        return []
    head = re.match(rf"(.+?,?\s*\b{_FORM}\b\.?)(?=[,;.:)]|$|\s)", text, re.IGNORECASE)
    while head and (longer := re.match(rf"\s*,?\s*{_FORM}\b\.?", text[head.end() :], re.IGNORECASE)):
        head = re.match(re.escape(text[: head.end() + longer.end()]) + "()", text) and re.match(
            f"({re.escape(text[: head.end() + longer.end()])})", text
        )
    if head:
        name = head.group(1)
    else:
        name = (
            re.split(r",|\.\s|\s(?:on|in|at|en|con|by|under|del?)\s(?=[a-z0-9])", text)[0]
            if in_sentence
            else text.split(",")[0]
        )
        if in_sentence and not re.match(r"[A-Z]", name):
            return []
    name = name.strip(" ,;:")
    if len(name) < 3 or len(name) > 90:
        return []
    return [Candidate(name, cell.text, cell.place, score, why)]


def bare(name: str) -> str:
    """A firm's name without case, accents, punctuation and its legal form."""
    words = re.findall(r"[a-z0-9]+", re.sub(r"(?<=\b\w)\.(?=\w\b)", "", vocabulary.folded(name)).replace("&", " and "))
    return " ".join(word for word in words if word not in _FORMS) or " ".join(words)


def likeness(one: str, other: str) -> int:
    """How alike two names are, 0 to 100, the legal form left aside."""
    return round(100 * difflib.SequenceMatcher(None, bare(one), bare(other), autojunk=False).ratio())
