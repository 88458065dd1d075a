"""PER: the period and the departure."""

from __future__ import annotations

from typing import Any

from dateutil.relativedelta import relativedelta
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.checks import Finding, Moment, registry
from requests_app.checks.base import RequestCheck
from requests_app.domain import service_clock
from requests_app.domain.facts import RequestFacts


@registry.register
class PeriodFits(RequestCheck):
    """PER-1: start ≤ end, not in the past, not longer than the certifier allows."""

    code = "PER-1"
    title = gettext_lazy("The period fits")
    citation = "7 CFR 205.273"
    field = "start_date"

    def judge(self, facts: RequestFacts) -> Finding:
        start, end = facts.request.start_date, facts.request.end_date
        months = min(facts.client.max_period_months or facts.rules.max_period_months, facts.rules.max_period_months)
        figures: dict[str, Any] = {"start_date": start, "end_date": end, "today": facts.today, "max_months": months}
        if not start or not end:
            return self.failed(_("Enter the first and the last day."), **figures)
        if start > end:
            return self.failed(_("The period ends before it starts."), "end_date", **figures)
        if start < facts.today and facts.moment in {Moment.DRAFT, Moment.SUBMIT}:
            return self.failed(_("The period starts in the past."), **figures)
        if end < facts.today:
            return self.failed(_("The period is over."), "end_date", **figures)
        if end >= start + relativedelta(months=months):
            text = _("The period is longer than %(months)s months.") % {"months": months}
            return self.failed(text, "end_date", **figures)
        return self.passed(_("The period fits."), **figures)


@registry.register
class DepartureAfterDecision(RequestCheck):
    """PER-2: the goods do not depart before a decision can be made; a departure in the past never passes."""

    code = "PER-2"
    title = gettext_lazy("Departure is not before the decision")
    citation = "7 CFR 205.273 (issued before export)"
    overridable = False
    field = "departure_date"

    def judge(self, facts: RequestFacts) -> Finding:
        request = facts.request
        if request.kind == "multiple":
            return self.not_applicable(_("Departures come with each shipment."))
        day, today = request.departure_date, facts.today_at_port
        figures: dict[str, Any] = {
            "departure_date": day,
            "today_at_port": today,
            "port_time_zone": service_clock.departure_zone(request),
        }
        if day is None:
            return self.failed(_("Enter the planned departure."), **figures)
        if day < today:
            return self.failed(_("The departure is in the past: no certificate is issued afterwards."), **figures)
        if request.start_date and request.end_date and not request.start_date <= day <= request.end_date:
            return self.failed(_("The departure lies outside the period."), **figures)
        # at the decision itself what counts is that the goods have not left
        if facts.moment in {Moment.DRAFT, Moment.SUBMIT} and facts.now > service_clock.safe_until(request, facts.rules):
            hours = facts.rules.departure_buffer_hours
            text = _("The departure is less than %(hours)s hours away: the decision may come too late.") % {
                "hours": hours
            }
            return self.warned(text, **figures)
        return self.passed(_("The departure is ahead."), **figures)
