"""Pages of PVFs: list, one PVF, one line's statement, import, a manager's decision, tariff editions."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.errors import DomainError
from core.files import XLSX, keep
from core.identity import Identity, Kind, actor_of
from core.models import StoredFile
from core.refusals import at_field, let_pages_pass, refuse
from core.serving import attachment
from core.templatetags.portal_format import kg
from core.uploads import accept
from organizations.history import visible_names
from organizations.models import Client
from organizations.roles import Role
from organizations.tenancy import find
from pvf import page
from pvf.domain import hts_table, proposals, versions, workbook, workbook_out
from pvf.forms import EditionForm, ImportForm, RejectForm
from pvf.life_forms import ApproveForm
from pvf.models import PVF, HtsEdition, Movement, ProcessingReport, PVFLine, PVFVersion

PAGE_SIZE = 25


@require_safe
def pvf_list(request: HttpRequest) -> HttpResponse:
    """The PVFs that the reader may see, newest period first, and the versions that wait for a manager."""
    actor = actor_of(request)
    rows = PVF.objects.visible_to(actor).select_related("client__operation").order_by("-period_start", "number", "id")
    waiting = (
        PVFVersion.objects.visible_to(actor)
        .filter(state=PVFVersion.State.PROPOSED)
        .select_related("pvf", "client__operation")
        .order_by("proposed_at")
    )
    shown = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page_obj": shown, "totals": page.totals(actor, shown), "waiting": waiting[:50],
        "may_propose": page.may_propose(actor), "is_staff": actor.is_staff,
    }  # fmt: skip
    return render(request, "pvf/list.html", context)


@require_safe
def detail(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One PVF: its lines in force with their kilograms, and its versions."""
    actor = actor_of(request)
    row = find(PVF.objects.select_related("client__operation", "client__certifier"), actor, pk)
    context = {
        "pvf": row, "lines": page.lines_of(actor, row), "may_propose": page.may_propose(actor),
        "versions": page.shown_versions(actor).filter(pvf=row).order_by("-number"),
        "reports": ProcessingReport.objects.visible_to(actor).filter(pvf=row).select_related("input_line", "output_line")
        .order_by("-reported_at")[:50],
        "events": page.events_of(row),
    }  # fmt: skip
    return render(request, "pvf/detail.html", context)


