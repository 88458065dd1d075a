"""RPL: the certificate that a request is to replace can be replaced."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.checks import Finding, registry
from requests_app.checks.base import RequestCheck
from requests_app.domain.facts import RequestFacts


@registry.register
class CanBeReplaced(RequestCheck):
    """RPL-1: it is the exporter's own, issued, and no other request replaces it."""

    code = "RPL-1"
    title = gettext_lazy("The certificate can be replaced")
    citation = "7 CFR 205.273"
    overridable = False
    field = "replaces_certificate_id"

    def judge(self, facts: RequestFacts) -> Finding:
        old = facts.replaced
        if old is None:
            return self.not_applicable(_("This request replaces no certificate."))
        figures: dict[str, Any] = {"number": old.number, "rest_kg": old.rest_kg, "covered_kg": facts.covered}
        if old.problem:
            return self.failed(old.problem, **figures)
        words = {"number": old.number, "rest": f"{old.rest_kg:,.3f}", "covered": f"{facts.covered:,.3f}"}
        text = _("Replaces %(number)s, of which %(rest)s kg have not shipped; %(covered)s kg of them count here.")
        return self.passed(text % words, **figures)
