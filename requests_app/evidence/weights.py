"""Net weight: a labelled figure with its unit, a column of figures with its total, or "18,000 kg net"."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from decimal import Decimal

from requests_app.evidence import labels, net_words, vocabulary
from requests_app.evidence.findings import Candidate, Place, best_first
from requests_app.evidence.scales import Figure, Scale, scale_of, unit_of
from requests_app.evidence.text import ACROSS, Cell, Joined, Row, blocks, joined

#: What may stand between a label and a figure without a unit; before one with a unit nearly any few words may.
_BETWEEN = re.compile(
    r"\s*(?:[:¦]?\s*\([^)\d]{1,30}\))?[\s:.\-–—=¦()\[\]*#,]*(?:(?:of|is|was|de|es|en|in|kgs?|kilos?|"
    r"kilogramos|kilograms?|lbs?|pounds|libras|mts?|tm|tons?|tonnes|total|"
    r"approx|aprox|declared|declarado|toneladas|short|metric|metricas)\b[\s:.\-–=¦()\[\],]*){0,4}"
)
_WORDS_BETWEEN = re.compile(r"[^\d;¦\n]{0,12}[^\d;]{0,50}")
_SUFFIX = re.compile(r"[\s(,¦]{0,3}(?:of |de |en |as )?(?:total )?$")
_ALTERNATIVE = re.compile(r"\s*[(/=~≈|,¦]?\s*(?:or|o|equivalent to|equivalentes? a|equiv\.?|i\.e\.|=|≈)?\s*[(/]?\s*")
_QUANTITY = re.compile(
    r"^(?:total )?(?:quantity|qty|cantidad|invoiced quantity|cantidad facturada|kilos|kilograms|"
    r"kilogramos|kgs?)\b[^¦\n\d]{0,24}$"
)
_WEIGHT = re.compile(r"^(?:total )?(?:weight|peso)(?: total)?\s*(?:\([a-z. ]+\))?\s*:?$")


@dataclasses.dataclass(frozen=True, slots=True)
class _Found:
    """A figure that is a net weight; ``rank``: 3 the document's total, 2 labelled, 1 made of others."""

    figure: Figure
    cell: Cell
    score: int
    why: str
    rank: int = 2


def find(rows: list[Row], mark: str) -> tuple[Candidate, ...]:
    """Candidates in kilograms. Gross weights, tares, weights of one bag and prices are left out."""
    scale = scale_of((row.text for row in rows), mark)
    found: list[_Found] = []
    heads: list[tuple[int, int]] = []
    for at, row in enumerate(rows):
        line = joined(row.cells, ACROSS)
        done, waiting = _scanned(line, scale)
        found += done
        heads += [(at, place) for place in waiting if not _answered(row, place, done)]
    for block in blocks(rows):
        found += _scanned(block, scale)[0]
    for at, place in heads[: labels.MOST_HEADS]:
        found += _column(rows, at, place, scale)
    if not found:
        found = _of_quantity(rows, scale)
    return _resolved(_each_once(found), scale)


def _answered(row: Row, place: int, done: list[_Found]) -> bool:
    """Whether the label in cell ``place`` has its figure in this row already."""
    beside = row.cells[place : place + 3]
    return any(one.cell.place == cell.place for one in done for cell in beside)


# -- a line or a paragraph ----------------------------------------------------------------------------------------------


