"""The draft as a list of tasks, and one page for each that saves and goes back to the list."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.forms import all_valid
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core import clock
from core.checks import Moment
from core.errors import DomainError
from core.identity import Identity
from core.refusals import at_field
from organizations.domain.directory.listing import with_days
from pvf.domain import lines
from requests_app.domain import checking, drafts
from requests_app.domain.requests import visible
from requests_app.forms import ROWS, DocumentForm, DraftForm, VersionForm
from requests_app.models import Request, RequestState
from requests_app.views import steps
from requests_app.views.lists import acts_for, may_draft, may_write


def asking(seen: Request, balance: Any) -> Decimal | None:
    """What a draft asks for, for the bar; a request that holds its kilograms already asks for nothing more."""
    return seen.net_kg if seen.state == RequestState.DRAFT and balance else None


def balance_of(seen: Request) -> Any:
    """The buckets of the chosen line, or None."""
    return getattr(seen.line, "balance", None) if seen.line_id else None


@require_safe
def task_list(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """How far the draft is, and what the checks say so far."""
    actor: Identity = request.identity  # type: ignore[attr-defined]
    seen = visible(actor, pk)
    if seen.state != RequestState.DRAFT or not may_draft(actor):
        return redirect("requests:detail", pk=pk)
    found = checking.findings(actor, seen, Moment.DRAFT)
    balance = balance_of(seen)
    context = {
        "request_obj": seen,
        "steps": steps.progress(seen, found),
        "findings": steps.with_links(seen, found),
        "balance": balance,
        "asking": asking(seen, balance),
        "terms": lines.terms_in_force(seen.line_id) if seen.line_id else None,
        "acts_for": acts_for(actor, seen),
        "may_submit": may_write(actor),
        "ready": not checking.mendable_failures(found),
    }
    return render(request, "requests_app/task_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def task_page(request: HttpRequest, pk: uuid.UUID, task: str) -> HttpResponse:
    """One task: what is typed is saved, whole or in part, and the list comes back."""
    actor: Identity = request.identity  # type: ignore[attr-defined]
    seen = visible(actor, pk)
    what = steps.TASKS.get(task)
    if what is None or what not in steps.tasks_of(seen):
        raise Http404
    if seen.state != RequestState.DRAFT:
        return redirect("requests:detail", pk=pk)
    if what.name == "rows":
        return _rows_page(request, seen, what)
    if what.form is None:
        return render(request, "requests_app/task.html", task_context(actor, seen, what) | documents_context(seen))
    offered = lines.offered(actor, clock.now().date(), client_id=seen.client_id)
    form = what.form(request.POST or None, request_obj=seen, offered=offered)
    if request.method != "POST":
        return render(request, "requests_app/task.html", task_context(actor, seen, what) | {"form": form})
    status = 422
    if form.is_valid():
        try:
            with transaction.atomic():
                drafts.save(actor, pk, form.changes(), expected_version=form.cleaned_data["version"])
        except DomainError as error:
            status = error.status
            form = _refused(request, actor, form, offered, error)
        else:
            return _saved(request, pk, what)
    return render(request, "requests_app/task.html", task_context(actor, seen, what) | {"form": form}, status=status)


def _saved(request: HttpRequest, pk: uuid.UUID, what: steps.Task) -> HttpResponse:
    messages.success(request, _("Saved: %(task)s.") % {"task": what.title})
    if "stay" in request.POST:
        return redirect("requests:task", pk=pk, task=what.name)
    return redirect("requests:task_list", pk=pk)


def _refused(
    request: HttpRequest, actor: Identity, form: DraftForm, offered: list[lines.OfferedLine], error: DomainError
) -> DraftForm:
    """The form with the refusal at its field; after STALE it carries the version that the person now looks at."""
    if error.code == "STALE":
        fresh = visible(actor, form.request_obj.pk)
        data = request.POST.copy()
        data["version"] = str(fresh.version)
        form = type(form)(data, request_obj=fresh, offered=offered)
        form.is_valid()
    at_field(form, error)
    return form


def task_context(actor: Identity, seen: Request, what: steps.Task) -> dict[str, Any]:
    names = [task.name for task in steps.tasks_of(seen)]
    balance = balance_of(seen)
    found = checking.findings(actor, seen, Moment.DRAFT)
    mine = [finding for finding in found if steps.task_of_field(finding.field) is what]
    if seen.importer is not None:
        with_days([seen.importer])
    return {
        "request_obj": seen,
        "acts_for": acts_for(actor, seen),
        "task": what,
        "number": names.index(what.name) + 1,
        "total": len(names),
        "findings": mine,
        "balance": balance,
        "asking": asking(seen, balance),
        "terms": lines.terms_in_force(seen.line_id) if seen.line_id else None,
        "offered": lines.offered(actor, clock.now().date(), client_id=seen.client_id) if what.name == "product" else [],
    }


def documents_context(seen: Request, form: DocumentForm | None = None) -> dict[str, Any]:
    """The documents there are and the form for another."""
    return {
        "documents": seen.documents.filter(removed_at=None).select_related("file").order_by("added_at"),
        "document_form": form or DocumentForm(),
    }


def _formsets(seen: Request, data: Any = None) -> dict[str, Any]:
    made = {}
    for part in steps.parts_of(seen):
        columns = drafts.PARTS[part][1]
        initial = [{name: getattr(row, name) for name in columns} for row in getattr(seen, part).order_by("id")]
        rows = ROWS[part](data, prefix=part, initial=initial)
        # one empty row to write in, also where nothing was entered yet
        rows.extra = 0 if initial else 1
        made[part] = rows
    return made


def _rows_page(request: HttpRequest, seen: Request, what: steps.Task) -> HttpResponse:
    actor: Identity = request.identity  # type: ignore[attr-defined]
    version = VersionForm(request.POST or None, initial={"version": seen.version})
    sets = _formsets(seen, request.POST or None)
    status = 200
    if request.method == "POST":
        asked = [part for part, rows in sets.items() if rows.wants_row]
        if asked:
            sets = {part: rows.with_another_row() if part in asked else rows for part, rows in sets.items()}
        elif version.is_valid() and all_valid(sets.values()):
            try:
                _save_rows(actor, seen, sets, version.cleaned_data["version"])
            except DomainError as error:
                status = error.status
                version = _rows_refused(request, actor, seen, version, sets, error)
            else:
                return _saved(request, seen.pk, what)
        else:
            status = 422
    context = task_context(actor, seen, what) | {"version_form": version, "formsets": list(sets.values())}
    return render(request, "requests_app/rows.html", context, status=status)


def _save_rows(actor: Identity, seen: Request, sets: dict[str, Any], expected: int) -> None:
    """All lists or none."""
    with transaction.atomic():
        for part, formset in sets.items():
            if formset.has_changed():
                rows = [{name: form.cleaned_data[name] for name in drafts.PARTS[part][1]} for form in _kept(formset)]
                expected = drafts.replace_rows(actor, seen.pk, part, rows, expected_version=expected).version


def _kept(formset: Any) -> list[Any]:
    """The rows that hold something and were not marked for removal, in the order in which they are saved."""
    return [form for form in formset.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]


def _rows_refused(
    request: HttpRequest, actor: Identity, seen: Request, version: VersionForm, sets: dict[str, Any], error: DomainError
) -> VersionForm:  # fmt: skip
    """Say it at the row and column it is about, else at the top."""
    if error.code == "STALE":
        data = request.POST.copy()
        data["version"] = str(visible(actor, seen.pk).version)
        version = VersionForm(data)
        version.is_valid()
    part, _dot, rest = error.field.partition(".")
    number, _dot, column = rest.partition(".")
    if part in sets and number.isdigit():
        kept = _kept(sets[part])
        if int(number) < len(kept) and column in kept[int(number)].fields:
            kept[int(number)].add_error(column, str(error.message))
            return version
    version.add_error(None, str(error.message))
    return version
