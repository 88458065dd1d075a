"""A newer edition of the tariff: what it adds, ends and changes, and whose PVF lines and open requests that touches.

A file speaks for the headings (four digits) that it names: a code under one of them that it does not list has ended with
the edition before. Headings that it does not name stay as they are, so a part of the schedule can be loaded too.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import re
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core import audit, clock
from core.errors import InvalidInput, NotPermitted
from core.identity import Identity, Kind, act_as
from organizations.models import Certifier
from pvf.domain.hts_table import position_of, season_of, set_first_day
from pvf.models import PVF, HtsCode, HtsEdition, PVFLineTerms, PVFVersion

REQUIRED = ("code", "description", "certified_organic")
#: Errors of a file that are told at once.
ERRORS_SHOWN = 20


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """One code: ``kind`` is added, returned, ended, description, organic, unit, filing or season; values as text."""

    code: str
    kind: str
    before: str = ""
    after: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Touched:
    """A PVF line or open request that names a code concerned, by certifier; ``why`` says what happened to which code."""

    certifier: str
    kind: str
    reference: str
    codes: tuple[str, ...]
    why: tuple[str, ...]


@dataclasses.dataclass
class Report:
    """What loading an edition did."""

    edition: str
    first_day: dt.date
    listed: int = 0
    #: Known codes under headings that the file does not name: left as they were.
    not_covered: int = 0
    changes: list[Change] = dataclasses.field(default_factory=list)
    touched: list[Touched] = dataclasses.field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The report, JSON-ready."""
        return {**dataclasses.asdict(self), "first_day": self.first_day.isoformat()}


#: Code → what happened to it, in words.
Concerned = Mapping[str, set[str]]
Looker = Callable[[uuid.UUID, str, Concerned], Iterable[Touched]]
_lookers: list[Looker] = []


def looks_for_codes(looker: Looker) -> Looker:
    """Register a floor's own look for rows of one certifier (id, name) that name codes concerned."""
    if looker not in _lookers:
        _lookers.append(looker)
    return looker


def load_edition(actor: Identity, name: str, first_day: dt.date, lines: Iterable[str]) -> Report:
    """Load a newer edition, all of it or nothing, and tell what it changed. The same file again changes nothing.

    The platform operator alone. Raises ``InvalidInput`` HTS-FILE naming the lines at fault, HTS-EDITION, or HTS-ORDER
    where a newer edition is loaded or ``first_day`` does not lie between its neighbours'.
    """
    if actor.kind is not Kind.PLATFORM:
        raise NotPermitted("HTS-KEEPER", _("Only the platform operator loads an edition of the tariff."))
    rows = _read(lines)
    report = Report(name.strip(), first_day, listed=len(rows))
    with transaction.atomic():
        edition, before = _edition(actor, report.edition, first_day)
        known = {row.code: row for row in HtsCode.objects.select_for_update().order_by("pk")}
        written = _listed(known, rows, edition, report) + _ended(known, rows, before, report)
        HtsCode.objects.bulk_create(
            written, update_conflicts=True, unique_fields=["code"], batch_size=1000,
            update_fields=[
                "description", "certified_organic", "unit", "must_file", "first_edition", "last_edition",
                "season_start", "season_end",
            ],
        )  # fmt: skip
        if report.changes:
            audit.record(
                actor, "hts.edition", "hts_edition", edition.name,
                after={"first_day": first_day, "changes": len(report.changes)},
            )  # fmt: skip
    report.touched = _touched(_concerned(report.changes))
    return report


def _read(lines: Iterable[str]) -> dict[str, dict[str, str]]:
    """The rows of the file by code, every value stripped."""
    reader = csv.DictReader(lines)
    missing = [name for name in REQUIRED if name not in (reader.fieldnames or [])]
    if missing:
        text = _("The file has no column %(missing)s.") % {"missing": ", ".join(missing)}
        raise InvalidInput("HTS-FILE", text, details={"missing": missing})
    rows: dict[str, dict[str, str]] = {}
    wrong: list[str] = []
    for row in reader:
        values = {key: (value or "").strip() for key, value in row.items() if isinstance(key, str)}
        code, place = values["code"].replace(".", ""), _("line %(number)s") % {"number": reader.line_num}
        if not re.fullmatch(r"\d{10}", code):
            wrong.append(f"{place}: " + _("“%(code)s” is not a ten-digit HTS code") % {"code": code[:30]})
        elif code in rows:
            wrong.append(f"{place}: " + _("%(code)s stands in the file twice") % {"code": code})
        elif values["certified_organic"] not in {"yes", "no", ""}:
            wrong.append(f"{place}: " + _("certified_organic is “yes” or “no”"))
        else:
            try:
                season_of(values)
            except ValueError as error:
                wrong.append(f"{place}: {error}")
            rows[code] = values
    if wrong or not rows:
        text = "; ".join(wrong[:ERRORS_SHOWN]) or _("The file lists no code.")
        raise InvalidInput("HTS-FILE", text, details={"errors": len(wrong)})
    return rows


