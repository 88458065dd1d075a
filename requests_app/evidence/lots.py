"""Lots: codes after "lot", or under it in a table or form."""

from __future__ import annotations

import re

from requests_app.evidence import labels, vocabulary
from requests_app.evidence.findings import Candidate, best_first
from requests_app.evidence.scales import PACKAGE
from requests_app.evidence.text import ACROSS, Joined, Row, blocks, joined

_MARK = (
    r"(?:numbers?|numeros?|codes?|codigos?|ids?\b|identification|identificacion|references?|referencia|"
    r"refs?\b\.?|nos?\b\.?|nums?\b\.?|"
    r"nros?\b\.?|n[°ºª]s?\.?|n\.[°ºo]s?|nr\b\.?|#)"
)
_LABEL = re.compile(
    r"\b(?:production |processing |export |harvest |product )?(?:lots?|lotes?|batch(?:es)?|partidas?)\b(?!-?\s?\d{1,2}\s*,)\s*"
    r"(?:\(s\)|/s\b)?\s*(?:(?:/|&|or|o|y|and|\()\s*(?:lots?|lotes?|batch(?:es)?|partidas?)\b\)?)?\s*(?:\(s\))?\s*"
    r"(?:de produccion|de exportacion|de cosecha|de proceso|de fabricacion)?\s*"
    rf"{_MARK}?\s*(?:\(s\))?\s*(?:/\s*{_MARK})?\s*(?:de lotes?\b)?\s*(?:(?:is|are|was|were|es|son|being|"
    rf"marked|marcados?|identificad[oa]s? como|with|from|desde(?: el)?|del?)\b)?\s*[:#=.]*"
)
#: What makes "lot" no lot of goods: tariff headings, addresses, how many there are, and other facts of a lot.
_NOT_BEFORE = re.compile(
    r"(?:(?:\bmz\.?|manzana|\bmza\.?|block|urb\.?|parcela)\s*[a-z]?|\bparking|\ba|number of|no\. of|cantidad de|total)\s*$"
)
_NOT_BEHIND = re.compile(
    r"^\s*(?:arancelaria|presupuest|size|weight|wt\b|qty|quantity|date|of land|urb|mz\b|net\b|kg|peso|fecha|expir|venc)"
)
_TARIFF = re.compile(r"\b(?:arancelaria|tariff|hts)\b")
_CODE = re.compile(r"[A-Za-z0-9]+(?:[-/._–#:][A-Za-z0-9]+)*")
_TO = r"\s*(?:\bto\b|\bthrough\b|\bthru\b|\bal?\b|\bhasta(?: el)?\b|\s-\s|\s?–\s?|\s?—\s?|\.\.\.?|→)\s*"
_RANGE = re.compile(
    rf"(?<![\w-])(?P<a>[A-Za-z0-9/._-]{{0,24}}?)(?P<m>\d{{1,9}}){_TO}(?:(?:lot|lote|"
    rf"no\.?)\s+)?(?P<b>[A-Za-z0-9/._-]{{0,24}}?)(?P<n>\d{{1,9}})(?![\w])",
    re.IGNORECASE,
)
_MOST_OF_RANGE = 60
_SPLIT = re.compile(r"\s*[,;&+|¦•]\s*|\s+(?:and|y|e|und|&)\s+|\s*/\s+|\s+/\s*|\s+")
_NOT = re.compile(
    r"^\d{1,2}$|^[\d.,]+(?:kgs?|lbs?|mt|t|pcs|bags)$|^\d{4}\.\d\d(?:\.\d{2,4})*$|"
    r"^[A-Za-z]{3}[UuJjZz]\d{6}[-/]?\d$|^\d+(?:\.\d{3})*,\d+$|^\d+x\d*$|^\d{1,3}%$|^(?:fcl|lcl|hs|hts|iso)\d*$",
    re.IGNORECASE,
)
_MEASURES = re.compile(
    rf"[(\[]?\s*\d[\d.,' ]*\s*(?:kgs?|kilos?|lbs?|libras|pounds|mts?|tm|tons?|tonnes|"
    rf"{PACKAGE})\b\.?\s*(?:net\w*|each|c/u)?\s*[)\]]?|\([^)]*\)",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"^(?:lots?|lotes?|batch|no|nos|nro)\.?\s*[:#]?\s*", re.IGNORECASE)