def _scanned(line: Joined, scale: Scale) -> tuple[list[_Found], list[int]]:
    """The net weights of a text, and the cells whose label still waits for its figure."""
    text = vocabulary.folded(line.text)
    marks = list(net_words.LABELS.finditer(text))
    if not any(mark.lastgroup not in {"other", "gross"} for mark in marks):
        return [], []
    figures = scale.figures(text)
    figures += _bare_figures(text, marks, figures, line, scale)
    figures.sort(key=lambda one: one.start)
    found: list[_Found] = []
    used: set[int] = set()
    previous: tuple[Figure, re.Match[str] | None, bool] | None = None
    for place, figure in enumerate(figures):
        since = previous[0].end if previous and not previous[0].is_each else 0
        label = next(
            (one for one in reversed(marks) if since <= one.start() < figure.start and one.start() not in used), None
        )
        is_first = True
        if label is not None and not _leads_to(text, label, figure):
            label = None
        if (
            label is None
            and previous
            and previous[1] is not None
            and _ALTERNATIVE.fullmatch(text[previous[0].end : figure.start])
        ):
            label, is_first = previous[1], False
        elif label is None:
            label = _behind(text, figure, figures[place + 1] if place + 1 < len(figures) else None, marks)
            if label is not None:
                used.add(label.start())
        previous = (figure, label, is_first)
        if label is None or figure.is_each or _is_of_one(text, label) or _heads_a_column(text, label, figure):
            continue
        if _says_net(label, is_first=is_first):
            found.append(_labelled(line, text, label, figure, is_first=is_first))
    waiting = [one for one in marks if one.lastgroup in ("net", "loose") and not _is_of_one(text, one)]
    cells = {line.cells.index(line.cell_at(one.start())) for one in waiting if _is_head(line, text, one)}
    return found, sorted(cells)


def _bare_figures(
    text: str, marks: list[re.Match[str]], known: list[Figure], line: Joined, scale: Scale
) -> list[Figure]:
    """Figures without a unit of their own that stand directly behind a label, and take its unit or the document's."""
    found = []
    for mark in marks:
        if mark.lastgroup == "other":
            continue
        between = _BETWEEN.match(text, mark.end())
        start = between.end() if between else mark.end()
        number = re.match(r"[\d][\d.,'’ \u00a0]*", text[start:])
        if not number or any(one.start < start + len(number.group()) and start < one.end for one in known):
            continue
        said = text[mark.start() : start]
        if said.count("¦") > 1 or said.count("\n") > 1:
            continue
        digits = re.match(
            r"(?:\d{1,3}(?:[ \u00a0'’]\d{3})+(?:[.,]\d+)?(?!\d)|\d+(?:[.,]\d+)*)(?![\w%/-])", text[start:]
        )
        unit = unit_of(said) or scale.unit
        if not digits or unit is None or (mark.lastgroup == "loose" and unit_of(said) is None):
            continue
        is_number = line.cell_at(start).is_number
        figure = scale.sized(digits.group(), unit, (start, start + digits.end()), is_number=is_number)
        if figure is not None:
            found.append(figure)
    return found


def _leads_to(text: str, label: re.Match[str], figure: Figure) -> bool:
    between = text[label.end() : figure.start]
    if between.count("¦") > 2 or between.count("\n") > 2:
        return False
    if _BETWEEN.fullmatch(between):
        return True
    if label.lastgroup == "loose" or figure.is_bare or "¦" in between or re.search(r"[.:]\s*\w+.*[.:]|\.\s", between):
        return False
    return bool(_WORDS_BETWEEN.fullmatch(between))


def _heads_a_column(text: str, label: re.Match[str], figure: Figure) -> bool:
    """Whether a figure has the line under its label for itself: a column or a form's field, which is looked for elsewhere."""
    line_ends = re.match(r"\s*[a-z.]{0,12}\s*(?:\n|$)", text[figure.end :])
    return (
        "\n" in text[label.end() : figure.start]
        and text[: figure.start].rstrip(" (").endswith("\n")
        and line_ends is not None
    )


