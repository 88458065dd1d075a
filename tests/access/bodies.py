"""What is sent to the routes of the API and to the forms of the pages: all they ask for, and true.

So an answer is about the caller and not about the form: who may, does the act; whoever may not is refused for that alone.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from core.clock import now
from requests_app.models import Request
from tests.access.cases import Case, Form
from tests.access.forms import BOUGHT, FORMS, LINE, At, paper
from tests.access.scene import Scene
from tests.support.continuity import CODE, OR1


def body_of(case: Case, scene: Scene) -> dict[str, Any] | None:
    """The body of a case: JSON for a route, a :class:`Form` for a page or for files; None for what needs none."""
    if case.method not in {"POST", "PUT", "PATCH"}:
        return None
    at = At(case.person, scene)
    space, _, name = case.row.name.partition(":")
    if space == "api":
        found = _routes(at).get(name)
        return _files(at).get(name) if found is None else found
    made = FORMS.get(space)
    return made(at).get(case.row.name.removeprefix(f"{space}:")) if made else None


def _files(at: At) -> dict[str, Form]:
    """Routes to which documents are sent."""
    evidence = {"kind": "purchase", "files": [paper()]}
    return {
        "pvf-top-up": Form(quantity="500", unit="KGM", reason="Bought in May.", **BOUGHT, **evidence),
        "pvf-documents": Form(evidence),
        "pvf-report-list": Form(at.processing, **evidence),
        "request-documents": Form(kind="packing_list", file=paper()),
    }


def _routes(at: At) -> dict[str, dict[str, Any]]:
    """Long because a table."""
    own = at.scene.own
    today = now().date().isoformat()
    start = own.world.pvf.period_end + dt.timedelta(days=1)
    reason, shipped = (
        {"reason": "Entered twice."},
        {"quantity": "10", "unit": "KGM", "departure_date": today, "key": "k"},
    )

    def seen(row: Request) -> dict[str, int]:
        return {"expected_version": row.version, "version": row.version}

    return {
        "pvf-version-list": {**at.new_pvf, "lines": [{**LINE, "line_number": 1}], "note": "", "draft": False},
        "pvf-next-year": {
            "number": "NEXT-2", "period_start": start.isoformat(),
            "period_end": (start + dt.timedelta(days=300)).isoformat(),
        },
        "pvf-draft-line": {**LINE, "line_number": 1, "revision": own.pvf_draft.revision},
        "pvf-draft-line-remove": {"revision": own.pvf_draft.revision},
        "pvf-draft-carry": {"line": str(own.pvf_draft_line.pk), "kg": "0", "revision": own.pvf_draft.revision},
        "pvf-draft-propose": {"revision": own.pvf_draft.revision},
        "pvf-reject": reason,
        "pvf-report-reject": reason,
        "request-answer": {"answer": "MV Answered.", "changes": {"vessel": "MV Answered"}, **seen(own.asked)},
        "outage": {"coop_code": CODE, "reason": "OID answers nobody."},
        "request-detail": {"vessel": "MV Other", **seen(own.submitted)},
        "review-recommend": {"approve": True, "note": "In order.", **seen(own.in_review)},
        "review-ask": {"text": "Which vessel?", "fields": ["vessel"], "document_kinds": [], **seen(own.in_review)},
        "review-approve": {"note": "", **seen(own.recommended)},
        "review-reject": {"reason": "other", "note": "No.", **seen(own.recommended)},
        "certificate-check-continuity": {
            "reference": at.scene.own.continuity_document.reference,
            "code": at.scene.own.continuity_document.check_code,
        },
        "certificate-check": {"number": own.certificate.number, "code": own.certificate.check_code},
        "certificate-shipments": shipped,
        "certificate-overages": {**shipped, "quantity": "5000"},
        "certificate-continuity": dict(OR1),
        "certificate-amend": {"vessel": "MV Amended", **reason},
        "certificate-void": reason,
        "shipment-correct": reason,
        "shipment-receipt": {"quantity": "10", "unit": "KGM", "received_on": today},
        "overage-settle": {"settlement": "A new certificate."},
    }  # fmt: skip
