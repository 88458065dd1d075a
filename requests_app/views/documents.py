"""Documents of a request: add, remove, download. A download is never opened inside the portal."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core import audit
from core.errors import DomainError
from core.files import read_file
from core.identity import Identity
from core.refusals import at_field
from core.serving import attachment
from organizations import delegated
from organizations.tenancy import find
from requests_app.domain import documents
from requests_app.domain.requests import visible
from requests_app.forms import DocumentForm
from requests_app.models import Request, RequestDocument, RequestState
from requests_app.views import steps
from requests_app.views.detail import detail_page
from requests_app.views.tasks import documents_context, task_context


def _back(row: Request) -> HttpResponse:
    """To the task of a draft, else to the request, where the question is answered."""
    if row.state == RequestState.DRAFT:
        return redirect("requests:task", pk=row.pk, task="documents")
    return redirect("requests:detail", pk=row.pk)


@require_POST
def add(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Add a document; refused, the page comes back with the reason at the field."""
    actor: Identity = request.identity  # type: ignore[attr-defined]
    seen = visible(actor, pk)
    form = DocumentForm(request.POST, request.FILES)
    status = 422
    if form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            with transaction.atomic():
                documents.add(actor, pk, form.cleaned_data["kind"], upload, upload.name or "")
        except DomainError as error:
            status = error.status
            at_field(form, error)
        else:
            messages.success(request, _("The document was added."))
            return _back(seen)
    if seen.state != RequestState.DRAFT:
        return detail_page(request, pk, document_form=form, status=status)
    context = task_context(actor, seen, steps.TASKS["documents"]) | documents_context(seen, form)
    return render(request, "requests_app/task.html", context, status=status)


@require_POST
def remove(request: HttpRequest, pk: uuid.UUID, document_id: uuid.UUID) -> HttpResponse:
    """Take a document away."""
    actor: Identity = request.identity  # type: ignore[attr-defined]
    row = find(RequestDocument.objects.all(), actor, document_id, request_id=pk)
    with transaction.atomic():
        documents.remove(actor, row.pk)
    messages.success(request, _("The document was removed."))
    return _back(visible(actor, pk))


@require_safe
def download(request: HttpRequest, pk: uuid.UUID, document_id: uuid.UUID) -> HttpResponseBase:
    """The document as it was uploaded."""
    actor: Identity = request.identity  # type: ignore[attr-defined]
    row = find(RequestDocument.objects.select_related("file"), actor, document_id, request_id=pk)
    data = read_file(row.file)
    actor = delegated.reading(actor, clients=[row.client_id], importers=[])
    audit.record(
        actor, "request.document_read", "request", pk, certifier_id=row.certifier_id, client_id=row.client_id,
        after={"document": row.pk, "kind": row.kind},
    )  # fmt: skip
    name = row.file.original_name or _("document")
    return attachment(data, name=name, content_type=row.file.content_type)
