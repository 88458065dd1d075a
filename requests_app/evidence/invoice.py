"""The invoice's number."""

from __future__ import annotations

import re

from requests_app.evidence import labels, vocabulary
from requests_app.evidence.findings import Candidate, best_first
from requests_app.evidence.text import ACROSS, Joined, Row, blocks, joined

_MARK = (
    r"(?:numbers?\b|numero\b|nos?\b\.?|num\b\.?|nro\b\.?|n[°ºª]\.?|n\.[°ºo]|nr\b\.?|#|ref(?:erence|"
    r"erencia)?\b\.?|id\b|code\b|folio\b|serie\b)"
)
_NUMBER = r"(?:numbers?\b|numero\b|nos?\b\.?|num\b\.?|nro\b\.?|n[°ºª]\.?|nr\b\.?)"
_KIND = (
    r"(?:\s*(?:comercial|commercial|electronica|de exportacion|de venta|export|sales|tax|proforma|"
    r"pro-forma|fiscal|exportacion|de exp\.?))"
)
_DATED = r"(?:\s*(?:/|&|and|y|-|,)\s*(?:date|fecha|dated)\b)?"
_LABEL = re.compile(
    rf"(?P<sure>\b(?:invoices?|inv\b\.?|facturas?|fact\b\.?|fra\b\.?|"
    rf"fac\b\.?){_KIND}{{0,3}}\s*(?:\"?[a-e]\"\s*)?[(¦]?\s*{_MARK}\)?\s*{_MARK}?{_DATED}\s*(?:\([^)\d]*\))?\s*[:#=]?)"
    rf"|(?P<turned>\b{_NUMBER}\s*(?:y fecha )?(?:(?:de|of)\s+)?(?:(?:la|the|our|su)\s+)?(?:commercial |"
    rf"comercial |export |sales )?(?:invoice|factura)\b{_KIND}{{0,2}}\s*[:#=]?)"
    rf"|(?P<plain>\b(?:commercial invoice|factura comercial|facturas?|invoices?|"
    rf"inv){_KIND}{{0,2}}\s*(?:[:#]|¦\s*:?(?=\s*[a-z0-9]{{0,6}}[-/ ]?\d[^¦]{{2,}})))"
    rf"|(?P<loose>\b(?:commercial invoice|invoices?|inv\b\.?|facturas?(?: comercial|"
    rf" electronica)?){_KIND}{{0,2}}\s+(?=[a-z]{{0,6}}[-/ ]?\d))"
)
_OTHER = re.compile(r"\b(?:order|pedido|purchase|proveedor|packing list|b/l|p\.?o\.?)\b[\s/&]*$")
_TITLE = re.compile(
    rf"\b(?:commercial |proforma |pro-forma |export |sales |tax )?(?:invoice|factura)\b{_KIND}{{0,3}}\W*(?:\"[a-e]\")?\W*$"
)
_BARE_LABEL = re.compile(
    rf"^\s*(?:{_MARK}\s*[:#]?\s*|(?:document|documento|doc\.?|comprobante|folio|"
    rf"serie)\s*{_MARK}?\s*[:#]?\s*)(?=[a-z]{{0,6}}[-/ ]?\d|[¦\n])"
)
_CODE = re.compile(r"[A-Za-z0-9]+(?:[-/._–][A-Za-z0-9]+)*")
_ALONE = re.compile(r"(?=.*\d)[A-Z0-9]{1,6}\s?[-/–]\s?[A-Z0-9]{2,}(?:[-/][A-Z0-9]+)*")
_SCORES = {"sure": 90, "turned": 90, "plain": 82, "loose": 78}
_TOP = 8


def find(rows: list[Row]) -> tuple[Candidate, ...]:
    """Candidates for the number of the invoice that the document is, or names."""
    found: list[Candidate] = []
    for at, row in enumerate(rows):
        found += _scanned(joined(row.cells, ACROSS), rows, at)
    for block in blocks(rows):
        found += _scanned(block, rows, None)
    if not any(one.score >= 75 for one in found):
        found += _under_title(rows)
    return best_first(found)


def _scanned(line: Joined, rows: list[Row], at: int | None) -> list[Candidate]:
    text = vocabulary.folded(line.text)
    found: list[Candidate] = []
    for match in _LABEL.finditer(text):
        if _OTHER.search(text[: match.start()]) or re.match(
            r"\s*(?:date|fecha|total|value|amount|valor|to\b)", text[match.end() :]
        ):
            continue
        other_kind = re.search(r"pro-?forma", match.group()) or re.search(
            r"\b(?:freight|flete)\W*$", text[: match.start()]
        )
        score = _SCORES[str(match.lastgroup)] - (10 if other_kind else 0)
        found += _after(line, match, score)
        cell = line.cell_at(match.start())
        behind = line.text[match.end() :].split("¦")[0]
        if at is not None and not behind.strip(" .:#-()") and not any(one.place == cell.place for one in found):
            below = labels.under(rows, at, cell)
            beside = found and match.lastgroup in ("sure", "turned")
            code = _code(below.text) if below is not None and not beside else None
            if code and below is not None:
                found.append(Candidate(code, below.text, below.place, score - 6, "under its label"))
    if at is not None:
        found += _bare_title(rows, at)
    return found


