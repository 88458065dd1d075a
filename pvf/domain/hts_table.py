"""Loading the tariff table from a CSV: codes, their organic suffix, the editions they came and went with."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from django.utils.translation import gettext as _

from core import audit
from core.errors import InvalidInput, NotPermitted
from core.identity import Identity, Kind
from organizations.roles import Role
from pvf.models import HtsCode, HtsEdition

BUNDLED = Path(__file__).resolve().parent.parent / "data" / "hts10.csv"


def position_of(edition: str) -> int:
    """Where an edition such as "2025 rev 16" stands in time."""
    found = re.fullmatch(r"(\d{4})(?: rev (\d+))?", edition.strip())
    if found is None:
        raise ValueError(f"“{edition}” is no edition: write it like “2025 rev 16”")
    return int(found[1]) * 100 + int(found[2] or 0)


def load(lines: Iterable[str]) -> tuple[int, int]:
    """Load codes from CSV lines (code, description, certified_organic, unit, am8, first_edition, last_edition).

    Columns season_start and season_end are optional. Idempotent; an edition's first day, once entered by people, stays, and
    so does what an edition newer than any in the file has said of a code. Returns (codes, editions). Raises ``ValueError``
    with the line at fault.
    """
    rows = list(csv.DictReader(lines))
    names = {row[column].strip() for row in rows for column in ("first_edition", "last_edition") if row[column].strip()}
    for name in names | {name for edition in names if (name := _following(edition, names))}:
        HtsEdition.objects.get_or_create(name=name, defaults={"position": position_of(name)})
    codes = [_code(number, row) for number, row in enumerate(rows, start=2)]
    here = max((position_of(name) for name in names), default=0)
    if HtsEdition.objects.filter(position__gt=here).exists():
        HtsCode.objects.bulk_create(codes, ignore_conflicts=True, batch_size=1000)
        return len(codes), len(names)
    seasons = ["season_start", "season_end"] if rows and "season_start" in rows[0] else []
    HtsCode.objects.bulk_create(
        codes, update_conflicts=True, unique_fields=["code"], batch_size=1000,
        update_fields=["description", "certified_organic", "unit", "must_file", "first_edition", "last_edition", *seasons],
    )  # fmt: skip
    return len(codes), len(names)


def set_first_day(actor: Identity, edition: str, day: dt.date | None) -> HtsEdition:
    """Enter the first day on which an edition is in force; None takes it back. Staff managers and the platform operator.

    Raises ``InvalidInput`` HTS-ORDER where the day would not lie between those of the editions before and after it.
    """
    if actor.kind is not Kind.PLATFORM and not (actor.is_staff and actor.has(Role.MANAGER)):
        raise NotPermitted("ROLE", _("Only a manager changes the tariff editions."))
    # all of them, so that two people cannot enter days that contradict each other
    rows = {row.name: row for row in HtsEdition.objects.select_for_update().order_by("position")}
    row = rows.get(edition)
    if row is None:
        raise InvalidInput("HTS-EDITION", _("There is no such edition."), field="edition")
    for other in rows.values():
        if day is None or other.first_day is None or other.position == row.position:
            continue
        if (other.first_day < day) != (other.position < row.position):
            text = _("Edition %(other)s is in force from %(day)s: the days must follow the order of the editions.")
            words = {"other": other.name, "day": other.first_day.isoformat()}
            raise InvalidInput("HTS-ORDER", text % words, field="first_day")
    before, row.first_day = row.first_day, day
    row.save(update_fields=["first_day"])
    audit.record(
        actor, "hts.first_day", "hts_edition", row.name, before={"first_day": before}, after={"first_day": day}
    )  # fmt: skip
    return row


def _following(edition: str, names: set[str]) -> str:
    """The revision after a code's last one, where the table names it."""
    found = re.fullmatch(r"(\d{4}) rev (\d+)", edition)
    name = f"{found[1]} rev {int(found[2]) + 1}" if found else ""
    return name if name in names else ""


def season_of(values: Mapping[str, str | None]) -> tuple[str, str]:
    """The yearly window of a row, as month and day ("0415", "0731"); empty texts for none. Raises ``ValueError``."""
    found = [(values.get(name) or "").strip().replace("-", "") for name in ("season_start", "season_end")]
    if not any(found):
        return "", ""
    for mark in found:
        if not re.fullmatch(r"\d{4}", mark):
            raise ValueError(_("a season has a first and a last day, each as month and day: 04-15, 07-31"))
        dt.date(2024, int(mark[:2]), int(mark[2:]))
    return found[0], found[1]


def _code(number: int, row: dict[str, str]) -> HtsCode:
    code = row["code"].strip()
    if not re.fullmatch(r"\d{10}", code):
        raise ValueError(f"line {number}: “{code}” is not a ten-digit HTS code")
    try:
        season = season_of(row)
    except ValueError as error:
        raise ValueError(f"line {number}: {error}") from error
    return HtsCode(
        code=code,
        description=row["description"].strip(),
        certified_organic=row["certified_organic"].strip() == "yes",
        unit=row["unit"].strip(),
        must_file=row["am8"].strip() == "yes",
        first_edition_id=row["first_edition"].strip() or None,
        last_edition_id=row["last_edition"].strip() or None,
        season_start=season[0],
        season_end=season[1],
    )
