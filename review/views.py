"""Pages of review: the queue, a request with everything a decision needs, and its acts (each a form that posts)."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from core import audit, clock
from core.errors import DomainError
from core.files import read_file
from core.forms import PortalForm
from core.identity import Identity
from core.refusals import at_field
from core.serving import attachment
from organizations.history import visible_names
from organizations.models import Client
from organizations.roles import Role
from organizations.tenancy import find
from requests_app.domain import corrections, questions
from requests_app.models import Request, RequestDocument, RequestState
from review import forms, page
from review.domain import checks, claims, decisions, overrides, queue, recommendations

PAGE_SIZE = 25
Run = Callable[[Identity, uuid.UUID, dict[str, Any]], object]


@require_safe
def queue_page(request: HttpRequest) -> HttpResponse:
    """Open requests, the one whose safe decision time ends first on top."""
    actor: Identity = request.identity  # type: ignore[attr-defined]
    clients = [
        (str(row.pk), row.operation.name)
        for row in Client.objects.visible_to(actor).select_related("operation").order_by("operation__name")
    ]
    form = forms.QueueForm(request.GET or None, clients=clients)
    sort = request.GET.get("sort", "decide_by")
    shown = Paginator(queue.rows(actor, form.wanted(sort)), PAGE_SIZE).get_page(request.GET.get("page"))
    names = visible_names(row.claimed_by for row in shown)
    context = {
        "form": form,
        "page_obj": shown,
        "rows": [{"request": row, "claimed_by": names.get(row.claimed_by, "")} for row in shown],
        "filtered": any(value for key, value in request.GET.items() if key not in {"sort", "page"}),
        "counts": queue.counts(actor),
        "me": actor.user_id,
    }
    return render(request, "review/queue.html", context)


@require_safe
def request_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One request. Whoever acts on it runs the checks by opening it, once for each version."""
    return _page(request, pk)