def _behind(text: str, figure: Figure, following: Figure | None, marks: list[re.Match[str]]) -> re.Match[str] | None:
    """The label behind a figure ("18,000 kg net"), if it does not lead to the next figure."""
    for mark in marks:
        if mark.start() < figure.start or mark.end() <= figure.end:
            continue
        # "kg net" begins with the figure's own unit
        between = text[figure.end : max(mark.start(), figure.end)]
        if not _SUFFIX.fullmatch(between) or mark.lastgroup in ("both", "turned") or "¦" in between:
            return None
        leads = following is not None and re.fullmatch(r"\s*[:=]\s*|\s*¦\s*", text[mark.end() : following.start])
        return None if leads or text[mark.end() : mark.end() + 2].strip().startswith(":") else mark
    return None


def _is_of_one(text: str, label: re.Match[str]) -> bool:
    return bool(net_words.PER.match(text[label.end() : label.end() + 40]))


def _says_net(label: re.Match[str], *, is_first: bool) -> bool:
    if label.lastgroup == "both":
        return is_first
    if label.lastgroup == "turned":
        return not is_first
    return label.lastgroup in ("net", "loose")


def _labelled(line: Joined, text: str, label: re.Match[str], figure: Figure, *, is_first: bool) -> _Found:
    total = bool(
        net_words.TOTAL.search(text[max(0, label.start() - 14) : figure.start])
    ) and not labels.SUBTOTAL.search(text)
    score = 90 if label.start() < figure.start else 85
    if label.lastgroup == "loose":
        score -= 4
    if figure.is_bare:
        score -= 3
    if not is_first and label.lastgroup == "net":
        score -= 8
    why = "a figure after its label" if label.start() < figure.start else 'a figure followed by "net"'
    return _Found(figure, line.cell_at(figure.start), score + (6 if total else 0), why, 3 if total else 2)


def _is_head(line: Joined, text: str, label: re.Match[str]) -> bool:
    """Whether a label ends its cell, so that its figures may stand below."""
    cell = line.cell_at(label.start())
    start = line.starts[line.cells.index(cell)]
    before, behind = text[start : label.start()], text[label.end() : start + len(cell.text)]
    if label.lastgroup == "loose" and len(re.sub(r"\([^)]*\)", "", cell.text)) > 15:
        return False
    return len(before) < 30 and not re.search(r"\d", behind) and len(behind) < 30 and "," not in behind


# -- a column -----------------------------------------------------------------------------------------------------------


def _column(rows: list[Row], at: int, place: int, scale: Scale) -> list[_Found]:
    """The total of a column; where none is printed, the only figure, or the sum of the figures."""
    head = rows[at].cells[place]
    label = vocabulary.folded(labels.whole_head(rows, at, head))
    if net_words.PER.search(label[3:]) or re.search(r"\b(?:price|precio|usd|unit|unitario)\b|\$", label):
        return []
    own = unit_of(label)
    figures: list[tuple[Figure, Cell]] = []
    gap = 0
    for row, cell, text in _whole_cells(list(labels.column(rows, at, place))):
        if not re.search(r"\d", text):
            if gap == 0 and not figures and len(text) < 10:
                # the unit stands below the head
                own = unit_of(text) or own
            gap += 1
        figure = _only_figure(text, cell, own or scale.unit, scale)
        row_text = vocabulary.folded(row.text)
        if figure is None:
            if _ends_a_column(text, gap, has_figures=bool(figures)):
                break
        elif labels.TOTAL.search(row_text) and not labels.SUBTOTAL.search(row_text):
            if not figures or _adds_up(figure, figures) or not figure.is_bare:
                return [_Found(figure, cell, 88, "the total of the column of net weights", 3)]
        elif not labels.SUBTOTAL.search(row_text):
            if _is_far(cell, figures, head) or (figures and _has_label(row, cell)):
                break
            figures.append((figure, cell))
            gap = 0
    return _summed(figures, own)


