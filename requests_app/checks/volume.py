"""VOL: is there volume left, and do the supplier's invoices support it?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.checks import Finding, registry
from requests_app.checks.base import RequestCheck
from requests_app.domain.facts import RequestFacts


@registry.register
class RemainingVolume(RequestCheck):
    """VOL-1: net kg ≤ available + what this request already holds reserved + the rest of the certificate it replaces."""

    code = "VOL-1"
    title = gettext_lazy("Volume remains on the PVF line")
    citation = "7 CFR 205.273; 7 CFR 205.400"
    overridable = False
    needs_lock = True
    field = "entered_quantity"

    def judge(self, facts: RequestFacts) -> Finding:
        asked, available = facts.request.net_kg, facts.available
        if asked is None or available is None:
            return self.failed(_("Choose a product and enter a weight."))
        covered = facts.covered
        limit = available + facts.held + covered
        figures: dict[str, Any] = {
            "asked_kg": asked, "available_kg": available, "held_kg": facts.held, "limit_kg": limit,
            **({"replaced_kg": covered} if covered else {}), "left_kg": limit - asked,
            "over_kg": max(asked - limit, Decimal(0)),
        }  # fmt: skip
        words = {name: f"{value:,.3f}" for name, value in figures.items()}
        if asked > limit and covered:
            text = _(
                "%(asked_kg)s kg asked for − (%(available_kg)s kg available + %(held_kg)s kg held by this request + "
                "%(replaced_kg)s kg of the certificate it replaces) = %(over_kg)s kg too many."
            )
            return self.failed(text % words, **figures)
        if asked > limit:
            text = _(
                "%(asked_kg)s kg asked for − (%(available_kg)s kg available + %(held_kg)s kg held by this request) = "
                "%(over_kg)s kg too many."
            )
            return self.failed(text % words, **figures)
        text = _("%(asked_kg)s kg asked for; %(left_kg)s kg of %(limit_kg)s kg would be left.")
        return self.passed(text % words, **figures)


@registry.register
class InvoicesSupportVolume(RequestCheck):
    """VOL-2: the kilograms typed from the supplier's invoices reach the net weight."""

    code = "VOL-2"
    title = gettext_lazy("Supplier invoices support the volume")
    citation = "7 CFR 205.103"
    field = "invoices"

    def judge(self, facts: RequestFacts) -> Finding:
        if facts.request.kind == "multiple":
            return self.not_applicable(_("Invoices come with each shipment."))
        asked = facts.request.net_kg or Decimal(0)
        rows = [{"number": row.number, "kg": row.kg} for row in facts.invoices if row.kg is not None]
        total = sum((row.kg for row in facts.invoices if row.kg is not None), Decimal(0))
        figures: dict[str, Any] = {
            "asked_kg": asked,
            "invoices": rows,
            "invoices_kg": total,
            "difference_kg": total - asked,
        }
        words = {"total": f"{total:,.3f}", "asked": f"{asked:,.3f}"}
        if not rows:
            return self.warned(_("No invoice with kilograms is given."), **figures)
        if total < asked:
            text = _("The invoices add up to %(total)s kg, less than the %(asked)s kg asked for.")
            return self.warned(text % words, **figures)
        return self.passed(_("The invoices add up to %(total)s kg.") % words, **figures)
