"""CTR: container numbers that can be right."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from stdnum import iso6346

from core.checks import Finding, registry
from requests_app.checks.base import RequestCheck
from requests_app.domain.facts import RequestFacts


@registry.register
class ContainerCheckDigit(RequestCheck):
    """CTR-1: sea containers have the check digit of ISO 6346."""

    code = "CTR-1"
    title = gettext_lazy("Container numbers have the right check digit")
    citation = "ISO 6346"
    field = "containers"

    def judge(self, facts: RequestFacts) -> Finding:
        if facts.request.transport_mode != "sea" or not facts.containers:
            return self.not_applicable(_("No sea containers are given."))
        rows = [{"number": row.number, "valid": iso6346.is_valid(row.number)} for row in facts.containers]
        bad = [str(row["number"]) for row in rows if not row["valid"]]
        if bad:
            text = _("Check digit or form is wrong: %(numbers)s.") % {"numbers": ", ".join(bad)}
            return self.warned(text, containers=rows)
        return self.passed(_("All check digits are right."), containers=rows)