def _whole_cells(cells: list[tuple[Row, Cell]]) -> Iterator[tuple[Row, Cell, str]]:
    """The cells of a column and their texts, a figure with the unit that stands in the line below it: "18.98 short" "tons"."""
    for number, (row, cell) in enumerate(cells):
        text, last = vocabulary.folded(cell.text), cell
        for _row, below in cells[number + 1 : number + 3]:
            is_close = below.top - last.bottom <= 0.3 * cell.height
            if not is_close or not re.search(r"\d", text) or re.search(r"\d", below.text):
                break
            text, last = f"{text} {vocabulary.folded(below.text)}", below
        yield row, cell, text


def _ends_a_column(text: str, gap: int, *, has_figures: bool) -> bool:
    """Whether a cell without a figure shows that another table or form begins."""
    is_label = vocabulary.is_label(text) and not labels.TOTAL.search(text)
    return (gap > 6 or is_label) if has_figures else gap > 3


def _only_figure(text: str, cell: Cell, unit: Decimal | None, scale: Scale) -> Figure | None:
    """The figure that a cell of a column is, with its own unit or the column's."""
    found = scale.figures(text)
    if found:
        rest = text[: found[0].start] + text[found[0].end :] if len(found) == 1 else ""
        first = min(found, key=lambda one: one.rate != 1)
        plain = len(re.sub(r"[^a-z0-9]", "", rest)) <= 4 or re.fullmatch(r"\W*(?:net[oa]?s?|total)\W*", rest)
        return None if first.is_each or not plain else first
    return scale.bare(text, unit, is_number=cell.is_number) if unit is not None else None


def _has_label(row: Row, cell: Cell) -> bool:
    """Whether the cell before a figure is a label with a colon: then the figure is not one of a column."""
    place = row.cells.index(cell)
    return place > 0 and row.cells[place - 1].text.rstrip().endswith(":")


def _is_far(cell: Cell, figures: list[tuple[Figure, Cell]], head: Cell) -> bool:
    last = figures[-1][1] if figures else head
    return cell.top - last.bottom > 12 * max(last.height, 0.5)


def _adds_up(total: Figure, parts: list[tuple[Figure, Cell]]) -> bool:
    return any(
        abs(kilograms - sum((part.kilograms[0] for part, _cell in parts), Decimal(0)))
        <= max(kilograms / 100, Decimal(1))
        for kilograms in total.kilograms
    )


def _summed(figures: list[tuple[Figure, Cell]], unit: Decimal | None) -> list[_Found]:
    if not figures:
        return []
    lost = 0 if unit is not None or not figures[0][0].is_bare else 6
    if len(figures) == 1:
        return [_Found(figures[0][0], figures[0][1], 82 - lost, "the figure under its label")]
    last, cell = figures[-1]
    if len(figures) > 2 and last.kilograms[0] == sum((one.kilograms[0] for one, _cell in figures[:-1]), Decimal(0)):
        return [_Found(last, cell, 84 - lost, "the last figure of the column is the sum of the others", 3)]
    if len(figures) == 2 and figures[0][0].kilograms[0] == last.kilograms[0]:
        # one line of goods and its total look the same as two equal lines
        one = _Found(last, cell, 58, "the figures of the column are equal: one may be the total", 1)
        return [one, _total_of(figures, 57)]
    return [_total_of(figures, 72 - lost)]


def _total_of(figures: list[tuple[Figure, Cell]], score: int) -> _Found:
    total = sum((one.kilograms[0] for one, _cell in figures), Decimal(0))
    within = sum((one.within for one, _cell in figures), Decimal(0))
    made = dataclasses.replace(figures[0][0], kilograms=(total,), within=min(within, Decimal(1)))
    return _Found(made, figures[-1][1], score, "the sum of the column of net weights", 1)


# -- which of them ------------------------------------------------------------------------------------------------------


def _each_once(found: list[_Found]) -> list[_Found]:
    """What was found at one place in two ways counts once, as the better of them."""
    kept: dict[tuple[Place, Decimal], _Found] = {}
    for one in found:
        key = (one.cell.place, one.figure.kilograms[0])
        if key not in kept or kept[key].score < one.score:
            kept[key] = one
    return list(kept.values())


