"""The service clock at submit: cut-off hour, target, departure; what the exporter reads is what is stored."""

from __future__ import annotations

import dataclasses
import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.test import Client as Browser

from core import clock
from core.identity import act_as
from core.templatetags.portal_format import moment
from organizations.models import Certifier
from organizations.rules import Rules
from requests_app.domain import service_clock
from requests_app.models import Request
from tests.support.drafts import complete_draft
from tests.support.world import World, sign_in


def draft(**fields: object) -> Request:
    return Request(certifier=Certifier(time_zone="America/Lima", country="PE"), **fields)


def lima(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/Lima")).astimezone(dt.UTC)


@pytest.mark.parametrize(
    ("submitted", "cut_off", "target", "last_day"),
    [
        ("2026-07-20T14:59", 15, 1, "2026-07-21"),
        ("2026-07-20T15:00", 15, 1, "2026-07-22"),
        ("2026-07-20T23:59", 24, 1, "2026-07-21"),
        # Friday after the cut-off counts as of Monday; so does the whole weekend, whatever the hour
        ("2026-07-17T16:00", 15, 1, "2026-07-21"),
        ("2026-07-18T09:00", 15, 1, "2026-07-21"),
        ("2026-07-19T23:00", 15, 1, "2026-07-21"),
        # after the cut-off on the eve of two holidays
        ("2026-07-27T16:00", 15, 1, "2026-07-31"),
    ],
)
def test_the_target_counts_from_the_cut_off(submitted, cut_off, target, last_day):
    rules = dataclasses.replace(Rules(), service_cut_off_hour=cut_off, service_target_working_days=target)
    end = service_clock.target_end(draft(), rules, lima(submitted))
    assert end == clock.end_of_day(dt.date.fromisoformat(last_day), "America/Lima")


def test_what_is_shown_is_what_would_be_stored(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(clock, "now", lambda: lima("2026-07-20T16:00"))
    rules = dataclasses.replace(Rules(), service_cut_off_hour=15)
    for departure in (None, dt.date(2026, 7, 23), dt.date(2026, 9, 1)):
        request = draft(departure_date=departure)
        shown = service_clock.decide_by_if_submitted(request, rules)
        assert request.clock_due_at is None
        service_clock.start(request, rules)
        assert shown == request.decide_by
    assert service_clock.decide_by_if_submitted(draft(departure_date=dt.date(2026, 7, 21)), rules) is None


@pytest.mark.django_db
def test_the_exporter_reads_it_before_submitting(world: World, client: Browser):
    request = complete_draft(world)
    sign_in(client, world.members["signatory"])
    page = client.get(f"/requests/{request.pk}/submit/").content.decode()
    with act_as(world.who("signatory")):
        shown = service_clock.decide_by_if_submitted(Request.objects.get(pk=request.pk), Rules())
    assert shown is not None
    assert moment(shown) in page
