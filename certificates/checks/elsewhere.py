"""DUP-2: the same lot in the same container or under the same bill of lading at another certifier."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from certificates.domain import marks
from core.checks import Finding, Moment, registry
from requests_app.checks.base import RequestCheck
from requests_app.domain.facts import RequestFacts


@registry.register
class SeenElsewhere(RequestCheck):
    """DUP-2: certifier staff only, never on drafts or at submit: else it would be an oracle on competitors."""

    code = "DUP-2"
    title = gettext_lazy("The goods are not on another certifier's certificate")
    citation = "7 CFR 205.273"
    field = "lots"
    staff_only = True
    on_drafts = False

    def judge(self, facts: RequestFacts) -> Finding:
        if facts.moment not in {Moment.REVIEW, Moment.APPROVE}:
            return self.not_applicable(_("Looked at in review."))
        places = [row.number for row in facts.containers] + [facts.request.bill_of_lading]
        found = marks.marks_of((row.lot for row in facts.lots), places)
        if not found:
            return self.not_applicable(_("No lot is given together with a container or bill of lading."))
        if marks.seen_elsewhere(found):
            return self.warned(_("Seen elsewhere: ask the exporter whether another certifier was asked too."))
        return self.passed(_("Not seen elsewhere within 60 days."))