def _bare_title(rows: list[Row], at: int) -> list[Candidate]:
    """The label "Invoice" of a form, without "number", above a code."""
    found = []
    for cell in rows[at].cells:
        plain = vocabulary.folded(cell.text).strip(" :.")
        if not _TITLE.fullmatch(plain) or len(rows[at].cells) < 2:
            continue
        below = labels.under(rows, at, cell)
        if below is not None and re.fullmatch(r"\S*\d\S*|[A-Z]{1,6} \d\S*", below.text) and (code := _code(below.text)):
            found.append(Candidate(code, below.text, below.place, 74, "under its label"))
    return found


def _after(line: Joined, match: re.Match[str], score: int) -> list[Candidate]:
    rest = line.text[match.end() :]
    gap = re.match(r"[\s.:#\-–=¦]*", rest)
    start = match.end() + (gap.end() if gap else 0)
    said = line.text[match.start() : start]
    if said.count("¦") > 2 or said.count("\n") > 1:
        return []
    code = _code(line.text[start:].split("¦")[0])
    if not code:
        return []
    cell = line.cell_at(start)
    return [Candidate(code, cell.text, cell.place, score - (2 if "¦" in said else 0), "after its label")]


def _code(text: str) -> str:
    """The number that ``text`` begins with: a code with a figure in it, in one piece or in two ("OVT 5512", "F001 - 123")."""
    pieces = text.strip().strip("().,;:#").split()
    if not pieces:
        return ""
    first = pieces[0].strip("().,;:")
    if len(pieces) >= 3 and pieces[1] in ("-", "–", "/"):
        last = pieces[2].strip(".,;")
        if re.fullmatch(r"[A-Za-z]*\d*", first) and re.fullmatch(r"\d[\w-]*", last):
            return f"{first}{pieces[1]}{last}"
    if len(pieces) >= 2 and re.fullmatch(r"[A-Z]{1,6}[-.]?", first) and re.fullmatch(r"\d[\w/.-]*[.,;]?", pieces[1]):
        return "" if first in _NO_PREFIX else f"{first} {pieces[1].strip('.,;')}"
    return first if _is_code(first) and not _is_of_something_else(text, first, pieces[1:2]) else ""


def _is_code(text: str) -> bool:
    is_built_so = bool(_CODE.fullmatch(text)) and bool(re.search(r"\d", text)) and len(text) > 1
    is_another = re.match(r"(?:lote?s?|batch|po|oc)[-_#]", text, re.IGNORECASE)
    return is_built_so and not is_another and not vocabulary.is_date(text)


def _is_of_something_else(text: str, first: str, following: list[str]) -> bool:
    """Whether a figure is one of a date or a count ("14 March", "3 cartons"), or of an address ("1182, Miami FL")."""
    if not following or not first.isdigit():
        return False
    if len(first) <= 2 and following[0][:1].isalpha():
        return True
    is_address = len(first) <= 5 and re.match(r"\s*\S+, ?(?:[A-Z][a-z]+|[A-Z]{2})\b", text)
    return bool(is_address) and following[0][:3].upper() not in _NO_PREFIX


#: Words before a figure that make it no invoice's number.
_NO_PREFIX = frozenset(
    (
        "JAN FEB MAR APR MAY JUN JUL AUG SEP SEPT OCT NOV DEC ENE ABR AGO DIC USD EUR NET PAGE PAG DATE TOTAL PO BOX TEL FAX"
        " FOB CIF CFR EXW FCA RUC NIT RFC HS HTS US"
    ).split()
)


def _under_title(rows: list[Row]) -> list[Candidate]:
    """A bare "No.", or a code that stands alone, close under or beside the title "Commercial invoice"."""
    for at, row in enumerate(rows[:60]):
        title = next(
            (cell for cell in row.cells if _TITLE.search(vocabulary.folded(cell.text)) and len(cell.text) < 60), None
        )
        if title is None:
            continue
        near = [one for one in rows[at : at + _TOP] if one.sheet_of == row.sheet_of]
        for one in near:
            for place, cell in enumerate(one.cells):
                if cell is title:
                    continue
                text = joined(one.cells[place : place + 2], ACROSS)
                match = _BARE_LABEL.match(vocabulary.folded(text.text))
                if match and (found := _after(text, match, 72)):
                    return found
                alone = not one.is_sheet and (one is row or len(one.cells) == 1) and near.index(one) < 4
                if (
                    alone
                    and _ALONE.fullmatch(cell.text.strip())
                    and not vocabulary.is_date(cell.text.strip())
                    and (code := _code(cell.text))
                ):
                    return [Candidate(code, cell.text, cell.place, 66, "a code beside the title")]
        break
    return []
