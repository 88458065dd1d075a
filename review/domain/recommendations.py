"""A reviewer's recommendation, bound to the version of the request that was read."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core import audit
from core.errors import Conflict, InvalidInput
from core.identity import Identity
from core.models import Audience
from core.notify import notify
from organizations.roles import Role
from requests_app.models import Request, RequestState
from review.domain.acting import ACTING, begin, require_fresh
from review.models import Recommendation


def recommend(
    actor: Identity, request_id: uuid.UUID, *, approve: bool, note: str = "", expected_version: int | None = None
) -> Recommendation:
    """Recommend approval or rejection of the version read. Advice against needs a note. Raises ``Conflict`` when stale."""
    request, person = begin(actor, request_id, *ACTING)
    if request.state != RequestState.IN_REVIEW:
        text = _("A recommendation is made while the request is in review.")
        raise Conflict("REQUEST-STATE", text, details={"state": request.state})
    require_fresh(request, expected_version)
    note = note.strip()
    if not approve and not note:
        raise InvalidInput("NOTE", _("Say why you recommend against it."), field="note")
    last = of_version(request).filter(made_by=person).first()
    if last is not None and (last.approve, last.note) == (approve, note):
        return last
    row = Recommendation(
        certifier_id=request.certifier_id, request=request, request_version=request.version, approve=approve,
        note=note, made_by=person,
    )  # fmt: skip
    row.save(force_insert=True)
    # No client in the row: advice inside the certifier is not the exporter's to read.
    audit.record(
        actor, "review.recommend", "request", request.pk, certifier_id=request.certifier_id,
        after={"approve": approve, "note": note, "version": request.version},
    )  # fmt: skip
    notify(
        "review.recommended", Audience.CERTIFIER, request.certifier_id, certifier_id=request.certifier_id,
        object_type="request", object_id=request.pk, roles=[Role.APPROVER],
        context={"reference": request.reference, "exporter": request.client.operation.name, "approve": approve},
    )  # fmt: skip
    return row


def of_version(request: Request) -> QuerySet[Recommendation]:
    """Recommendations on the request as it is now, newest first; those on older versions are void."""
    return request.recommendations.filter(request_version=request.version).order_by("-made_at", "-id")
