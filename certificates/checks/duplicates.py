"""DUP-1: the exporter's lot on another live certificate."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from certificates.models import CertificateState
from core.checks import Finding, registry
from requests_app.checks.base import RequestCheck
from requests_app.domain.facts import RequestFacts
from requests_app.models import RequestLot

#: The goods of these certificates are certified, under way or have arrived.
LIVE = (
    CertificateState.AWAITING_NUMBER,
    CertificateState.AWAITING_DOCUMENT,
    CertificateState.ISSUED,
    CertificateState.CONTINUITY,
    CertificateState.CLOSED,
)


@registry.register
class LotNotTwice(RequestCheck):
    """DUP-1: what is certified of a lot, with this request, stays within the lot's declared weight."""

    code = "DUP-1"
    title = gettext_lazy("No lot is certified twice")
    citation = "7 CFR 205.273"
    field = "lots"

    def judge(self, facts: RequestFacts) -> Finding:
        if not facts.lots:
            return self.not_applicable(_("No lots are given."))
        others = _elsewhere(facts) if facts.lots_elsewhere else {}
        rows = [_row(lot, others.get(lot.lot, [])) for lot in facts.lots if lot.lot in others]
        if not rows:
            names = [lot.lot for lot in facts.lots]
            return self.passed(_("None of the lots is on another live certificate."), lots=names)
        over = [row for row in rows if row["over_kg"] is None or row["over_kg"] > 0]
        if over:
            names_text = ", ".join(str(row["lot"]) for row in over)
            text = _("Lot %(lots)s is on another certificate too, and together above its declared weight.")
            return self.warned(text % {"lots": names_text}, lots=rows)
        return self.passed(_("Lots on other certificates stay within their declared weight."), lots=rows)


_ELSEWHERE = """
SELECT l.lot, l.kg, coalesce(c.number, r.reference)
FROM requests_app_requestlot l JOIN certificates_certificate c ON c.request_id = l.request_id AND c.state = ANY(%s)
JOIN requests_app_request r ON r.id = c.request_id
WHERE l.certifier_id = %s AND l.client_id = %s AND l.lot = ANY(%s) AND l.request_id <> %s AND c.id IS DISTINCT FROM %s
ORDER BY c.approved_at
"""


def _elsewhere(facts: RequestFacts) -> dict[str, list[tuple[str, Decimal]]]:
    """By lot: the client's other live certificates with it, by number or reference, and their kilograms of it."""
    request = facts.request
    values: list[Any] = [request.certifier_id, request.client_id, [lot.lot for lot in facts.lots], request.pk]
    found: dict[str, list[tuple[str, Decimal]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_ELSEWHERE, [[str(state) for state in LIVE], *values, request.replaces_certificate_id])
        for lot, kg, name in cursor.fetchall():
            found.setdefault(lot, []).append((name, kg))
    return found


def _row(lot: RequestLot, others: Sequence[tuple[str, Decimal]]) -> dict[str, Any]:
    """The arithmetic of one lot. Without a declared weight any other certificate is one too many (``over_kg`` None)."""
    elsewhere = sum((kg for _name, kg in others), Decimal(0))
    over = None if lot.declared_kg is None else max(Decimal(0), elsewhere + lot.kg - lot.declared_kg)
    return {
        "lot": lot.lot,
        "kg": lot.kg,
        "elsewhere_kg": elsewhere,
        "declared_kg": lot.declared_kg,
        "over_kg": over,
        "certificates": [name for name, _kg in others],
    }
