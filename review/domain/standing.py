"""What the certifier's people have said of a request so far, in one statement: most of it is usually nothing."""

from __future__ import annotations

import dataclasses
import json
import uuid

from django.db import connection

from core.rows import list_from_json
from requests_app.models import Request
from review.models import CheckOverride, Decision, Recommendation

_STATEMENT = """
SELECT jsonb_build_object(
  'decisions', (SELECT jsonb_agg(to_jsonb(d)) FROM review_decision d WHERE d.request_id = %(id)s AND d.revoked_at IS NULL),
  'recommendations', (SELECT jsonb_agg(to_jsonb(m) ORDER BY m.made_at DESC, m.id DESC) FROM review_recommendation m
                      WHERE m.request_id = %(id)s AND m.request_version = %(version)s),
  'overrides', (SELECT jsonb_agg(to_jsonb(o)) FROM review_checkoverride o
                WHERE o.request_id = %(id)s AND o.request_version = %(version)s)
)::text
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """The decision in force; recommendations (newest first) and overrides of the request's present version."""

    decision: Decision | None
    recommendations: list[Recommendation]
    overrides: dict[str, CheckOverride]

    def newest(self, *, approve: bool | None = None, but_not_by: uuid.UUID | None = None) -> Recommendation | None:
        """The newest recommendation: of those in favour or against where said, of those not made by a person."""
        for row in self.recommendations:
            if (approve is None or row.approve is approve) and (but_not_by is None or row.made_by != but_not_by):
                return row
        return None


def read(request: Request) -> Standing:
    """How the request stands. It must be locked, so that nobody adds anything afterwards."""
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, {"id": request.pk, "version": request.version})
        (content,) = cursor.fetchone() or ("{}",)
    found = json.loads(content)
    overrides = list_from_json(CheckOverride, found["overrides"])
    return Standing(
        decision=next(iter(list_from_json(Decision, found["decisions"])), None),
        recommendations=list_from_json(Recommendation, found["recommendations"]),
        overrides={row.check_code: row for row in overrides},
    )
