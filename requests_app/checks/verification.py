"""PVF, ORG, STD: does the request say what the Product Verification Form says?"""

from __future__ import annotations

import difflib
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.checks import Finding, registry
from pvf.models import PVF
from requests_app.checks.base import RequestCheck
from requests_app.domain.facts import RequestFacts


@registry.register
class LineInForce(RequestCheck):
    """PVF-1: an approved PVF in force on the day of decision and on the start date."""

    code = "PVF-1"
    title = gettext_lazy("The product is on an approved PVF in force")
    citation = "7 CFR 205.273(a)"
    overridable = False
    needs_lock = True
    field = "line_id"

    def judge(self, facts: RequestFacts) -> Finding:
        pvf, terms = facts.pvf, facts.terms
        if pvf is None:
            return self.failed(_("Choose a product of your PVF."))
        start = facts.request.start_date or facts.today
        figures: dict[str, Any] = {
            "pvf": pvf.number, "state": pvf.state, "pvf_from": pvf.period_start, "pvf_until": pvf.period_end,
            "today": facts.today, "start_date": start, "end_date": facts.request.end_date,
        }  # fmt: skip
        if pvf.state != PVF.State.APPROVED or terms is None:
            return self.failed(_("The PVF is not approved, or the product is no longer on it."), **figures)
        for day in (facts.today, start):
            if not pvf.period_start <= day <= pvf.period_end:
                words = {"day": day, "start": pvf.period_start, "end": pvf.period_end}
                text = _("The PVF is in force from %(start)s to %(end)s, not on %(day)s.")
                return self.failed(text % words, **figures)
        if facts.request.end_date and facts.request.end_date > pvf.period_end:
            text = _("The period runs past the end of the PVF (%(end)s).") % {"end": pvf.period_end}
            return self.failed(text, **figures) if facts.rules.past_pvf_end_fails else self.warned(text, **figures)
        return self.passed(_("Approved and in force."), **figures)


def differences(left: str, right: str) -> list[list[str]]:
    """Where two names differ, letter by letter: (equal, delete = only left, insert = only right) with the text."""
    pieces: list[list[str]] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(["equal", left[a:b]])
            continue
        pieces += [["delete", left[a:b]]] if b > a else []
        pieces += [["insert", right[c:d]]] if d > c else []
    return pieces


@registry.register
class LabelName(RequestCheck):
    """PVF-2: the product's name is the label name of the PVF line, letter by letter."""

    code = "PVF-2"
    title = gettext_lazy("The product name is that of the label")
    citation = "7 CFR 205.273(a)"
    field = "label_name"

    def judge(self, facts: RequestFacts) -> Finding:
        if facts.terms is None:
            return self.not_applicable(_("No product is chosen yet."))
        typed, label = facts.request.label_name, facts.terms.label_name
        figures: dict[str, Any] = {"label_name": typed, "pvf_label_name": label}
        if typed != label:
            text = _("“%(typed)s” is not “%(label)s”, the name on the label.") % {"typed": typed, "label": label}
            return self.failed(text, differences=differences(typed, label), **figures)
        return self.passed(_("The names are the same."), **figures)


@registry.register
class HtsOnLine(RequestCheck):
    """PVF-3: the HTS code is one of the line's."""

    code = "PVF-3"
    title = gettext_lazy("The HTS code is on the PVF line")
    citation = "7 CFR 205.273(a)"
    field = "hts_code"

    def judge(self, facts: RequestFacts) -> Finding:
        if facts.terms is None:
            return self.not_applicable(_("No product is chosen yet."))
        figures: dict[str, Any] = {"hts_code": facts.request.hts_code, "pvf_hts_codes": facts.terms.hts_codes}
        if facts.request.hts_code not in facts.terms.hts_codes:
            words = {"code": facts.request.hts_code or "–", "codes": ", ".join(facts.terms.hts_codes)}
            return self.failed(_("%(code)s is not on the line; these are: %(codes)s.") % words, **figures)
        return self.passed(_("The code is on the line."), **figures)


@registry.register
class OriginAllowed(RequestCheck):
    """ORG-1: the country of origin is one of the line's."""

    code = "ORG-1"
    title = gettext_lazy("The origin is allowed on the line")
    citation = "7 USC 6502(13)"
    field = "origin"

    def judge(self, facts: RequestFacts) -> Finding:
        if facts.terms is None:
            return self.not_applicable(_("No product is chosen yet."))
        figures: dict[str, Any] = {"origin": facts.request.origin, "pvf_origins": facts.terms.origins}
        if facts.request.origin not in facts.terms.origins:
            words = {"origin": facts.request.origin or "–", "origins": ", ".join(facts.terms.origins)}
            return self.failed(_("Origin %(origin)s is not on the line; these are: %(origins)s.") % words, **figures)
        return self.passed(_("The origin is on the line."), **figures)


_EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()
#: Standards of the trade arrangements → where goods under them come from. USDA-NOP goods come from anywhere.
ARRANGEMENTS: dict[str, frozenset[str]] = {
    "COR": frozenset({"CA"}),
    "EU": frozenset(_EU),
    "UK": frozenset({"GB"}),
    "CH": frozenset({"CH"}),
    "JAS": frozenset({"JP"}),
    "KOR": frozenset({"KR"}),
    "TW": frozenset({"TW"}),
}


@registry.register
class StandardFits(RequestCheck):
    """STD-1: the certifier may issue under this organic standard, and its trade arrangement covers the origin."""

    code = "STD-1"
    title = gettext_lazy("The organic standard fits origin and issuer")
    citation = "7 CFR 205.500"
    field = "standard"

    def judge(self, facts: RequestFacts) -> Finding:
        standard, origin = facts.request.standard, facts.request.origin
        figures: dict[str, Any] = {"standard": standard, "standards": list(facts.rules.standards), "origin": origin}
        if standard not in facts.rules.standards:
            words = {"standard": standard or "–", "standards": ", ".join(facts.rules.standards)}
            return self.failed(_("%(standard)s is not one of this certifier's: %(standards)s.") % words, **figures)
        countries = ARRANGEMENTS.get(standard)
        if countries is not None and origin and origin not in countries:
            words = {"standard": standard, "origin": origin}
            return self.failed(_("%(standard)s does not cover goods from %(origin)s.") % words, **figures)
        return self.passed(_("The certifier issues under this standard."), **figures)
