"""What is sent to the routes of the API: all they ask for, so that the answer is about the caller and not about the form."""

from __future__ import annotations

import datetime as dt
from typing import Any

from core.clock import now
from requests_app.models import Request
from tests.access.cases import Case
from tests.access.scene import Scene
from tests.support.continuity import CODE, OR1

#: A row of a PVF draft.
LINE = {
    "product_name": "Green coffee, arabica", "label_name": "Organic green coffee", "scope": "Handling",
    "hts_codes": ["0901110015"], "origins": ["PE"], "quantity": "10", "unit": "KGM", "revision": 1, "line_number": 1,
}  # fmt: skip


def body_of(case: Case, scene: Scene) -> dict[str, Any] | None:
    """The body of a case; None for a page (an empty form) and for what needs none."""
    if case.method not in {"POST", "PUT", "PATCH"}:
        return None
    own = scene.own
    today = now().date().isoformat()
    start = own.world.pvf.period_end + dt.timedelta(days=1)
    reason, shipped = (
        {"reason": "Entered twice."},
        {"quantity": "10", "unit": "KGM", "departure_date": today, "key": "k"},
    )

    def seen(row: Request) -> dict[str, int]:
        return {"expected_version": row.version, "version": row.version}

    bodies: dict[str, dict[str, Any]] = {
        "api:pvf-next-year": {
            "number": "NEXT-2", "period_start": start.isoformat(),
            "period_end": (start + dt.timedelta(days=300)).isoformat(),
        },
        "api:pvf-draft-line": {**LINE, "revision": own.pvf_draft.revision},
        "api:pvf-draft-line-remove": {"revision": own.pvf_draft.revision},
        "api:pvf-draft-propose": {"revision": own.pvf_draft.revision},
        "api:pvf-reject": reason,
        "api:pvf-report-reject": reason,
        "api:request-answer": {"answer": "MV Answered.", "changes": {"vessel": "MV Answered"}, **seen(own.asked)},
        "api:outage": {"coop_code": CODE, "reason": "OID answers nobody."},
        "api:request-detail": {"vessel": "MV Other", **seen(own.submitted)},
        "api:review-recommend": {"approve": True, "note": "In order.", **seen(own.in_review)},
        "api:review-ask": {"text": "Which vessel?", "fields": ["vessel"], "document_kinds": [], **seen(own.in_review)},
        "api:review-approve": {"note": "", **seen(own.recommended)},
        "api:review-reject": {"reason": "other", "note": "No.", **seen(own.recommended)},
        "api:certificate-shipments": shipped,
        "api:certificate-overages": {**shipped, "quantity": "5000"},
        "api:certificate-continuity": dict(OR1),
        "api:certificate-amend": {"vessel": "MV Amended", **reason},
        "api:certificate-void": reason,
        "api:shipment-correct": reason,
        "api:shipment-receipt": {"quantity": "10", "unit": "KGM", "received_on": today},
        "api:overage-settle": {"settlement": "A new certificate."},
    }  # fmt: skip
    return bodies.get(case.row.name)