def _edition(actor: Identity, name: str, first_day: dt.date) -> tuple[HtsEdition, HtsEdition]:
    """The edition, with its first day, and the one before it."""
    try:
        position = position_of(name)
    except ValueError as error:
        raise InvalidInput("HTS-EDITION", str(error), field="edition") from error
    editions = list(HtsEdition.objects.select_for_update().order_by("position"))
    newest = editions[-1] if editions else None
    if newest is not None and newest.position > position:
        text = _("Edition %(newest)s is loaded already: it is newer than %(given)s.")
        raise InvalidInput("HTS-ORDER", text % {"newest": newest.name, "given": name}, field="edition")
    older = [row for row in editions if row.position < position]
    if not older:
        text = _(
            "No older edition is known. Load the table that comes with the portal first: load_hts without options."
        )
        raise InvalidInput("HTS-EDITION", text, field="edition")
    edition, _made = HtsEdition.objects.get_or_create(name=name, defaults={"position": position})
    if edition.first_day != first_day:
        edition = set_first_day(actor, name, first_day)
    return edition, older[-1]


def _listed(
    known: dict[str, HtsCode], rows: dict[str, dict[str, str]], edition: HtsEdition, report: Report
) -> list[HtsCode]:
    """The listed codes that are new or differ."""
    written = []
    for code, values in rows.items():
        row, had = known.get(code), len(report.changes)
        if row is None:
            row = HtsCode(code=code, first_edition=edition)
            report.changes.append(Change(code, "added", after=values["description"]))
            _note(row, values, None)
        else:
            if row.last_edition_id is not None and row.last_edition_id != edition.name:
                report.changes.append(Change(code, "returned", before=row.last_edition_id))
                row.first_edition, row.last_edition = edition, None
            _note(row, values, report.changes)
        if len(report.changes) > had:
            written.append(row)
    return written


def _note(row: HtsCode, values: dict[str, str], changes: list[Change] | None) -> None:
    """Take a row's values over; what differs goes into ``changes``."""
    organic = values["certified_organic"] == "yes"
    wanted: list[tuple[str, str, Any]] = [
        ("description", "description", values["description"]), ("organic", "certified_organic", organic),
    ]  # fmt: skip
    if "unit" in values:
        wanted.append(("unit", "unit", values["unit"]))
    if "am8" in values:
        wanted.append(("filing", "must_file", values["am8"] == "yes"))
    for kind, field, value in wanted:
        before = getattr(row, field)
        if before != value:
            setattr(row, field, value)
            if changes is not None:
                changes.append(Change(row.code, kind, _words(before), _words(value)))
    if "season_start" in values or "season_end" in values:
        before, after = (row.season_start, row.season_end), season_of(values)
        if before != after:
            row.season_start, row.season_end = after
            if changes is not None:
                changes.append(
                    Change(row.code, "season", "–".join(filter(None, before)), "–".join(filter(None, after)))
                )


def _words(value: Any) -> str:
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _ended(
    known: dict[str, HtsCode], rows: dict[str, dict[str, str]], before: HtsEdition, report: Report
) -> list[HtsCode]:
    """Known codes that the file, which speaks for their heading, does not list any more."""
    headings = {code[:4] for code in rows}
    ended = []
    for code, row in known.items():
        if code in rows or row.last_edition_id is not None:
            continue
        if code[:4] not in headings:
            report.not_covered += 1
            continue
        row.last_edition = before
        report.changes.append(Change(code, "ended", before=row.description))
        ended.append(row)
    return ended


def _concerned(changes: Iterable[Change]) -> Concerned:
    """Codes that somebody may have named, and what happened to them: themselves, or an organic code beside them."""
    result: dict[str, set[str]] = defaultdict(set)
    changed = list(changes)
    for change in changed:
        if change.kind != "added":
            result[change.code].add(f"{change.code} {change.kind}")
    new = {change.code for change in changed if change.kind in {"added", "returned", "organic"}}
    for organic in HtsCode.objects.filter(pk__in=new, certified_organic=True):
        beside = HtsCode.objects.filter(pk__startswith=organic.code[:8], certified_organic=False)
        for code in beside.values_list("pk", flat=True):
            result[code].add(f"{organic.code} organic code added")
    return result


def _touched(concerned: Concerned) -> list[Touched]:
    if not concerned:
        return []
    found: list[Touched] = []
    for certifier_id, name in list(Certifier.objects.order_by("name").values_list("pk", "name")):
        with act_as(Identity.loop(certifier_id)):
            for looker in _lookers:
                found.extend(looker(certifier_id, name, concerned))
    return found


def touched(certifier: str, kind: str, reference: str, codes: Iterable[str], concerned: Concerned) -> Touched:
    """The row of a report for something that names ``codes``."""
    mine = tuple(sorted(code for code in codes if code in concerned))
    return Touched(certifier, kind, reference, mine, tuple(sorted({why for code in mine for why in concerned[code]})))


@looks_for_codes
def _lines(certifier_id: uuid.UUID, certifier: str, concerned: Concerned) -> Iterable[Touched]:
    """PVF lines of a certifier that are in force today or later (a day is allowed for its time zone)."""
    rows = PVFLineTerms.objects.filter(
        certifier_id=certifier_id, version__state=PVFVersion.State.APPROVED, line__pvf__state=PVF.State.APPROVED,
        hts_codes__overlap=list(concerned), line__pvf__period_end__gte=clock.now().date() - dt.timedelta(days=1),
    ).select_related("line__pvf")  # fmt: skip
    for row in rows.order_by("line__pvf__number", "line__line_number", "pk"):
        reference = f"{row.line.pvf.number}, line {row.line.line_number}"
        yield touched(certifier, "pvf_line", reference, row.hts_codes, concerned)
