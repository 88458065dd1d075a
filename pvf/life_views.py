"""Pages of a PVF in force: topping up a line, processing, the next year, and the workbook of what stands."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.errors import DomainError
from core.files import XLSX
from core.identity import actor_of
from core.refusals import attempt, let_pages_pass
from core.serving import attachment
from organizations.roles import Role
from organizations.tenancy import find
from pvf import page
from pvf.domain import processing, top_ups, versions, workbook_out, years
from pvf.draft_views import pvf_of
from pvf.forms import RejectForm
from pvf.life_forms import ProcessingForm, StartForm, TopUpForm
from pvf.models import Balance, ProcessingReport, PVFLine, PVFVersion


@require_http_methods(["GET", "HEAD", "POST"])
def top_up(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Propose more of one line, with its evidence."""
    actor = actor_of(request)
    row = find(PVFLine.objects.select_related("pvf__client__operation"), actor, pk)
    form = TopUpForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        version = attempt(form, lambda: top_ups.propose(actor, pk, form.more(), form.papers()))
        if version is not None:
            messages.success(request, _("Proposed. A manager of the certifier decides on it."))
            return redirect("pvf:version", version.pk)
    context = {"line": row, "form": form, **page.line_context(actor, row)}
    return render(request, "pvf/top_up.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def process(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Report what was processed into what; no kilogram moves before a manager approves."""
    actor = actor_of(request)
    row = pvf_of(actor, pk)
    named = [item for item in page.lines_of(actor, row) if item["terms"]]
    lines = [(str(item["line"].pk), f"{item['line'].line_number} · {item['terms'].label_name}") for item in named]
    form = ProcessingForm(request.POST or None, request.FILES or None, lines=lines)
    if request.method == "POST" and form.is_valid():
        source, target = (uuid.UUID(form.cleaned_data[name]) for name in ("input_line", "output_line"))
        report_row = attempt(form, lambda: processing.report(actor, source, target, form.processed(), form.papers()))
        if report_row is not None:
            messages.success(request, _("Reported. The kilograms move once a manager approves."))
            return redirect("pvf:report", report_row.pk)
    return render(request, "pvf/process.html", {"pvf": row, "form": form}, status=422 if form.errors else 200)


@require_safe
def report(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """A processing report with its arithmetic; a manager decides on it here."""
    return _report_page(request, pk)


def _report_page(
    request: HttpRequest, pk: uuid.UUID, *, form: RejectForm | None = None, error: DomainError | None = None
) -> HttpResponse:
    actor = actor_of(request)
    rows = ProcessingReport.objects.select_related("pvf__client__operation", "input_line", "output_line")
    row = find(rows, actor, pk)
    balances = {item.line_id: item for item in Balance.objects.visible_to(actor).filter(
        line_id__in=[row.input_line_id, row.output_line_id])}  # fmt: skip
    source, target = balances[row.input_line_id].available, balances[row.output_line_id].available
    waits = row.state == ProcessingReport.State.REPORTED
    context: dict[str, Any] = {
        "report": row, "error": error, "form": form or RejectForm(), "waits": waits,
        "decides": waits and actor.is_staff and actor.has(Role.MANAGER),
        "withdraws": waits and page.may_propose(actor) and not actor.is_staff,
        "stated": processing.ratio_on_pvf(row), "departs": processing.departs_from_pvf(row),
        "input_before": source, "input_after": source - row.input_kg, "output_before": target,
        "output_after": target + row.output_kg, "short": source < row.input_kg,
        "documents": row.documents.select_related("file").order_by("added_at"),
    }  # fmt: skip
    status = error.status if error else 422 if form is not None and form.errors else 200
    return render(request, "pvf/report.html", context, status=status)


def _decide(request: HttpRequest, pk: uuid.UUID, act: Any, said: str) -> HttpResponse:
    try:
        with transaction.atomic():
            act()
    except DomainError as error:
        let_pages_pass(error)
        return _report_page(request, pk, error=error)
    messages.success(request, said)
    return redirect("pvf:report", pk)


@require_POST
def approve_report(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Move the kilograms of a report."""
    return _decide(
        request, pk, lambda: processing.approve(actor_of(request), pk), _("Approved; the kilograms have moved.")
    )


@require_POST
def reject_report(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Refuse a report with a reason."""
    form = RejectForm(request.POST)
    if not form.is_valid():
        return _report_page(request, pk, form=form)
    reason = form.cleaned_data["reason"]
    return _decide(
        request, pk, lambda: processing.reject(actor_of(request), pk, reason), _("Rejected; the exporter is told.")
    )


@require_POST
def withdraw_report(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take a report back."""
    return _decide(request, pk, lambda: processing.withdraw(actor_of(request), pk), _("Taken back."))


@require_http_methods(["GET", "HEAD", "POST"])
def next_year(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Begin the draft of the next certification year with the lines of this PVF."""
    actor = actor_of(request)
    row = pvf_of(actor, pk)
    form = StartForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        draft = attempt(
            form,
            lambda: years.open_draft(
                actor, pk, number=given["number"], period_start=given["period_start"], period_end=given["period_end"]
            ),
        )
        if draft is not None:
            return redirect("pvf:draft", draft.pk)
    return render(request, "pvf/next_year.html", {"pvf": row, "form": form}, status=422 if form.errors else 200)


@require_safe
def export(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """A version as a workbook that can be imported again without change."""
    actor = actor_of(request)
    version: PVFVersion = find(page.shown_versions(actor).select_related("pvf"), actor, pk)
    row = version.pvf
    head = {"number": row.number, "period_start": row.period_start, "period_end": row.period_end}
    name = f"{row.number}-{version.number}.xlsx"
    return attachment(workbook_out.write_pvf(head, versions.rows_of(version)), name=name, content_type=XLSX)
