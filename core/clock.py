"""Time: one clock in UTC, plain dates in a place, working days of a certifier's calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
from django.utils import timezone


def now() -> dt.datetime:
    """The present moment, aware, in UTC."""
    return timezone.now()


def today_in(zone: str) -> dt.date:
    """The calendar day it is now in the time zone ``zone`` (IANA name): periods and departures are plain dates."""
    return now().astimezone(ZoneInfo(zone)).date()


def end_of_day(day: dt.date, zone: str) -> dt.datetime:
    """The last moment of ``day`` in ``zone``, in UTC."""
    # in UTC: before a midnight at which the clocks go back, the last wall-clock hour comes twice
    return start_of_day(day + dt.timedelta(days=1), zone) - dt.timedelta(microseconds=1)


def start_of_day(day: dt.date, zone: str) -> dt.datetime:
    """The first moment of ``day`` in ``zone``, in UTC."""
    return dt.datetime.combine(day, dt.time(), ZoneInfo(zone)).astimezone(dt.UTC)


@lru_cache(maxsize=128)
def holidays_of(country: str) -> holidays.HolidayBase:
    """Public holidays of an ISO 3166 country; none where the country is not known to the calendar package."""
    try:
        return holidays.country_holidays(country)
    except NotImplementedError:
        return holidays.HolidayBase()


def working_day_test(country: str) -> Callable[[dt.date], bool]:
    """A function telling whether a day is a working day (Monday to Friday, no public holiday) in ``country``."""
    free = holidays_of(country)
    return lambda day: day.weekday() < 5 and day not in free


def add_working_days(start: dt.date, days: int, country: str) -> dt.date:
    """The working day ``days`` working days after ``start``; with 0 the next working day at or after it."""
    is_working = working_day_test(country)
    day = start
    while not is_working(day):
        day += dt.timedelta(days=1)
    while days > 0:
        day += dt.timedelta(days=1)
        if is_working(day):
            days -= 1
    return day
