"""Working time of a calendar: between two moments, and where it ends."""

import datetime as dt
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import clock
from core.working_time import WorkingTime

PLACES = [
    ("America/Lima", "PE"), ("America/New_York", "US"), ("America/Santiago", "CL"), ("America/Havana", "CU"),
    ("Europe/Madrid", "ES"), ("Asia/Kathmandu", "NP"), ("Australia/Lord_Howe", "AU"),
]  # fmt: skip
calendars = st.sampled_from([WorkingTime(*place) for place in PLACES])
BEGIN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
moments = st.timedeltas(dt.timedelta(0), dt.timedelta(days=545)).map(lambda passed: BEGIN + passed)
lengths = st.fractions(0, 12, max_denominator=86_400)


def at(zone, text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)


@given(calendars, moments, moments, moments)
@settings(max_examples=150, deadline=None)
def test_parts_add_up(calendar, one, two, three):
    first, second, third = sorted([one, two, three])
    whole = calendar.between(first, third)
    assert whole == calendar.between(first, second) + calendar.between(second, third)
    assert 0 <= whole <= (third - first) / dt.timedelta(hours=23)


@given(calendars, moments, lengths, lengths)
@settings(max_examples=150, deadline=None)
def test_more_time_never_ends_earlier_and_never_before_the_start(calendar, start, shorter, longer):
    shorter, longer = sorted([shorter, longer])
    assert start <= calendar.after(start, shorter) <= calendar.after(start, longer)


@given(calendars, moments, moments, lengths)
@settings(max_examples=150, deadline=None)
def test_a_later_start_never_ends_earlier(calendar, one, other, length):
    early, late = sorted([one, other])
    assert calendar.after(early, length) <= calendar.after(late, length)


@given(calendars, moments, lengths)
@settings(max_examples=150, deadline=None)
def test_what_is_added_is_what_passes(calendar, start, length):
    passed = calendar.between(start, calendar.after(start, length))
    # moments are whole microseconds; the shortest day here has more than 22 hours
    assert abs(passed - length) <= Fraction(1, 22 * 3600 * 1_000_000)


@given(calendars, moments, st.integers(0, 8), moments, moments)
@settings(max_examples=150, deadline=None)
def test_a_stop_never_shortens_what_is_left(calendar, started, target, one, other):
    """What is left when the clock stops is left when it goes on; the end is never earlier than without the stop."""
    day = clock.add_working_days(started.astimezone(ZoneInfo(calendar.zone)).date(), target, calendar.country)
    due = clock.end_of_day(day, calendar.zone)
    stopped, resumed = sorted([one, other])
    ends = calendar.after(due, calendar.between(stopped, resumed))
    assert ends >= due
    if stopped <= due:
        left = calendar.between(stopped, due)
        assert abs(calendar.between(resumed, ends) - left) <= Fraction(1, 22 * 3600 * 1_000_000) or resumed > ends
        assert resumed <= ends or left == 0


@pytest.mark.parametrize(
    ("zone", "country", "due", "stopped", "resumed", "ends"),
    [
        # over a weekend: Friday noon to Monday noon is one working day
        ("America/Lima", "PE", "2026-07-14T12:00", "2026-07-10T12:00", "2026-07-13T12:00", "2026-07-15T12:00"),
        # asked and answered at the weekend: nothing moves
        ("America/Lima", "PE", "2026-07-14T12:00", "2026-07-11T09:00", "2026-07-12T22:00", "2026-07-14T12:00"),
        # on Peru's independence days: nothing moves
        ("America/Lima", "PE", "2026-07-31T12:00", "2026-07-28T00:00", "2026-07-29T23:00", "2026-07-31T12:00"),
        # what is added runs over the weekend
        ("America/Lima", "PE", "2026-07-10T18:00", "2026-07-09T06:00", "2026-07-09T18:00", "2026-07-13T06:00"),
        # due the same day, asked for three hours: three hours later, not a day
        ("America/Lima", "PE", "2026-07-09T16:00", "2026-07-09T10:00", "2026-07-09T13:00", "2026-07-09T19:00"),
        # due the same day, at the end of the last day before the weekend
        ("America/Lima", "PE", "2026-07-10T22:00", "2026-07-10T10:00", "2026-07-10T14:00", "2026-07-13T02:00"),
        # clocks change at night in the weekend, in which there is no working time
        ("Europe/Madrid", "ES", "2026-03-31T12:00", "2026-03-27T12:00", "2026-03-30T12:00", "2026-04-01T12:00"),
    ],
)
def test_cases(zone, country, due, stopped, resumed, ends):
    calendar = WorkingTime(zone, country)
    stood = calendar.between(at(zone, stopped), at(zone, resumed))
    assert calendar.after(at(zone, due), stood) == at(zone, ends)


@pytest.mark.parametrize(("day", "hours"), [(dt.date(2026, 4, 24), 23), (dt.date(2026, 10, 29), 25)])
def test_a_day_on_which_the_clocks_change_is_one_day(day, hours):
    """Egypt changes at midnight of days that the calendar taken here works on: 23 or 25 hours are one working day."""
    calendar = WorkingTime("Africa/Cairo", "US")
    begin, end = (clock.start_of_day(day + dt.timedelta(step), calendar.zone) for step in (0, 1))
    assert end - begin == dt.timedelta(hours=hours)
    assert calendar.between(begin, end) == 1
    before = clock.end_of_day(day - dt.timedelta(1), calendar.zone)
    assert (
        calendar.after(before, Fraction(1))
        == clock.end_of_day(day, calendar.zone)
        == end - dt.timedelta(microseconds=1)
    )
