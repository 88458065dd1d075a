"""The service clock: working days of the certifier's calendar, stopped while a question is open."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from core import clock
from core.working_time import WorkingTime
from organizations.rules import Rules
from requests_app.models import Request


def start(request: Request, rules: Rules) -> None:
    """Start the clock of a request that is being submitted: target, hard limit, latest safe decision time."""
    zone = request.certifier.time_zone
    today = clock.today_in(zone)
    request.clock_due_at = target_end(request, rules, clock.now())
    request.hard_limit_at = clock.end_of_day(today + dt.timedelta(days=rules.hard_limit_days), zone)
    request.clock_stopped_at = None
    set_decide_by(request, rules)


def target_end(request: Request, rules: Rules, submitted: dt.datetime) -> dt.datetime:
    """End of the service target of a request submitted at ``submitted``; from the cut-off hour on the next day counts."""
    zone = request.certifier.time_zone
    local = submitted.astimezone(ZoneInfo(zone))
    counts_from = local.date() + dt.timedelta(days=local.hour >= rules.service_cut_off_hour)
    due = clock.add_working_days(counts_from, rules.service_target_working_days, request.certifier.country)
    return clock.end_of_day(due, zone)


def decide_by_if_submitted(request: Request, rules: Rules) -> dt.datetime | None:
    """Latest safe decision time of a draft if it were submitted now; None where that has passed already."""
    now = clock.now()
    ends = [target_end(request, rules, now)]
    if first_day(request) is not None:
        ends.append(safe_until(request, rules))
    return min(ends) if min(ends) > now else None


def stop(request: Request) -> None:
    """Stop the clock: a question is open."""
    request.clock_stopped_at = clock.now()


def resume(request: Request, rules: Rules) -> None:
    """Let the clock go on; its end moves by the working time for which it stood: a weekend gives none and takes none."""
    if request.clock_stopped_at and request.clock_due_at:
        calendar = WorkingTime(request.certifier.time_zone, request.certifier.country)
        stood = calendar.between(request.clock_stopped_at, clock.now())
        request.clock_due_at = calendar.after(request.clock_due_at, stood)
    request.clock_stopped_at = None
    set_decide_by(request, rules)


def first_day(request: Request) -> dt.date | None:
    """The first planned departure, else the start date: what the queue's order looks at."""
    return request.departure_date or request.start_date


def departure_zone(request: Request) -> str:
    """The time zone in which the departure is a plain date: the port's, else the certifier's."""
    return request.port_time_zone or request.certifier.time_zone


def safe_until(request: Request, rules: Rules) -> dt.datetime:
    """The latest time at which a decision comes safely before the first departure: its day's begin minus the buffer."""
    day = first_day(request)
    if day is None:
        raise ValueError("the request has neither a departure nor a start date")
    return clock.start_of_day(day, departure_zone(request)) - dt.timedelta(hours=rules.departure_buffer_hours)


def set_decide_by(request: Request, rules: Rules) -> None:
    """Latest safe decision time: the earlier of clock end and departure minus the certifier's buffer."""
    ends = [request.clock_due_at] if request.clock_due_at else []
    if first_day(request) is not None:
        ends.append(safe_until(request, rules))
    request.decide_by = min(ends) if ends else None


CLOCK_FIELDS = ("clock_due_at", "clock_stopped_at", "hard_limit_at", "decide_by")


def values(request: Request) -> dict[str, dt.datetime | None]:
    """The clock's fields, for an UPDATE."""
    return {name: getattr(request, name) for name in CLOCK_FIELDS}
