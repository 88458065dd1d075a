"""Overrides: a manager sets one failure aside, with a reason, for one version of a request."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.utils.translation import gettext as _

from core import audit
from core.checks import Finding, Moment
from core.errors import Conflict, InvalidInput, NotPermitted
from core.identity import Identity
from organizations.roles import Role
from requests_app.domain import checking
from requests_app.models import Request, RequestState
from review.domain.acting import begin, require_fresh
from review.models import CheckOverride

#: A reason that says something.
SHORTEST_REASON = 10


def override(
    actor: Identity, request_id: uuid.UUID, *, code: str, reason: str, expected_version: int | None = None
) -> CheckOverride:
    """Set aside the failure of check ``code`` for this version. The same person again gets the first row.

    Raises ``NotPermitted`` for anybody but a manager and for a rule that nobody may set aside (NEVER), ``InvalidInput``
    where the check does not fail or the reason says nothing, ``Conflict`` when stale.
    """
    request, person = begin(actor, request_id, Role.MANAGER)
    if request.state != RequestState.IN_REVIEW:
        text = _("A failure is set aside while the request is in review.")
        raise Conflict("REQUEST-STATE", text, details={"state": request.state})
    require_fresh(request, expected_version)
    there = in_force(request).get(code)
    if there is not None:
        return there
    _require_overridable(actor, request, code)
    reason = reason.strip()
    if len(reason) < SHORTEST_REASON:
        raise InvalidInput("REASON", _("Give the reason in words: it is kept with the decision."), field="reason")
    row = CheckOverride(
        certifier_id=request.certifier_id, request=request, request_version=request.version, check_code=code,
        reason=reason, made_by=person,
    )  # fmt: skip
    row.save(force_insert=True)
    audit.record(
        actor, "review.override", "request", request.pk, certifier_id=request.certifier_id,
        after={"check": code, "reason": reason, "version": request.version},
    )  # fmt: skip
    return row


def _require_overridable(actor: Identity, request: Request, code: str) -> None:
    found = {finding.code: finding for finding in checking.findings(actor, request, Moment.REVIEW)}
    finding = found.get(code)
    if finding is None or not finding.blocks:
        raise InvalidInput("NOT-FAILED", _("This check does not fail: there is nothing to set aside."), field="code")
    if not finding.overridable:
        raise NotPermitted("NEVER", _("%(code)s can never be set aside.") % {"code": code})


def in_force(request: Request) -> dict[str, CheckOverride]:
    """The overrides of this version by check code; those of older versions are void."""
    return {row.check_code: row for row in request.overrides.filter(request_version=request.version)}


def still_blocking(found: Iterable[Finding], overrides: dict[str, CheckOverride]) -> list[Finding]:
    """The failures that stop an approval: those without an override, and those that none can help."""
    return [item for item in found if item.blocks and not (item.overridable and item.code in overrides)]
