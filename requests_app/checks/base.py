"""What the checks of this floor share."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from core.checks import Check, Finding
from organizations.models import Operation, OperationStatus
from requests_app.domain.facts import RequestFacts


class RequestCheck(Check):
    """A check over :class:`~requests_app.domain.facts.RequestFacts`. Subclasses implement :meth:`judge`."""

    def run(self, facts: Any) -> Finding:
        if not isinstance(facts, RequestFacts):
            raise TypeError(f"{self.code} judges requests")
        return self.judge(facts)

    def judge(self, facts: RequestFacts) -> Finding:
        """The finding."""
        raise NotImplementedError

    def with_directory_age(self, facts: RequestFacts, operation: Operation, finding: Finding) -> Finding:
        """A pass that rests on old directory data becomes a warning."""
        age, limit = facts.directory_age(operation), facts.rules.directory_max_age_days
        if finding.outcome != "pass" or age <= limit:
            return finding
        words = {"days": age, "limit": limit}
        text = _("Certified, but the directory's data are %(days)s days old (more than %(limit)s).") % words
        return self.warned(text, **{**finding.compared, "directory_age_days": age, "directory_limit_days": limit})


def is_certified(status: str) -> bool:
    """Only "Certified" may trade."""
    return status == OperationStatus.CERTIFIED
