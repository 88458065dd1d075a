"""The request after it was submitted: state, findings, the certifier's questions and proposals, and what may be done."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.forms import all_valid
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from core import clock
from core.checks import Moment
from core.errors import DomainError
from core.identity import Identity, Kind
from core.refusals import at_field, let_pages_pass
from organizations.roles import Role
from organizations.tenancy import find
from pvf.domain import lines
from requests_app.domain import checking, corrections, drafts, questions, submission
from requests_app.domain.requests import visible
from requests_app.forms import ROWS, AnswerForm, DocumentForm
from requests_app.models import ProposedCorrection, Question, Request, RequestState
from requests_app.views import content, steps
from requests_app.views.lists import acts_for, may_draft, may_write
from requests_app.views.tasks import balance_of

COPYABLE = {RequestState.REJECTED, RequestState.WITHDRAWN, RequestState.LAPSED}


@require_safe
def detail(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One request."""
    return detail_page(request, pk)


def detail_page(
    request: HttpRequest, pk: uuid.UUID, *, answer_form: AnswerForm | None = None, formsets: list[Any] | None = None,
    document_form: DocumentForm | None = None, error: DomainError | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    """The page, with a refused form in the place of the fresh one."""
    actor: Identity = request.identity  # type: ignore[attr-defined]
    seen = visible(actor, pk)
    question = seen.questions.filter(completed_at=None).first()
    writes = may_write(actor)
    answers = writes and question is not None and seen.state == RequestState.INFORMATION_REQUESTED
    if answers and question is not None:
        answer_form = answer_form or _answer_form(actor, seen, question)
        formsets = formsets if formsets is not None else list(_asked_rows(seen, question).values())
        if question.document_kinds:
            document_form = document_form or DocumentForm(kinds=question.document_kinds)
    proposal = seen.corrections.filter(state=ProposedCorrection.State.OPEN).first()
    signs = actor.has(Role.SIGNATORY)
    drafts_here = seen.state == RequestState.DRAFT and may_draft(actor)
    context = {
        "request_obj": seen, "error": error, "may_write": writes or drafts_here, "is_signatory": signs,
        "acts_for": acts_for(actor, seen),
        "content": content.of_request(seen), "findings": _findings(actor, seen), "balance": balance_of(seen),
        "events": content.history(actor, seen), "question": question, "answer_form": answer_form,
        "about": content.about(question) if question else "", "formsets": formsets or [],
        "document_form": document_form, "closed_questions": seen.questions.exclude(completed_at=None).order_by("asked_at"),
        "proposal": proposal, "proposal_rows": content.proposal(proposal, seen) if proposal else [],
        "documents": seen.documents.filter(removed_at=None).select_related("file").order_by("added_at"),
        "removable": question.document_kinds if answers and question else [],
        "may_withdraw": (signs and seen.is_open) or drafts_here,
        "may_copy": writes and seen.state in COPYABLE,
        "rejection": content.rejection(seen) if seen.state == RequestState.REJECTED else {},
        "certificates_url": "" if actor.kind is Kind.BROKER else _certificates_url(seen),
        "copies": seen.copies.visible_to(actor).order_by("created_at"),
    }  # fmt: skip
    return render(request, "requests_app/detail.html", context, status=status)


def _findings(actor: Identity, seen: Request) -> list[dict[str, Any]]:
    """Of a draft what the checks say now, else the newest run; what only the certifier may see is in neither."""
    if seen.state == RequestState.DRAFT:
        return steps.with_links(seen, checking.findings(actor, seen, Moment.DRAFT)) if may_draft(actor) else []
    run = seen.check_runs.order_by("-run_at").first()
    return list(run.findings) if run else []


def _certificates_url(seen: Request) -> str:
    """Where the certificate of an approved request is found: a floor above, known by its URL alone."""
    if seen.state != RequestState.APPROVED:
        return ""
    try:
        return f"{reverse('certificates:list')}?request={seen.pk}"
    except NoReverseMatch:
        return ""


def _answer_form(actor: Identity, seen: Request, question: Question, data: Any = None) -> AnswerForm:
    offered = lines.offered(actor, clock.now().date(), client_id=seen.client_id)
    return AnswerForm(data, request_obj=seen, question=question, offered=offered)


def _asked_rows(seen: Request, question: Question, data: Any = None) -> dict[str, Any]:
    """The lists that the question names."""
    made = {}
    for part in (part for part in drafts.PARTS if part in question.fields):
        columns = drafts.PARTS[part][1]
        initial = [{name: getattr(row, name) for name in columns} for row in getattr(seen, part).order_by("id")]
        made[part] = ROWS[part](data, prefix=part, initial=initial)
        made[part].extra = 0 if initial else 1
    return made


@require_POST
def answer(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Save the answer with the fields that the question names; the second button also says that it is complete."""
    actor: Identity = request.identity  # type: ignore[attr-defined]
    seen = visible(actor, pk)
    question = questions.open_question(seen)
    form, sets = _answer_form(actor, seen, question, request.POST), _asked_rows(seen, question, request.POST)
    if any(rows.wants_row for rows in sets.values()):
        shown = [rows.with_another_row() if rows.wants_row else rows for rows in sets.values()]
        return detail_page(request, pk, answer_form=form, formsets=shown)
    if not (form.is_valid() and all_valid(sets.values())):
        return detail_page(request, pk, answer_form=form, formsets=list(sets.values()), status=422)
    complete = "complete" in request.POST
    try:
        with transaction.atomic():
            _save_answer(actor, pk, form, sets)
            if complete:
                questions.complete(actor, pk)
    except DomainError as error:
        if error.code == "STALE":
            data = request.POST.copy()
            data["version"] = str(visible(actor, pk).version)
            form = _answer_form(actor, visible(actor, pk), question, data)
            form.is_valid()
        at_field(form, error)
        return detail_page(request, pk, answer_form=form, formsets=list(sets.values()), status=error.status)
    messages.success(
        request, _("The answer is complete; the review goes on.") if complete else _("The answer is saved.")
    )
    return redirect("requests:detail", pk=pk)


def _save_answer(actor: Identity, pk: uuid.UUID, form: AnswerForm, sets: dict[str, Any]) -> None:
    changes = {name: form.cleaned_data[name] for name in form.changed_data if name not in form.not_fields}
    rows = {
        part: [
            {name: row.cleaned_data[name] for name in drafts.PARTS[part][1]}
            for row in formset.forms
            if row.cleaned_data and not row.cleaned_data.get("DELETE")
        ]
        for part, formset in sets.items()
        if formset.has_changed()
    }
    questions.save_answer(
        actor, pk, changes, form.cleaned_data["answer"], rows=rows, expected_version=form.cleaned_data["version"]
    )


@require_POST
def withdraw(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take the request back."""
    return _act(request, pk, lambda actor: submission.withdraw(actor, pk), gettext_lazy("The request is withdrawn."))


@require_POST
def accept(request: HttpRequest, pk: uuid.UUID, correction_id: uuid.UUID) -> HttpResponse:
    """Accept a proposed correction."""
    actor: Identity = request.identity  # type: ignore[attr-defined]
    find(ProposedCorrection.objects.all(), actor, correction_id, request_id=pk)
    done = gettext_lazy("The correction is accepted and made.")
    return _act(request, pk, lambda person: corrections.accept(person, correction_id), done)


@require_POST
def decline(request: HttpRequest, pk: uuid.UUID, correction_id: uuid.UUID) -> HttpResponse:
    """Decline a proposed correction."""
    actor: Identity = request.identity  # type: ignore[attr-defined]
    find(ProposedCorrection.objects.all(), actor, correction_id, request_id=pk)
    done = gettext_lazy("The correction is declined; the request stays as it is.")
    return _act(request, pk, lambda person: corrections.decline(person, correction_id), done)


@require_POST
def copy(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """A new draft with the same content."""
    actor: Identity = request.identity  # type: ignore[attr-defined]
    with transaction.atomic():
        fresh = submission.copy_as_new(actor, pk)
    messages.success(request, _("%(reference)s is a new draft with the same content.") % {"reference": fresh.reference})
    return redirect("requests:task_list", pk=fresh.pk)


def _act(
    request: HttpRequest, pk: uuid.UUID, run: Callable[[Identity], object], done: str | Promise
) -> HttpResponse:  # fmt: skip
    """Do it and go back to the page; refused, the page says why."""
    actor: Identity = request.identity  # type: ignore[attr-defined]
    visible(actor, pk)
    try:
        with transaction.atomic():
            run(actor)
    except DomainError as error:
        let_pages_pass(error)
        return detail_page(request, pk, error=error, status=error.status)
    messages.success(request, str(done))
    return redirect("requests:detail", pk=pk)