def find(rows: list[Row]) -> tuple[Candidate, ...]:
    """Candidates, each lot once, the surest first."""
    found: list[Candidate] = []
    heads = 0
    for at, row in enumerate(rows):
        said = _scanned(joined(row.cells, ACROSS))
        found += said
        found += _continued(rows, at, said)
        for place, cell in enumerate(row.cells):
            if heads < labels.MOST_HEADS and _is_head(cell.text) and not _answered(row, place, said):
                heads += 1
                found += _under(rows, at, place)
    for block in blocks(rows):
        found += _scanned(block)
    return _once(best_first(found))


def _once(found: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Without what is a part of another candidate at the same place: "2026-01" of "LOT-2026-01"."""
    kept: list[Candidate] = []
    for one in found:
        bare = one.value.lower()
        if not any(
            bare in other.value.lower() and one.value != other.value and one.place == other.place for other in found
        ):
            kept.append(one)
    return tuple(kept)


def _answered(row: Row, place: int, found: list[Candidate]) -> bool:
    beside = row.cells[place : place + 2]
    return any(one.place == cell.place for one in found for cell in beside)


def _is_head(text: str) -> bool:
    """Whether a cell is nothing but a label of lots, so that codes may stand below."""
    plain = vocabulary.folded(text)
    match = _LABEL.search(plain)
    if not match or _TARIFF.search(plain) or _NOT_BEHIND.match(plain[match.end() :]):
        return False
    rest = plain[match.end() :].strip(" :.#-/()")
    before = plain[: match.start()].strip(" :.#-/()&")
    return len(before) < 20 and not re.search(r"\d", plain) and len(rest) < 22


def _scanned(line: Joined) -> list[Candidate]:
    """The codes behind each "lot" in a line or a paragraph."""
    text = vocabulary.folded(line.text)
    found: list[Candidate] = []
    for match in _LABEL.finditer(text):
        if _NOT_BEFORE.search(text[: match.start()][-16:]) or _NOT_BEHIND.match(text[match.end() :]):
            continue
        whole = re.match(r"[A-Za-z]+[-_]\w*\d[\w./-]*", line.text[match.start() :])
        start = match.start() if whole else match.end()
        rest = line.text[start : start + 1500]
        gap = re.match(r"[\s¦:.#\-–]*", rest)
        skipped = gap.group() if gap else ""
        if skipped.count("¦") > 1 or skipped.count("\n") > 1:
            continue
        is_labelled = bool(re.search(r"[:#°º.]", match.group()[3:])) or bool(re.search(_MARK, match.group()))
        score = 90 if is_labelled or not skipped.strip() else 86
        codes = _codes(rest[len(skipped) :])
        for code, offset in codes:
            cell = line.cell_at(start + len(skipped) + offset)
            found.append(Candidate(code, cell.text, cell.place, score, "after its label"))
    return found


def _continued(rows: list[Row], at: int, said: list[Candidate]) -> list[Candidate]:
    """The codes of the lines below a list that goes on, or whose next line is built like it."""
    found: list[Candidate] = []
    last = next((cell for cell in rows[at].cells if said and cell.place == said[-1].place), None)
    for row in rows[at + 1 : at + 12]:
        below = [one for one in row.cells if last is not None and abs(one.left - last.left) <= 3]
        if not below or last is None or not -0.5 * last.height < below[0].top - last.bottom < 0.65 * last.height:
            break
        goes_on = bool(re.search(r"(?:[,;&/+]|\b(?:and|y|e|to|al?|hasta))\s*$", last.text))
        codes = _codes(below[0].text, whole=True)
        if not codes or not (goes_on or all(_built(code) == _built(said[-1].value) for code, _at in codes)):
            break
        found += [Candidate(code, below[0].text, below[0].place, 84, "below a lot") for code, _at in codes]
        last = below[0]
    return found


def _built(code: str) -> str:
    """How a code is built: its letters as A, its figures as 9."""
    return re.sub(r"\d+", "9", re.sub(r"[A-Za-z]+", "A", code))


def _under(rows: list[Row], at: int, place: int) -> list[Candidate]:
    """The codes of a column, or of a form's field, below the head in cell ``place``."""
    head = rows[at].cells[place]
    found: list[Candidate] = []
    last = head
    shape = ""
    for row, cell in labels.column(rows, at, place):
        distance = cell.top - last.bottom
        if distance > (7 if found else 5) * max(last.height, cell.height, 0.5):
            break
        codes = _codes(_PREFIX.sub("", cell.text), whole=True)
        if labels.TOTAL.search(vocabulary.folded(row.text)) and not codes:
            break
        if not codes:
            if vocabulary.is_label(cell.text) and not found and distance > 0.6 * cell.height:
                break
            continue
        if place and row.cells[0] != cell and row.cells[row.cells.index(cell) - 1].text.rstrip().endswith(":"):
            break
        if shape and not _alike(shape, codes[0][0]):
            continue
        shape = shape or codes[0][0]
        found += [Candidate(code, cell.text, cell.place, 80, "in the column of lots") for code, _offset in codes]
        last = cell
    return found


def _alike(one: str, other: str) -> bool:
    """Whether two codes are built alike: both with letters, or both of figures and about as long."""
    letters = [bool(re.search(r"[A-Za-z]", code)) for code in (one, other)]
    return letters[0] == letters[1] and (letters[0] or abs(len(one) - len(other)) <= 1)


def _codes(text: str, *, whole: bool = False) -> list[tuple[str, int]]:
    """The codes that ``text`` begins with, and where; all of it has to be codes if ``whole``."""
    plain = _MEASURES.sub(lambda match: " " * len(match.group()), text)
    found: list[tuple[str, int]] = []
    at = 0
    joint_says = True
    while at < len(plain):
        if (span := _RANGE.match(plain, at)) and (run := _run(span)):
            found += [(code, span.start()) for code in run]
            at = span.end()
        elif piece := re.compile(r"[^\s,;&+|¦•]+").match(plain, at):
            bare = piece.group().strip("().:#[]*'\"-–")
            if not bare:
                at = piece.end()
                continue
            if not _is_code(bare):
                return [] if whole and bare.lower() not in ("lot", "lote", "no", "kg") else found
            line_ends = (
                "\n" in plain[:at]
                and found
                and not re.search(r"[,;&/+]\s*$|\b(?:and|y|e)\s*$", plain[: plain.rfind("\n", 0, at)])
            )
            if line_ends and plain.rfind("\n", 0, at) > found[-1][1] and _built(bare) != _built(found[-1][0]):
                return found
            # two codes with nothing but a space between them are built alike
            if found and not joint_says and _built(bare) != _built(found[-1][0]):
                return [] if whole else found
            found.append((bare, at))
            at = piece.end()
        joint = _SPLIT.match(plain, at)
        if joint is None:
            break
        joint_says = bool(joint.group().strip())
        if not whole and "¦" in joint.group():
            break
        at = max(joint.end(), at + (0 if joint.end() > at else 1))
        again = re.compile(r"(?:(?:lots?|lotes?|batch|no|nos|and|y|e)\b\.?\s*[:#]?\s*)+", re.IGNORECASE).match(
            plain, at
        )
        if again and found:
            at = again.end()
            joint_says = True
    return found


def _is_code(text: str) -> bool:
    return (
        bool(_CODE.fullmatch(text))
        and bool(re.search(r"\d", text))
        and not _NOT.match(text)
        and not vocabulary.is_date(text)
        and 3 <= len(text) <= 40
    )


def _run(span: re.Match[str]) -> list[str]:
    """The lots from the first to the last of a range; none where the two ends do not belong together."""
    first, last = span.group("m"), span.group("n")
    stem, other = span.group("a"), span.group("b")
    if other and other.lower() != stem.lower() and stem.lower() != other.lower().rstrip("-/._"):
        return []
    if not other and len(last) > len(first):
        return []
    if not other and len(last) < len(first):
        stem, first = stem + first[: -len(last)], first[-len(last) :]
    low, high = int(first), int(last)
    if not 0 < high - low < _MOST_OF_RANGE:
        return []
    return [f"{stem}{number:0{len(first)}d}" for number in range(low, high + 1)]
