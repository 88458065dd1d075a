"""Working time of a certifier's calendar: how much of it passed between two moments, and where so much of it ends.

The unit is the working day, from midnight to midnight in the certifier's time zone, whatever its length: a day on which
the clocks change is one day as any other. Days that are no working days have no length. Exact fractions, so that
nothing is lost by going to and fro.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from fractions import Fraction
from zoneinfo import ZoneInfo

from core import clock

_DAY = dt.timedelta(days=1)
_MICROSECOND = dt.timedelta(microseconds=1)


@dataclasses.dataclass(frozen=True, slots=True)
class WorkingTime:
    """The working time in the time zone ``zone`` (IANA name) with the working days of ``country`` (ISO 3166)."""

    zone: str
    country: str

    def between(self, start: dt.datetime, end: dt.datetime) -> Fraction:
        """Working days, with their parts, that pass from ``start`` to ``end`` (aware); 0 where ``end`` is not later."""
        if end <= start:
            return Fraction(0)
        first, last = self._day(start), self._day(end)
        if first == last:
            return self._passed(end) - self._passed(start)
        is_working = clock.working_day_test(self.country)
        whole = sum(is_working(first + _DAY * step) for step in range((last - first).days))
        return whole - self._passed(start) + self._passed(end)

    def after(self, start: dt.datetime, days: Fraction) -> dt.datetime:
        """The moment, in UTC, at which ``days`` working days have passed since ``start``; never before ``start``.

        What ends with a working day ends at that midnight, not when the next working day begins.
        """
        if days <= 0:
            return start
        is_working = clock.working_day_test(self.country)
        day, left = self._day(start), days + self._passed(start)
        while not is_working(day) or left > 1:
            left -= is_working(day)
            day += _DAY
        begin, length = self._bounds(day)
        return max(start, begin + round(left * length) * _MICROSECOND)

    def _day(self, moment: dt.datetime) -> dt.date:
        return moment.astimezone(ZoneInfo(self.zone)).date()

    def _bounds(self, day: dt.date) -> tuple[dt.datetime, int]:
        """Begin of a day in UTC, and its length in microseconds."""
        begin = clock.start_of_day(day, self.zone)
        return begin, (clock.start_of_day(day + _DAY, self.zone) - begin) // _MICROSECOND

    def _passed(self, moment: dt.datetime) -> Fraction:
        """The part of its working day that has passed at a moment; 0 on a day that is none."""
        day = self._day(moment)
        if not clock.working_day_test(self.country)(day):
            return Fraction(0)
        begin, length = self._bounds(day)
        return Fraction((moment - begin) // _MICROSECOND, length)
