"""Submitting, withdrawing, copying: the exporter's own steps."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from core import audit, clock, rows
from core.checks import Finding, Moment
from core.errors import DomainError, InvalidInput
from core.identity import Identity
from core.models import Audience
from core.notify import notify
from organizations.roles import Role
from pvf.domain import ledger
from pvf.models import Balance, Bucket, Cause, Holder
from requests_app.domain import checking, drafts, replaced, service_clock, transitions
from requests_app.domain.facts import gather
from requests_app.domain.requests import locked, require_version, visible
from requests_app.models import OPEN_STATES, Request, RequestDocument, RequestState


class NotReady(DomainError):
    """The draft has failures that the exporter can mend; ``details["findings"]`` lists them with what was compared."""

    def __init__(self, found: list[Finding]) -> None:
        first = found[0]
        super().__init__(
            first.code, first.message, field=first.field, details={"findings": [item.as_json() for item in found]}
        )


def submit(actor: Identity, request_id: uuid.UUID, *, expected_version: int | None = None) -> Request:
    """Check the draft on locked rows, reserve its kilograms and put it in the queue. A second submit gives the first result.

    Raises :class:`NotReady`, ``VolumeExceeded`` (VOL-1), ``Conflict`` STALE or REQUEST-STATE, ``NotPermitted``.
    """
    drafts.require_exporter(actor, Role.SIGNATORY)
    request = locked(actor, request_id)
    if request.state in OPEN_STATES or request.state == RequestState.APPROVED:
        return request
    transitions.require(actor, request, RequestState.SUBMITTED)
    require_version(request, expected_version)
    old = replaced.of_request(request, lock=True)
    balance = _lock_volume(request)
    facts = gather(request, Moment.SUBMIT, balance=balance, old=old)
    found = checking.judge(actor, facts)
    checking.keep(actor, request, Moment.SUBMIT, found)
    failures = checking.mendable_failures(found)
    if failures:
        raise NotReady(failures)
    if request.line_id is None or request.net_kg is None:
        raise InvalidInput("QUANTITY", _("Choose a product and enter a weight."), field="entered_quantity")
    covered = facts.covered
    if request.net_kg > covered:
        ledger.move(
            actor, request.line_id, Cause.SUBMIT, Bucket.AVAILABLE, Bucket.RESERVED, request.net_kg - covered,
            key=f"submit:{request.pk}", target_holder=(Holder.REQUEST, request.pk),
        )  # fmt: skip
    service_clock.start(request, facts.rules)
    with rows.together():
        transitions.apply(
            actor, request, RequestState.SUBMITTED, submitted_by=actor.user_id, submitted_at=clock.now(),
            covered_kg=covered, **service_clock.values(request),
        )  # fmt: skip
        _tell_certifier(request, "request.submitted")
    return request


def _lock_volume(request: Request) -> Balance | None:
    """Line FOR SHARE, then its balance FOR UPDATE: what VOL-1 reads is what the movement finds."""
    if request.line_id is None:
        return None
    ledger.lock_line(request.line_id)
    return ledger.lock_balances([request.line_id]).get(request.line_id)


@transaction.atomic
def withdraw(actor: Identity, request_id: uuid.UUID) -> Request:
    """Take a request back before a decision; what it reserved becomes available. A second withdrawal changes nothing."""
    actor = drafts.writing(actor, request_id)
    request = locked(actor, request_id)
    if request.state == RequestState.WITHDRAWN:
        return request
    transitions.require(actor, request, RequestState.WITHDRAWN)
    was_open = request.is_open
    transitions.apply(actor, request, RequestState.WITHDRAWN, decided_at=clock.now())
    release(actor, request, Cause.WITHDRAW)
    if was_open:
        _tell_certifier(request, "request.withdrawn")
    return request


def release(actor: Identity, request: Request, cause: Cause, reason: str = "") -> None:
    """Give back what a locked request holds reserved (withdraw, reject, lapse)."""
    if request.line_id is None:
        return
    kilograms = ledger.reserved_by(request.pk)
    if kilograms > 0:
        ledger.move(
            actor, request.line_id, cause, Bucket.RESERVED, Bucket.AVAILABLE, kilograms,
            key=f"{cause.value}:{request.pk}:{request.version}", source_holder=(Holder.REQUEST, request.pk), reason=reason,
        )  # fmt: skip


@transaction.atomic
def copy_as_new(actor: Identity, request_id: uuid.UUID) -> Request:
    """A new draft with the content of a rejected, withdrawn or lapsed request; the two are linked."""
    drafts.require_exporter(actor, Role.PREPARER, Role.SIGNATORY)
    old = visible(actor, request_id)
    if old.state not in {RequestState.REJECTED, RequestState.WITHDRAWN, RequestState.LAPSED}:
        raise InvalidInput("COPY", _("Only a rejected, withdrawn or lapsed request is copied as new."))
    return draft_from(actor, old, replaces=old.replaces_certificate_id)


def draft_from(actor: Identity, old: Request, *, replaces: uuid.UUID | None) -> Request:
    """A new draft with the content of ``old``, which the actor may see; ``replaces``: the certificate it is to replace."""
    fresh = drafts.start(actor, old.kind)
    for name in drafts.FIELDS:
        setattr(fresh, name, getattr(old, name))
    fresh.net_kg, fresh.importer, fresh.copied_from = old.net_kg, old.importer, old
    fresh.replaces_certificate_id = replaces
    fresh.save()
    for part, (model, columns) in drafts.PARTS.items():
        content = [{name: getattr(row, name) for name in columns} for row in model.objects.filter(request=old)]  # type: ignore[misc]
        if content:
            drafts.set_rows(actor, fresh, part, content)
    RequestDocument.objects.bulk_create(
        RequestDocument(
            certifier_id=fresh.certifier_id, client_id=fresh.client_id, request=fresh, kind=row.kind, file_id=row.file_id,
            added_by=actor.user_id,
        )
        for row in old.documents.filter(removed_at=None).order_by("added_at")
    )  # fmt: skip
    audit.record(
        actor, "request.copy", "request", fresh.pk,
        after={"copied_from": old.pk, "reference": fresh.reference, "replaces": replaces},
    )  # fmt: skip
    return fresh


def _tell_certifier(request: Request, topic: str) -> None:
    notify(
        topic, Audience.CERTIFIER, request.certifier_id, certifier_id=request.certifier_id, object_type="request",
        object_id=request.pk, roles=[Role.REVIEWER],
        context={"reference": request.reference, "exporter": request.client.operation.name, "kg": request.net_kg},
    )  # fmt: skip
