"""ACT-1: the exporter has told the actual weights of its earlier certificates."""

from __future__ import annotations

import dataclasses
import datetime as dt

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
        before = facts.today + dt.timedelta(days=rules.actuals_due_days_before_end)
        late = actuals.overdue(request.certifier_id, request.client_id, before, beside=request.replaces_certificate_id)
        rows = [dataclasses.asdict(row) for row in late]
        if not rows:
            return self.passed(_("No actual weights are overdue."))
        numbers = ", ".join(str(row["number"]) for row in rows)
        text = _("Actual weights are overdue for: %(numbers)s.") % {"numbers": numbers}
        if rules.overdue_actuals_fail:
            return self.failed(text, certificates=rows)
        return self.warned(text, certificates=rows)
