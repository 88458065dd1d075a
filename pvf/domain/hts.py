"""The tariff table: whether a code is known, when it is in force, and its organic siblings."""

from __future__ import annotations

import dataclasses
import datetime as dt

from pvf.models import HtsCode, HtsEdition


@dataclasses.dataclass(frozen=True, slots=True)
class Validity:
    """What is known of a code. ``last_day`` None: still in force. ``dates_known`` False: an edition's first day is missing."""

    known: bool
    certified_organic: bool = False
    description: str = ""
    first_day: dt.date | None = None
    last_day: dt.date | None = None
    dates_known: bool = True
    season: tuple[str, str] | None = None

    def in_force(self, day: dt.date) -> bool:
        """Whether the code is in force on ``day``, as far as dates are known."""
        if self.first_day and day < self.first_day:
            return False
        if self.last_day and day > self.last_day:
            return False
        if self.season is None:
            return True
        start, end = self.season
        mark = f"{day:%m%d}"
        return start <= mark <= end if start <= end else mark >= start or mark <= end


def validity(code: str) -> Validity:
    """What the table knows of the ten-digit ``code``.

    In force from the first day of its first edition to the eve of the edition after its last.
    """
    row = HtsCode.objects.filter(pk=code).select_related("first_edition", "last_edition").first()
    after = None
    if row is not None and row.last_edition is not None:
        after = HtsEdition.objects.filter(position__gt=row.last_edition.position).order_by("position").first()
    return validity_of(row, after)


def validity_of(row: HtsCode | None, after: HtsEdition | None) -> Validity:
    """What is known of a code from its row (with its editions) and the edition ``after`` its last."""
    if row is None:
        return Validity(known=False)
    first_day, last_day, dates_known = None, None, True
    if row.first_edition is not None:
        first_day = row.first_edition.first_day
        dates_known = first_day is not None
    if row.last_edition is not None:
        if after is not None and after.first_day is not None:
            last_day = after.first_day - dt.timedelta(days=1)
        else:
            dates_known = False
    season = (row.season_start, row.season_end) if row.season_start and row.season_end else None
    return Validity(True, row.certified_organic, row.description, first_day, last_day, dates_known, season)


def organic_siblings(code: str) -> list[HtsCode]:
    """Other codes with the "certified organic" suffix under the same first eight digits."""
    return list(HtsCode.objects.filter(pk__startswith=code[:8], certified_organic=True).exclude(pk=code).order_by("pk"))