@require_safe
def line(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One line: its terms, its kilograms, and the statement of its movements, newest first."""
    actor = actor_of(request)
    row = find(PVFLine.objects.select_related("pvf__client__operation"), actor, pk)
    movements = Movement.objects.visible_to(actor).filter(line=row).order_by("-sequence")
    shown = Paginator(movements, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"line": row, "page_obj": shown, "movements": page.statement(shown), **page.line_context(actor, row)}
    return render(request, "pvf/line.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def import_page(request: HttpRequest) -> HttpResponse:
    """Upload a workbook; its errors are shown row by row, and nothing is kept of a workbook that has any."""
    actor = actor_of(request)
    form = ImportForm(request.POST or None, request.FILES or None, clients=page.clients_of(actor))
    errors: list[workbook.RowError] = []
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                version_row, errors = _import(actor, form.cleaned_data)
        except DomainError as error:
            at_field(form, error)
        else:
            if version_row is not None:
                messages.success(request, _("The workbook is imported. A manager decides on it."))
                return redirect("pvf:version", version_row.pk)
    status = 422 if errors or form.errors else 200
    return render(request, "pvf/import.html", {"form": form, "errors": errors}, status=status)


def _import(actor: Identity, given: dict[str, Any]) -> tuple[PVFVersion | None, list[workbook.RowError]]:
    sheet = accept(given["file"], name=given["file"].name or "", kind=StoredFile.Kind.SHEET)
    parsed = workbook.read_pvf(sheet.file)
    if parsed.errors or parsed.period_start is None or parsed.period_end is None:
        return None, parsed.errors
    client_id = actor.client_id if actor.kind is Kind.EXPORTER else given["client"]
    client = find(Client.objects.all(), actor, client_id or "")
    stored = keep(actor, sheet, certifier_id=client.certifier_id, client_id=client.pk)
    version_row = proposals.propose(
        actor, client_id=client.pk, number=parsed.number, period_start=parsed.period_start,
        period_end=parsed.period_end, rows=parsed.rows, source_file_id=stored.pk, note=given["note"],
    )  # fmt: skip
    return version_row, []


@require_safe
def template(request: HttpRequest) -> HttpResponseBase:
    """The empty workbook."""
    return attachment(workbook_out.write_pvf({}), name="pvf-template.xlsx", content_type=XLSX)


@require_safe
def version(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """A version beside the one it follows; a manager decides on it here. A draft is worked on at its own page."""
    actor = actor_of(request)
    row = find(page.shown_versions(actor), actor, pk)
    if row.state == PVFVersion.State.DRAFT:
        return redirect("pvf:draft", row.pk)
    return _version_page(request, pk)


def _carry_lines(row: PVFVersion) -> list[tuple[str, str, Decimal]]:
    """The lines that ask to carry kilograms on, as fields of the manager's form."""
    rows = row.carry_overs.select_related("line", "from_line__balance", "from_line__pvf").order_by("line__line_number")
    return [
        (
            str(item.line_id),
            _("Line %(line)s, from %(pvf)s line %(old)s (%(available)s available)") % {
                "line": item.line.line_number, "pvf": item.from_line.pvf.number, "old": item.from_line.line_number,
                "available": kg(item.from_line.balance.available),
            },
            item.asked_kg,
        )
        for item in rows
    ]  # fmt: skip


def _approve_form(row: PVFVersion, data: Any = None) -> ApproveForm:
    current = versions.in_force(row.pvf)
    initial = {"compared_with": str(current.pk) if current else proposals.NONE_IN_FORCE}
    return ApproveForm(data, initial=initial, lines=_carry_lines(row))


def _version_page(
    request: HttpRequest, pk: uuid.UUID, *, form: RejectForm | None = None, approving: ApproveForm | None = None,
    error: DomainError | None = None,
) -> HttpResponse:  # fmt: skip
    actor = actor_of(request)
    row = find(page.shown_versions(actor).select_related("pvf", "client__operation"), actor, pk)
    waits = row.state == PVFVersion.State.PROPOSED
    people = visible_names([row.proposed_by, row.decided_by]) if actor.is_staff else {}
    context = {
        "version": row, "error": error, "decides": waits and actor.is_staff and actor.has(Role.MANAGER),
        "withdraws": waits and page.may_propose(actor) and row.by_certifier is actor.is_staff,
        "form": form or RejectForm(), "approve_form": approving or _approve_form(row),
        "proposed_by": people.get(row.proposed_by, ""), "decided_by": people.get(row.decided_by, ""),
        "documents": row.documents.filter(removed_at=None).select_related("file").order_by("added_at"),
        **page.comparison(actor, row),
    }  # fmt: skip
    bound = form or approving
    status = error.status if error else 422 if bound is not None and bound.errors else 200
    return render(request, "pvf/version.html", context, status=status)


@require_POST
def approve(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Put the version in force, with what is carried over where it opens a new year."""
    actor = actor_of(request)
    seen = find(page.shown_versions(actor).select_related("pvf"), actor, pk)
    form = _approve_form(seen, request.POST)
    if not form.is_valid():
        return _version_page(request, pk, approving=form)
    carried = {uuid.UUID(line): kilograms for line, kilograms in form.carried().items()}
    try:
        with transaction.atomic():
            row = proposals.approve(
                actor, pk, compared_with=form.cleaned_data["compared_with"], carried=carried,
                reason=form.cleaned_data.get("reason", ""),
            )  # fmt: skip
    except DomainError as error:
        let_pages_pass(error)
        return _version_page(request, pk, error=error)
    messages.success(request, _("The version is in force; the kilograms have moved."))
    return redirect("pvf:detail", row.pvf_id)


@require_POST
def reject(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Refuse the version with a reason."""
    form = RejectForm(request.POST)
    if not form.is_valid():
        return _version_page(request, pk, form=form)
    try:
        with transaction.atomic():
            row = proposals.reject(actor_of(request), pk, form.cleaned_data["reason"])
    except DomainError as error:
        let_pages_pass(error)
        return _version_page(request, pk, form=form, error=error)
    messages.success(request, _("The version is rejected; the exporter is told."))
    return redirect("pvf:version", row.pk)


@require_safe
def editions(request: HttpRequest) -> HttpResponse:
    """Editions of the tariff schedule with their first days."""
    return _editions_page(request, EditionForm())


def _editions_page(request: HttpRequest, form: EditionForm) -> HttpResponse:
    actor = actor_of(request)
    context = {
        "form": form,
        "editions": HtsEdition.objects.order_by("-position"),
        "may_change": actor.kind is Kind.PLATFORM or (actor.is_staff and actor.has(Role.MANAGER)),
    }
    return render(request, "pvf/editions.html", context, status=422 if form.errors else 200)


@require_POST
def save_edition(request: HttpRequest) -> HttpResponse:
    """Enter an edition's first day."""
    form = EditionForm(request.POST)
    if form.is_valid():
        try:
            hts_table.set_first_day(actor_of(request), form.cleaned_data["edition"].pk, form.cleaned_data["first_day"])
        except DomainError as error:
            refuse(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("pvf:editions")
    return _editions_page(request, form)
