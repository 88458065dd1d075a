"""DOC: the papers."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.checks import Finding, registry
from requests_app.checks.base import RequestCheck
from requests_app.domain.facts import RequestFacts
from requests_app.models import DocumentKind


@registry.register
class RequiredDocuments(RequestCheck):
    """DOC-1: the documents that the certifier requires for this kind of request are there."""

    code = "DOC-1"
    title = gettext_lazy("Required documents are there")
    citation = "7 CFR 205.103"
    field = "documents"

    def judge(self, facts: RequestFacts) -> Finding:
        rules = facts.rules
        single = facts.request.kind == "single"
        required = rules.document_kinds_single if single else rules.document_kinds_multiple
        there = sorted({row.kind for row in facts.documents})
        missing = [kind for kind in required if kind not in there]
        figures: dict[str, Any] = {"required": list(required), "there": there, "missing": missing}
        if missing:
            names = ", ".join(str(DocumentKind(kind).label) for kind in missing)
            text = _("Missing: %(names)s.") % {"names": names}
            if settings.CLAMD:
                text += " " + _("A document counts once it has been checked for viruses.")
            return self.failed(text, **figures)
        if not required:
            return self.not_applicable(_("No document is required before loading."), **figures)
        return self.passed(_("All are there."), **figures)
