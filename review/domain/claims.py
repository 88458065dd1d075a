"""Claiming a request and handing it back: who works on it."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from core import audit, clock
from core.errors import Conflict, NotPermitted
from core.identity import Identity
from organizations.roles import Role
from requests_app.domain import transitions
from requests_app.domain.requests import person_name
from requests_app.models import Request, RequestState
from review.domain.acting import ACTING, begin


def claim(actor: Identity, request_id: uuid.UUID) -> Request:
    """Take a submitted request into review. Claiming one's own again changes nothing.

    A request in review that nobody holds (it came back from approval) may be claimed too. Raises ``Conflict`` CLAIMED
    naming the colleague who has it.
    """
    request, person = begin(actor, request_id, *ACTING)
    if request.claimed_by == person and request.state in {RequestState.IN_REVIEW, RequestState.INFORMATION_REQUESTED}:
        return request
    if request.claimed_by is not None and request.state != RequestState.SUBMITTED:
        words = {"who": person_name(request.claimed_by)}
        raise Conflict("CLAIMED", _("%(who)s is working on this request.") % words)
    if request.state == RequestState.IN_REVIEW:
        request.claimed_by, request.claimed_at = person, clock.now()
        request.save(update_fields=["claimed_by", "claimed_at"])
        audit.record(
            actor, "request.claim", "request", request.pk, certifier_id=request.certifier_id,
            client_id=request.client_id, after={"reference": request.reference},
        )  # fmt: skip
        return request
    return transitions.apply(actor, request, RequestState.IN_REVIEW, claimed_by=person, claimed_at=clock.now())


def hand_back(actor: Identity, request_id: uuid.UUID) -> Request:
    """Put a claimed request back into the queue: the person who has it, or a manager. A second time changes nothing."""
    request, person = begin(actor, request_id, *ACTING)
    if request.state == RequestState.SUBMITTED:
        return request
    if request.claimed_by not in {None, person} and not actor.has(Role.MANAGER):
        words = {"who": person_name(request.claimed_by)}
        raise NotPermitted("NOT-YOURS", _("%(who)s has this request; a manager can hand it back.") % words)
    return transitions.apply(actor, request, RequestState.SUBMITTED, claimed_by=None, claimed_at=None)