def _resolved(found: list[_Found], scale: Scale) -> tuple[Candidate, ...]:
    """The candidates; parts of the goods are added up where the document does not do it, and count less than their total."""
    totals = [one for one in found if one.rank == 3]
    parts = [one for one in found if one.rank == 2]
    candidates = []
    if not totals and len(distinct := _distinct(parts)) > 1:
        biggest = max(distinct, key=lambda one: one.figure.kilograms[0])
        rest = sum((one.figure.kilograms[0] for one in parts if not _equal(one, biggest)), Decimal(0))
        if abs(rest - biggest.figure.kilograms[0]) <= 1:
            totals = [biggest]
        else:
            candidates.append(_together(distinct))
    for one in found:
        score = one.score
        if one.rank == 2 and totals and not any(_equal(one, total) for total in totals):
            score = min(score, 50)
        elif one.rank == 2 and candidates:
            score = min(score, 55)
        if one.figure.rate == 0 and scale.quintal == 0:
            score = min(score, 50)
        for place, kilograms in enumerate(one.figure.kilograms):
            within = one.figure.within
            lower = score if place == 0 else min(score, 50) - place
            candidates.append(Candidate(f"{kilograms:f}", one.cell.text, one.cell.place, lower, one.why, within))
    return best_first(candidates)


def _distinct(parts: list[_Found]) -> list[_Found]:
    kept: list[_Found] = []
    for one in parts:
        if not any(_equal(one, other) for other in kept):
            kept.append(one)
    return kept


def _equal(one: _Found, other: _Found) -> bool:
    """Whether two figures say the same weight, maybe in two units."""
    mine, theirs = one.figure.kilograms[0], other.figure.kilograms[0]
    if one.figure.rate == other.figure.rate:
        return mine == theirs
    return abs(mine - theirs) <= max(one.figure.within + other.figure.within, mine / 1000)


def _together(distinct: list[_Found]) -> Candidate:
    total = sum((one.figure.kilograms[0] for one in distinct), Decimal(0))
    first = distinct[0].cell
    return Candidate(
        f"{total:f}", first.text, first.place, 62, "the sum of the net weights that are named", Decimal("0.5")
    )


# -- no net weight is named -----------------------------------------------------------------------------------------------


def _of_quantity(rows: list[Row], scale: Scale) -> list[_Found]:
    """Where nothing is called net: the quantity sold, if it is a weight; and what is called "weight" beside a gross one."""
    has_gross = any(re.search(rf"\b{net_words.GROSSA}\b", vocabulary.folded(row.text)) for row in rows)
    found: list[_Found] = []
    heads = 0
    for at, row in enumerate(rows):
        for place, cell in enumerate(row.cells):
            text = vocabulary.folded(cell.text)
            name, colon, rest = text.partition(":")
            is_weight = bool(_WEIGHT.match(name.strip()))
            if re.search(rf"\b(?:{net_words.GROSSA}|tare|tara|unit|unitari[oa])\b", text) or not (
                is_weight or _QUANTITY.match(name.strip())
            ):
                continue
            score = 61 if not is_weight else 60 if has_gross else 52
            value = rest.strip() if colon and rest.strip() else ""
            if not value and place + 1 < len(row.cells):
                value = vocabulary.folded(row.cells[place + 1].text)
            figures = scale.figures(value)
            if len(figures) == 1 and not figures[0].is_each:
                found.append(
                    _Found(figures[0], cell if rest.strip() else row.cells[place + 1], score, "the quantity sold")
                )
            elif not re.search(r"\d", value) and (heads := heads + 1) <= labels.MOST_HEADS:
                found += [dataclasses.replace(one, score=min(score, one.score), why="the quantity sold")
                          for one in _column(rows, at, place, Scale(scale.mark, None, scale.quintal))]  # fmt: skip
    return found
