"""Days and moments in mails: in the reader's language, from what a notification's JSON holds."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import translation

from core.templatetags.portal_format import plain_day, plain_time


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("2026-12-08", "8 Dec 2026"), ("2026-12-08T23:30:00+00:00", "8 Dec 2026"), (dt.date(2026, 12, 8), "8 Dec 2026"),
        (None, "—"), ("", "—"), ("at once", "at once"),
    ],
)  # fmt: skip
def test_a_day_is_shown_in_words(value: object, shown: str) -> None:
    assert plain_day(value) == shown  # type: ignore[arg-type]


def test_a_moment_keeps_its_hour_and_names_its_zone() -> None:
    assert plain_time("2026-12-08T14:05:59+00:00", "UTC") == "8 Dec 2026, 14:05 UTC"
    assert plain_time("soon") == "soon"


def test_the_month_is_the_reader_s() -> None:
    with translation.override("es"):
        assert plain_day("2026-12-08") == "8 dic 2026"
