"""Proposed corrections: the reviewer proposes fewer kilograms, dates or another HTS code; the exporter accepts in one act."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core import audit, clock
from core.checks import Moment
from core.errors import Conflict, InvalidInput, NotPermitted
from core.identity import Identity
from core.models import Audience
from core.notify import notify
from core.units import Unit
from organizations.roles import Role
from organizations.tenancy import find
from requests_app.domain import checking, drafts, questions, transitions
from requests_app.domain.requests import locked, require_version
from requests_app.models import ProposedCorrection, Request, RequestState

#: What a reviewer may propose to change.
PROPOSABLE = ("net_kg", "start_date", "end_date", "departure_date", "hts_code", "label_name")


@transaction.atomic
def propose(
    actor: Identity,
    request_id: uuid.UUID,
    *,
    changes: Mapping[str, Any],
    note: str = "",
    expected_version: int | None = None,
) -> ProposedCorrection:
    """Propose ``changes`` of a request in review; an older open proposal is superseded."""
    if not actor.is_staff or not actor.has(*transitions.STAFF):
        raise NotPermitted("ROLE", _("Your role does not allow this."))
    request = locked(actor, request_id)
    if request.state != RequestState.IN_REVIEW:
        raise Conflict("REQUEST-STATE", _("A correction is proposed while the request is in review."))
    require_version(request, expected_version)
    clean = _clean(request, changes)
    request.corrections.filter(state=ProposedCorrection.State.OPEN).update(
        state=ProposedCorrection.State.SUPERSEDED, closed_at=clock.now(), closed_by=actor.user_id
    )
    row = ProposedCorrection(
        certifier_id=request.certifier_id, client_id=request.client_id, request=request,
        request_version=request.version, changes=clean, note=note.strip(), proposed_by=actor.user_id,
    )  # fmt: skip
    row.save(force_insert=True)
    audit.record(
        actor, "request.correction_proposed", "request", request.pk, certifier_id=request.certifier_id,
        client_id=request.client_id, after={"changes": clean, "note": row.note},
    )  # fmt: skip
    notify(
        "request.correction", Audience.CLIENT, request.client_id, certifier_id=request.certifier_id,
        object_type="request", object_id=request.pk, roles=[Role.PREPARER, Role.SIGNATORY],
        context={"reference": request.reference, "note": row.note},
    )  # fmt: skip
    return row


def _clean(request: Request, changes: Mapping[str, Any]) -> dict[str, str]:
    given = {name: str(value).strip() for name, value in changes.items() if value not in (None, "")}
    if not given:
        raise InvalidInput("CORRECTION", _("Propose at least one change."), field="net_kg")
    for name, text in given.items():
        if name not in PROPOSABLE:
            raise InvalidInput("CORRECTION", _("%(name)s cannot be proposed.") % {"name": name}, field=name)
        if name == "net_kg":
            _require_less(request, text)
    return given


def _require_less(request: Request, text: str) -> None:
    try:
        proposed = Decimal(text)
    except InvalidOperation as error:
        raise InvalidInput("CORRECTION", _("Enter a weight in kilograms."), field="net_kg") from error
    if not proposed.is_finite() or proposed <= 0 or proposed >= (request.net_kg or Decimal(0)):
        words = {"kg": f"{request.net_kg:,.3f}"}
        text = _("Propose less than the %(kg)s kg asked for, and more than nothing.") % words
        raise InvalidInput("CORRECTION", text, field="net_kg")


@transaction.atomic
def accept(actor: Identity, correction_id: uuid.UUID) -> Request:
    """Accept a proposal: its changes are made, kilograms given back, checks run again. A second time changes nothing."""
    request, row = _open(actor, correction_id, ProposedCorrection.State.ACCEPTED)
    if row.state == ProposedCorrection.State.ACCEPTED:
        return request
    before = request.net_kg or Decimal(0)
    changes: dict[str, Any] = {name: value for name, value in row.changes.items() if name != "net_kg"}
    if "net_kg" in row.changes:
        changes |= {"entered_quantity": Decimal(row.changes["net_kg"]), "entered_unit": Unit.KGM}
    drafts.set_fields(actor, request, changes, act="request.correction_accepted")
    questions.move_difference(actor, request, before)
    _close(actor, row, ProposedCorrection.State.ACCEPTED)
    checking.run(actor, request, Moment.SUBMIT)
    _tell(request, "request.correction_accepted")
    return request


@transaction.atomic
def decline(actor: Identity, correction_id: uuid.UUID) -> Request:
    """Decline a proposal; the request stays as it is."""
    request, row = _open(actor, correction_id, ProposedCorrection.State.DECLINED)
    if row.state != ProposedCorrection.State.DECLINED:
        _close(actor, row, ProposedCorrection.State.DECLINED)
        audit.record(
            actor, "request.correction_declined", "request", request.pk, certifier_id=request.certifier_id,
            client_id=request.client_id, after={"changes": row.changes},
        )  # fmt: skip
        _tell(request, "request.correction_declined")
    return request


def _open(actor: Identity, correction_id: uuid.UUID, repeated: str) -> tuple[Request, ProposedCorrection]:
    drafts.require_exporter(actor, Role.SIGNATORY)
    seen = find(ProposedCorrection.objects.all(), actor, correction_id)
    request = locked(actor, seen.request_id)
    row = find(ProposedCorrection.objects.select_for_update(), actor, correction_id)
    if row.state == repeated:
        return request, row
    if row.state != ProposedCorrection.State.OPEN or request.state != RequestState.IN_REVIEW:
        raise Conflict("CORRECTION-CLOSED", _("This proposal is no longer open."), details={"state": row.state})
    if row.request_version != request.version:
        raise Conflict("STALE", _("The request has changed since the proposal was made."))
    return request, row


def _close(actor: Identity, row: ProposedCorrection, state: str) -> None:
    row.state, row.closed_by, row.closed_at = state, actor.user_id, clock.now()
    row.save(update_fields=["state", "closed_by", "closed_at"])


def _tell(request: Request, topic: str) -> None:
    notify(
        topic, Audience.CERTIFIER, request.certifier_id, certifier_id=request.certifier_id, object_type="request",
        object_id=request.pk, roles=[Role.REVIEWER], context={"reference": request.reference},
    )  # fmt: skip
