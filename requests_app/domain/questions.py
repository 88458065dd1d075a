"""Questions and answers: what is asked names the fields it is about; only "answer complete" ends it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core import audit, clock
from core.checks import Moment
from core.errors import Conflict, InvalidInput
from core.identity import Identity
from core.models import Audience
from core.notify import notify
from organizations.roles import Role
from organizations.rules import rules_of
from pvf.domain import ledger
from pvf.models import Bucket, Cause, Holder
from requests_app.domain import checking, drafts, replaced, service_clock, submission, transitions
from requests_app.domain.requests import locked, require_version
from requests_app.models import DocumentKind, Question, Request, RequestState

#: What a question may name: every field, and the three lists.
NAMEABLE = frozenset(drafts.FIELDS) - {"kind", "line_id", "replaces_certificate_id"} | frozenset(drafts.PARTS)


@transaction.atomic
def ask(
    actor: Identity,
    request_id: uuid.UUID,
    *,
    text: str,
    fields: Sequence[str],
    document_kinds: Sequence[str],
    expected_version: int | None = None,
) -> Question:
    """Ask the exporter; the clock stops until the answer is complete. Raises ``InvalidInput``, ``Conflict``."""
    request = locked(actor, request_id)
    transitions.require(actor, request, RequestState.INFORMATION_REQUESTED)
    require_version(request, expected_version)
    if not text.strip():
        raise InvalidInput("QUESTION", _("Write the question."), field="text")
    unknown = sorted((set(fields) - NAMEABLE) | (set(document_kinds) - set(DocumentKind.values)))
    if unknown:
        words = {"names": ", ".join(unknown)}
        raise InvalidInput("QUESTION-FIELDS", _("A question cannot name %(names)s.") % words, field="fields")
    days = rules_of(request.certifier_id).question_deadline_days
    deadline = clock.today_in(request.certifier.time_zone) + dt.timedelta(days=days)
    question = Question(
        certifier_id=request.certifier_id, client_id=request.client_id, request=request, text=text.strip(),
        fields=sorted(set(fields)), document_kinds=sorted(set(document_kinds)), asked_by=actor.user_id, deadline=deadline,
    )  # fmt: skip
    question.save(force_insert=True)
    service_clock.stop(request)
    transitions.apply(
        actor, request, RequestState.INFORMATION_REQUESTED, question_deadline=deadline, **service_clock.values(request)
    )
    _tell_exporter(request, "request.question", {"question": question.text, "deadline": deadline})
    return question


def open_question(request: Request) -> Question:
    """The question that waits for an answer. Raises ``Conflict`` where there is none."""
    question = request.questions.filter(completed_at=None).first()
    if question is None:
        raise Conflict("NO-QUESTION", _("No question is open."))
    return question


@transaction.atomic
def save_answer(
    actor: Identity,
    request_id: uuid.UUID,
    changes: Mapping[str, Any],
    answer: str,
    *,
    rows: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    expected_version: int | None = None,
) -> Request:
    """Keep an answer and the changes of the fields that the question names; the difference in kilograms moves at once."""
    drafts.require_exporter(actor, Role.PREPARER, Role.SIGNATORY)
    request = locked(actor, request_id)
    if request.state != RequestState.INFORMATION_REQUESTED:
        raise Conflict("REQUEST-STATE", _("No question is open."), details={"state": request.state})
    require_version(request, expected_version)
    question = open_question(request)
    rows = rows or {}
    beyond = sorted((set(changes) | set(rows)) - set(question.fields))
    if beyond:
        text = _("The question does not name %(names)s: this cannot be changed now.")
        raise InvalidInput("NOT-ASKED", text % {"names": ", ".join(beyond)}, field=beyond[0])
    question.answer, question.answered_by = answer.strip(), actor.user_id
    question.save(update_fields=["answer", "answered_by"])
    before = request.net_kg or Decimal(0)
    if changes:
        drafts.set_fields(actor, request, changes, act="request.answer")
        move_difference(actor, request, before)
    for part, entries in rows.items():
        drafts.set_rows(actor, request, part, entries)
    audit.record(
        actor, "request.answer_saved", "request", request.pk, certifier_id=request.certifier_id,
        client_id=request.client_id, after={"question": question.pk, "answer": question.answer},
    )  # fmt: skip
    return request


def move_difference(actor: Identity, request: Request, before: Decimal) -> None:
    """Reserve what an answer asks for more, give back what it asks for less.

    What the rest of a certificate to be replaced covers is not reserved, before as after.
    """
    net = request.net_kg or Decimal(0)
    if request.line_id is None or net == before:
        return
    old = replaced.of_request(request, lock=True)
    covered = old.covers(request.line_id, net) if old else Decimal(0)
    before, after = before - request.covered_kg, net - covered
    if covered != request.covered_kg:
        request.covered_kg = covered
        request.save(update_fields=["covered_kg"])
    if after == before:
        return
    ledger.lock_line(request.line_id)
    ledger.lock_balances([request.line_id])
    held, key = (Holder.REQUEST, request.pk), f"quantity:{request.pk}:{request.version}"
    if after > before:
        ledger.move(
            actor, request.line_id, Cause.QUANTITY_CHANGED, Bucket.AVAILABLE, Bucket.RESERVED, after - before,
            key=key, target_holder=held,
        )  # fmt: skip
    else:
        ledger.move(
            actor, request.line_id, Cause.QUANTITY_CHANGED, Bucket.RESERVED, Bucket.AVAILABLE, before - after,
            key=key, source_holder=held,
        )  # fmt: skip


@transaction.atomic
def complete(actor: Identity, request_id: uuid.UUID) -> Request:
    """The exporter says that the answer is complete: the clock goes on, the checks have run on what is there now."""
    drafts.require_exporter(actor, Role.PREPARER, Role.SIGNATORY)
    request = locked(actor, request_id)
    if request.state == RequestState.IN_REVIEW:
        return request
    transitions.require(actor, request, RequestState.IN_REVIEW)
    question = open_question(request)
    if not question.answer:
        raise InvalidInput("ANSWER", _("Write an answer before you close the question."), field="answer")
    question.completed_at = clock.now()
    question.save(update_fields=["completed_at"])
    service_clock.resume(request, rules_of(request.certifier_id))
    transitions.apply(actor, request, RequestState.IN_REVIEW, question_deadline=None, **service_clock.values(request))
    checking.run(actor, request, Moment.SUBMIT)
    notify(
        "request.answered", Audience.CERTIFIER, request.certifier_id, certifier_id=request.certifier_id,
        object_type="request", object_id=request.pk, roles=[Role.REVIEWER],
        context={"reference": request.reference, "exporter": request.client.operation.name},
    )  # fmt: skip
    return request


@transaction.atomic
def lapse(actor: Identity, request_id: uuid.UUID) -> Request:
    """Close a request whose question stayed unanswered past its deadline; what it reserved becomes available."""
    request = locked(actor, request_id)
    if request.state == RequestState.LAPSED:
        return request
    transitions.require(actor, request, RequestState.LAPSED)
    question = open_question(request)
    today = clock.today_in(request.certifier.time_zone)
    if question.deadline >= today:
        words = {"day": question.deadline}
        raise Conflict("DEADLINE", _("The exporter has until %(day)s to answer.") % words)
    submission.release(actor, request, Cause.LAPSE)
    transitions.apply(actor, request, RequestState.LAPSED, decided_at=clock.now(), question_deadline=None)
    _tell_exporter(request, "request.lapsed", {"deadline": question.deadline})
    return request


def _tell_exporter(request: Request, topic: str, context: dict[str, Any]) -> None:
    notify(
        topic, Audience.CLIENT, request.client_id, certifier_id=request.certifier_id, object_type="request",
        object_id=request.pk, roles=[Role.PREPARER, Role.SIGNATORY], context={"reference": request.reference, **context},
    )  # fmt: skip
