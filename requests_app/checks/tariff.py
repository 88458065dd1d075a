"""HTS: is the tariff code a code, in force all the time, and the right one?"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.checks import Finding, registry
from requests_app.checks.base import RequestCheck
from requests_app.domain.facts import RequestFacts


@registry.register
class HtsKnown(RequestCheck):
    """HTS-1: ten digits, in the tariff table."""

    code = "HTS-1"
    title = gettext_lazy("The HTS code is known")
    citation = "7 USC 6502(13)"
    overridable = False
    field = "hts_code"

    def judge(self, facts: RequestFacts) -> Finding:
        code = facts.request.hts_code
        if len(code) != 10 or not code.isdigit():
            return self.failed(_("An HTS code has exactly ten digits."), hts_code=code)
        if facts.hts is None or not facts.hts.known:
            return self.failed(_("%(code)s is not in the tariff table.") % {"code": code}, hts_code=code)
        return self.passed(facts.hts.description, hts_code=code, certified_organic=facts.hts.certified_organic)


@registry.register
class HtsInForce(RequestCheck):
    """HTS-2: in force on every day of the period; where an edition's dates are not entered, that is said."""

    code = "HTS-2"
    title = gettext_lazy("The HTS code is in force every day of the period")
    citation = "19 CFR 152"
    field = "hts_code"

    def judge(self, facts: RequestFacts) -> Finding:
        start, end, code = facts.request.start_date, facts.request.end_date, facts.hts
        if code is None or not code.known or not start or not end or start > end:
            return self.not_applicable(_("Code or period is not known yet."))
        figures: dict[str, Any] = {
            "hts_code": facts.request.hts_code, "start_date": start, "end_date": end, "first_day": code.first_day,
            "last_day": code.last_day, "season": list(code.season) if code.season else [],
        }  # fmt: skip
        days = (start + dt.timedelta(days=number) for number in range((end - start).days + 1))
        missing = next((day for day in days if not code.in_force(day)), None)
        if missing is not None:
            text = _("The code is not in force on %(day)s.") % {"day": missing}
            if code.season and replace(code, season=None).in_force(missing):
                start_mark, end_mark = (f"{mark[:2]}-{mark[2:]}" for mark in code.season)
                words = {"day": missing, "from": start_mark, "until": end_mark}
                text = (
                    _("The code is seasonal, %(from)s to %(until)s of each year; it is not in force on %(day)s.")
                    % words
                )
            return self.failed(text, missing_day=missing, **figures)
        if not code.dates_known:
            return self.warned(_("Dates unknown: the first day of an edition has not been entered."), **figures)
        return self.passed(_("In force all the time."), **figures)


@registry.register
class OrganicSibling(RequestCheck):
    """HTS-3: a code with the organic suffix exists under the same eight digits."""

    code = "HTS-3"
    title = gettext_lazy("A code for organic goods is used where there is one")
    citation = "HTSUS statistical suffixes"
    field = "hts_code"

    def judge(self, facts: RequestFacts) -> Finding:
        if facts.hts is None or not facts.hts.known:
            return self.not_applicable(_("The code is not known."))
        siblings = [{"code": row.code, "description": row.description} for row in facts.hts_siblings]
        figures: dict[str, Any] = {"hts_code": facts.request.hts_code, "siblings": siblings}
        if facts.hts.certified_organic or not siblings:
            return self.passed(_("No better code is known."), **figures)
        words = {"codes": ", ".join(row["code"] for row in siblings)}
        return self.warned(_("Codes for certified organic goods exist: %(codes)s.") % words, **figures)
