"""ACT-1: the exporter has told the actual weights of its earlier certificates."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from certificates.domain import actuals
from core.checks import Finding, registry
from requests_app.checks.base import RequestCheck
from requests_app.domain.facts import RequestFacts


@registry.register
class NoOverdueActuals(RequestCheck):
    """ACT-1: no certificate of the exporter is near its end, or past it, without a declared total."""

    code = "ACT-1"
    title = gettext_lazy("No actual weights are overdue")
    citation = "7 CFR 205.273"
    mendable = False

    def judge(self, facts: RequestFacts) -> Finding:
        request, rules = facts.request, facts.rules
        late = actuals.overdue(request.client_id, facts.today, rules.actuals_due_days_before_end)
        late = late.exclude(pk=request.replaces_certificate_id) if request.replaces_certificate_id else late
        rows = [
            {"number": number, "end_date": end, "shipped_kg": shipped, "net_kg": net}
            for number, end, shipped, net in late.values_list("number", "end_date", "shipped_kg", "net_kg")[:20]
        ]
        if not rows:
            return self.passed(_("No actual weights are overdue."))
        numbers = ", ".join(str(row["number"]) for row in rows)
        text = _("Actual weights are overdue for: %(numbers)s.") % {"numbers": numbers}
        if rules.overdue_actuals_fail:
            return self.failed(text, certificates=rows)
        return self.warned(text, certificates=rows)
