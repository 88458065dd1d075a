"""The request's one table of transitions: from where to where, who may, and what goes with it."""

from __future__ import annotations

import dataclasses
from typing import Any

from django.utils.translation import gettext as _

from core import audit, clock, rows
from core.errors import Conflict, NotPermitted
from core.identity import Identity
from organizations.roles import Role
from requests_app.models import Request, RequestState

S = RequestState


@dataclasses.dataclass(frozen=True, slots=True)
class Transition:
    """One allowed step. ``roles`` may take it; ``guard`` and ``effects`` say in words what the domain function holds to."""

    source: RequestState
    target: RequestState
    name: str
    roles: tuple[Role, ...]
    guard: str = ""
    effects: str = ""


STAFF = (Role.REVIEWER, Role.APPROVER, Role.MANAGER)
DECIDERS = (Role.APPROVER,)

TABLE: tuple[Transition, ...] = (
    Transition(
        S.DRAFT, S.SUBMITTED, "submit", (Role.SIGNATORY,), "no failure that the exporter can mend",
        "available to reserved, clock starts",
    ),
    Transition(S.DRAFT, S.WITHDRAWN, "withdraw", (Role.PREPARER, Role.SIGNATORY, Role.BROKER), "a broker: by grant"),
    Transition(S.SUBMITTED, S.IN_REVIEW, "claim", STAFF),
    Transition(S.IN_REVIEW, S.SUBMITTED, "hand back", STAFF, "claimed by the same person, or a manager"),
    Transition(S.IN_REVIEW, S.INFORMATION_REQUESTED, "ask", STAFF, "no open question", "clock stops"),
    Transition(
        S.INFORMATION_REQUESTED, S.IN_REVIEW, "answer complete", (Role.PREPARER, Role.SIGNATORY), "",
        "checks run again, clock goes on",
    ),
    Transition(S.INFORMATION_REQUESTED, S.LAPSED, "lapse", STAFF, "deadline has passed", "reserved to available"),
    Transition(
        S.IN_REVIEW, S.APPROVED, "approve", DECIDERS, "checks on locked rows, four eyes",
        "reserved to certified, certificate",
    ),
    Transition(S.IN_REVIEW, S.REJECTED, "reject", DECIDERS, "a reason of the catalogue", "reserved to available"),
    Transition(S.SUBMITTED, S.WITHDRAWN, "withdraw", (Role.SIGNATORY,), "", "reserved to available"),
    Transition(S.IN_REVIEW, S.WITHDRAWN, "withdraw", (Role.SIGNATORY,), "", "reserved to available"),
    Transition(S.INFORMATION_REQUESTED, S.WITHDRAWN, "withdraw", (Role.SIGNATORY,), "", "reserved to available"),
    Transition(
        S.APPROVED, S.IN_REVIEW, "back to review", STAFF, "no number exists and OID, asked, has none",
        "certified to reserved",
    ),
)  # fmt: skip

_BY_STEP = {(step.source, step.target): step for step in TABLE}


def allowed(source: str, target: str) -> Transition | None:
    """The step from ``source`` to ``target``, or None where there is none."""
    return _BY_STEP.get((RequestState(source), RequestState(target)))


def may_take(actor: Identity, step: Transition) -> bool:
    """Whether the actor holds a role for the step (background loops act for the certifier)."""
    return actor.has(*step.roles)


def require(actor: Identity, request: Request, target: RequestState) -> Transition:
    """The step to ``target``. Raises ``Conflict`` where the table has none and ``NotPermitted`` for the wrong role."""
    step = allowed(request.state, target)
    if step is None:
        words = {"state": request.get_state_display(), "target": target.label}
        text = _("The request is “%(state)s”; it cannot become “%(target)s” from there.")
        raise Conflict("REQUEST-STATE", text % words, details={"state": request.state, "target": target.value})
    if not may_take(actor, step):
        raise NotPermitted("ROLE", _("Your role does not allow this."))
    return step


def apply(actor: Identity, request: Request, target: RequestState, **fields: Any) -> Request:
    """Take the step to ``target`` on a locked request, with ``fields`` set in the same UPDATE, and write the audit row."""
    step = require(actor, request, target)
    before = {"state": request.state, "version": request.version}
    values: dict[str, Any] = {"state": target, "changed_by": actor.user_id, "changed_at": clock.now(), **fields}
    for name, value in values.items():
        setattr(request, name, value)
    rows.update(request, list(values))
    audit.record(
        actor, f"request.{step.name.replace(' ', '_')}", "request", request.pk,
        certifier_id=request.certifier_id, client_id=request.client_id, before=before,
        after={"state": target.value, "version": request.version, "reference": request.reference},
    )  # fmt: skip
    return request