def _page(
    request: HttpRequest, pk: uuid.UUID, *, refused: PortalForm | None = None, act: str = "",
    error: DomainError | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    actor: Identity = request.identity  # type: ignore[attr-defined]
    seen = page.submitted_request(actor, pk)
    context = page.context_of(actor, seen)
    shown = _forms(actor, seen, context) | ({act: refused} if refused is not None else {})
    context["forms"] = {name.replace("-", "_"): form for name, form in shown.items()}
    context |= {"refused_act": act, "error": error, "may_act": page.may_act(actor)}
    return render(request, "review/request.html", context, status=status)


def _forms(actor: Identity, seen: Request, context: dict[str, Any]) -> dict[str, PortalForm]:
    """The acts that are open to this person on this request now, each with its empty form."""
    if not page.may_act(actor):
        return {}
    names: list[str] = []
    if seen.state == RequestState.SUBMITTED or (seen.state == RequestState.IN_REVIEW and seen.claimed_by is None):
        names.append("claim")
    if seen.is_open:
        names.append("check")
    if seen.state == RequestState.IN_REVIEW:
        names += ["hand-back", "recommend", "ask", "correct"]
        names += ["approve", "reject"] if actor.has(Role.APPROVER) else []
        names += ["override"] if actor.has(Role.MANAGER) and context["overridable"] else []
    today = clock.today_in(seen.certifier.time_zone)
    if seen.state == RequestState.INFORMATION_REQUESTED and seen.question_deadline and seen.question_deadline < today:
        names.append("lapse")
    return {name: _form(name, seen, context["overridable"]) for name in names}


def _form(name: str, seen: Request, codes: list[tuple[str, str]], data: Any = None) -> PortalForm:
    kind = ACTS[name].form
    extra: dict[str, Any] = {"codes": codes} if kind is forms.OverrideForm else {}
    return kind(data, initial={"version": seen.version}, auto_id=f"{name}-%s", **extra)


@dataclasses.dataclass(frozen=True, slots=True)
class Act:
    """An act of the page: its form, what it calls, and what is said afterwards."""

    form: type[PortalForm]
    run: Run
    done: str | Promise
    back_to_queue: bool = False


ACTS: dict[str, Act] = {
    "claim": Act(
        forms.PlainForm, lambda actor, pk, _given: claims.claim(actor, pk),
        gettext_lazy("You are working on this request."),
    ),
    "hand-back": Act(
        forms.PlainForm, lambda actor, pk, _given: claims.hand_back(actor, pk),
        gettext_lazy("The request is back in the queue."), back_to_queue=True,
    ),
    "check": Act(
        forms.PlainForm, lambda actor, pk, _given: checks.run_again(actor, pk),
        gettext_lazy("The checks ran again."),
    ),
    "lapse": Act(
        forms.PlainForm, lambda actor, pk, _given: questions.lapse(actor, pk),
        gettext_lazy("The request has lapsed; its volume is available again."),
    ),
    "recommend": Act(
        forms.RecommendForm,
        lambda actor, pk, given: recommendations.recommend(
            actor, pk, approve=given["approve"] == "yes", note=given["note"], expected_version=given["version"]
        ),
        gettext_lazy("Your recommendation is recorded."),
    ),
    "approve": Act(
        forms.ApproveForm,
        lambda actor, pk, given: decisions.approve(
            actor, pk, note=given["note"], expected_version=given["version"]
        ),
        gettext_lazy("Approved. The certificate is being registered in OID."),
    ),
    "reject": Act(
        forms.RejectForm,
        lambda actor, pk, given: decisions.reject(
            actor, pk, reason=given["reason"], note=given["note"], expected_version=given["version"]
        ),
        gettext_lazy("Rejected. The volume is available again and the exporter is told."),
    ),
    "ask": Act(
        forms.AskForm,
        lambda actor, pk, given: questions.ask(
            actor, pk, text=given["text"], fields=given["fields_asked"], document_kinds=given["document_kinds"],
            expected_version=given["version"],
        ),
        gettext_lazy("The exporter is asked; the service clock has stopped."),
    ),
    "correct": Act(
        forms.CorrectForm,
        lambda actor, pk, given: corrections.propose(
            actor, pk, changes=given["changes"], note=given["note"], expected_version=given["version"]
        ),
        gettext_lazy("The correction is proposed to the exporter."),
    ),
    "override": Act(
        forms.OverrideForm,
        lambda actor, pk, given: overrides.override(
            actor, pk, code=given["code"], reason=given["reason"], expected_version=given["version"]
        ),
        gettext_lazy("The failure is set aside for this version. Another person must approve."),
    ),
}  # fmt: skip


@require_POST
def act_page(request: HttpRequest, pk: uuid.UUID, act: str) -> HttpResponse:
    """Do an act; refused, the page comes back with what was typed and the reason at its field."""
    actor: Identity = request.identity  # type: ignore[attr-defined]
    seen = page.submitted_request(actor, pk)
    what = ACTS[act]
    codes = page.context_of(actor, seen)["overridable"] if act == "override" else []
    form = _form(act, seen, codes, request.POST)
    if not form.is_valid():
        return _page(request, pk, refused=form, act=act, status=422)
    given = dict(form.cleaned_data)
    if isinstance(form, forms.CorrectForm):
        given["changes"] = form.changes()
    try:
        what.run(actor, pk, given)
    except DomainError as error:
        return _refused(request, pk, act, codes, form, error)
    messages.success(request, str(what.done))
    return redirect("review:queue") if what.back_to_queue else redirect("review:request", pk=pk)


def _refused(
    request: HttpRequest, pk: uuid.UUID, act: str, codes: list[tuple[str, str]], form: PortalForm, error: DomainError
) -> HttpResponse:
    """The page with the refusal; after STALE the form carries the version that the person now looks at."""
    actor: Identity = request.identity  # type: ignore[attr-defined]
    if error.code == "STALE":
        data = request.POST.copy()
        seen = page.submitted_request(actor, pk)
        data["version"] = str(seen.version)
        form = _form(act, seen, codes, data)
        form.is_valid()
    at_field(form, error)
    return _page(request, pk, refused=form, act=act, error=error, status=error.status)


@require_safe
def document(request: HttpRequest, pk: uuid.UUID, document_id: uuid.UUID) -> HttpResponseBase:
    """A document of the request, as it was uploaded; never opened inside the portal."""
    actor: Identity = request.identity  # type: ignore[attr-defined]
    page.submitted_request(actor, pk)
    row = find(RequestDocument.objects.select_related("file"), actor, document_id, request_id=pk)
    data = read_file(row.file)
    audit.record(
        actor, "review.document_read", "request", pk, certifier_id=row.certifier_id,
        after={"document": row.pk, "kind": row.kind},
    )  # fmt: skip
    name = row.file.original_name or _("document")
    return attachment(data, name=name, content_type=row.file.content_type)
