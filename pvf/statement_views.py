"""The statement of account of one line: on screen, as a workbook, as a PDF or large workbook that a worker makes."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.errors import DomainError, InvalidInput
from core.files import PDF, XLSX
from core.identity import actor_of
from core.refusals import at_field, refuse
from core.serving import attachment
from organizations.tenancy import find
from pvf.domain import statement, statement_files, statement_sheet
from pvf.models import PVFLine, StatementFile
from pvf.statement_forms import StatementForm

PAGE_SIZE = 50
#: Movements of a workbook that is made while the reader waits; a larger one is made by the worker.
SHEET_LIMIT = 1000


def _line(request: HttpRequest, pk: uuid.UUID) -> PVFLine:
    return find(PVFLine.objects.select_related("pvf__client__operation", "certifier"), actor_of(request), pk)


def _form(data: Any, line: PVFLine) -> StatementForm:
    return StatementForm(data, zone=line.certifier.time_zone)


def _name(line: PVFLine, ending: str) -> str:
    return f"statement-{line.pvf.number}-{line.line_number}.{ending}"


@require_safe
def statement_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The statement up to a past moment, fifty movements a page, with its opening and closing balance."""
    line = _line(request, pk)
    return _page(request, line, _form(request.GET, line))


def _page(request: HttpRequest, line: PVFLine, form: StatementForm, status: int = 200) -> HttpResponse:
    actor = actor_of(request)
    found, page = None, None
    if form.is_valid():
        try:
            whole = statement.read(actor, line.pk, **form.span, limit=0)
        except InvalidInput as error:
            at_field(form, error)
        else:
            page = Paginator(range(whole.count), PAGE_SIZE).get_page(request.GET.get("page"))
            span = {"since": whole.since, "until": whole.until}
            found = statement.read(actor, line.pk, **span, start=max(page.start_index() - 1, 0), limit=PAGE_SIZE)
    asked = {name: form.data.get(name, "") for name in form.fields if form.data.get(name)}
    context = {
        "line": line, "form": form, "s": found, "page_obj": page, "asked": asked,
        "sheet_url": f"{reverse('pvf:statement-xlsx', args=[line.pk])}?{urlencode(asked)}",
        "large": found is not None and found.count > SHEET_LIMIT, "files": statement_files.of_line(actor, line)[:10],
    }  # fmt: skip
    return render(request, "pvf/statement.html", context, status=422 if form.errors else status)


@require_safe
def workbook(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """The whole statement as a workbook."""
    line = _line(request, pk)
    form = _form(request.GET, line)
    if not form.is_valid():
        return _page(request, line, form)
    whole = statement.read(actor_of(request), line.pk, **form.span, limit=0)
    if whole.count > SHEET_LIMIT:
        words = {"count": whole.count, "limit": SHEET_LIMIT}
        text = _("%(count)s movements are more than %(limit)s: ask for the workbook on the page of the statement.")
        raise InvalidInput("STATEMENT-LONG", text % words, field="since", details=words)
    data = statement_sheet.write(statement.read(actor_of(request), line.pk, since=whole.since, until=whole.until))
    return attachment(data, name=_name(line, "xlsx"), content_type=XLSX)


@require_POST
def ask_for_file(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask for the statement as PDF, or as a large workbook; a worker makes it."""
    line = _line(request, pk)
    form = _form(request.POST, line)
    if not form.is_valid():
        return _page(request, line, form)
    try:
        wanted = StatementFile.Format.XLSX if request.POST.get("format") == "xlsx" else StatementFile.Format.PDF
        statement_files.request(actor_of(request), line.pk, **form.span, file_format=wanted)
    except DomainError as error:
        refuse(form, error)
        return _page(request, line, form)
    messages.success(request, _("The file is being made: load this page again in a moment."))
    asked = urlencode({name: request.POST[name] for name in form.fields if request.POST.get(name)})
    return redirect(f"{reverse('pvf:statement', args=[line.pk])}?{asked}")


@require_safe
def file(request: HttpRequest, pk: uuid.UUID, file_id: uuid.UUID) -> HttpResponseBase:
    """A statement that was made: to be saved, kept for a day."""
    line = _line(request, pk)
    row, data = statement_files.content(actor_of(request), pk, file_id)
    kind = XLSX if row.format == StatementFile.Format.XLSX else PDF
    return attachment(data, name=_name(line, row.format), content_type=kind)
