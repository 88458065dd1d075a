"""QTY: weights that add up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.checks import Finding, registry
from requests_app.checks.base import RequestCheck
from requests_app.domain.facts import RequestFacts


@registry.register
class NetWithinGross(RequestCheck):
    """QTY-1: net ≤ gross."""

    code = "QTY-1"
    title = gettext_lazy("Net weight is not above gross weight")
    citation = "7 USC 6502(13)"
    field = "gross_kg"

    def judge(self, facts: RequestFacts) -> Finding:
        net, gross = facts.request.net_kg, facts.request.gross_kg
        figures: dict[str, Any] = {"net_kg": net, "gross_kg": gross}
        if net is None or gross is None:
            return self.not_applicable(_("Net or gross weight is not given."), **figures)
        if net > gross:
            words = {"net": f"{net:,.3f}", "gross": f"{gross:,.3f}"}
            return self.failed(_("%(net)s kg net is more than %(gross)s kg gross.") % words, **figures)
        return self.passed(_("Net is within gross."), **figures)


@registry.register
class LotsAddUp(RequestCheck):
    """QTY-2: the lots add up to the net weight."""

    code = "QTY-2"
    title = gettext_lazy("The lots add up to the net weight")
    citation = "7 CFR 205.273"
    field = "lots"

    def judge(self, facts: RequestFacts) -> Finding:
        if not facts.lots:
            return self.not_applicable(_("No lots are given."))
        net = facts.request.net_kg or Decimal(0)
        total = sum((row.kg for row in facts.lots), Decimal(0))
        rows = [{"lot": row.lot, "kg": row.kg} for row in facts.lots]
        figures: dict[str, Any] = {"net_kg": net, "lots": rows, "lots_kg": total, "difference_kg": total - net}
        if total != net:
            words = {"total": f"{total:,.3f}", "net": f"{net:,.3f}", "difference": f"{total - net:+,.3f}"}
            text = _("The lots add up to %(total)s kg, the net weight is %(net)s kg: %(difference)s kg.")
            return self.failed(text % words, **figures)
        return self.passed(_("The lots add up."), **figures)
