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
        """A pass that rests on old directory data, or on data that the newest directory does not confirm, is a warning."""
        age, limit = facts.directory_age(operation), facts.rules.directory_max_age_days
        if finding.outcome != "pass":
            return finding
        figures = {**finding.compared, "directory_age_days": age, "directory_limit_days": limit}
        if operation.last_seen is not None:
            words = {"name": operation.name, "day": operation.last_seen.isoformat()}
            text = _("%(name)s is not in the newest directory; it was listed last on %(day)s.") % words
            return self.warned(text, **figures)
        if age <= limit:
            return finding
        ages = {"days": age, "limit": limit}
        text = _("Certified, but the directory's data are %(days)s days old (more than %(limit)s).") % ages
        return self.warned(text, **figures)


def is_certified(status: str) -> bool:
    """Only "Certified" may trade."""
    return status == OperationStatus.CERTIFIED
