"""Pages of what the documents worker makes when somebody asks: previews of undecided requests, many documents at once."""

from __future__ import annotations

import uuid
from typing import IO, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from certificates.domain import bundles, previews
from certificates.forms_files import BundleForm
from certificates.models import MadeFile
from core.errors import DomainError
from core.identity import actor_of
from core.refusals import attempt
from core.serving import attachment
from requests_app.domain.requests import visible


def file_answer(row: MadeFile, file: IO[bytes], *, name: str, content_type: str) -> HttpResponseBase:
    """A made file, streamed from its store: to be saved, kept by nobody on the way."""
    return attachment(file, name=name, content_type=content_type, size=row.size)


@require_http_methods(["GET", "HEAD", "POST"])
def preview_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The preview of a request: ask for it, wait for it, take it, or read why there is none."""
    actor = actor_of(request)
    seen = visible(actor, pk)
    error, status = None, 200
    if request.method == "POST":
        try:
            previews.ask(actor, pk)
        except DomainError as refused:
            error, status = refused, refused.status
        else:
            return redirect("certificates:preview", pk=pk)
    row, changed = previews.newest(actor, seen)
    context: dict[str, Any] = {
        "request_obj": seen, "preview": row, "changed": changed, "error": error, "may_ask": previews.may_ask(actor, seen),
        "why": previews.why(row) if row and row.error else "", "is_staff": actor.is_staff,
    }  # fmt: skip
    return render(request, "certificates/preview.html", context, status=status)


@require_safe
def preview_file(request: HttpRequest, pk: uuid.UUID, preview_id: uuid.UUID) -> HttpResponseBase:
    """The preview itself."""
    row, file = previews.content(actor_of(request), pk, preview_id)
    return file_answer(row, file, name=previews.file_name(row), content_type="application/pdf")


@require_http_methods(["GET", "HEAD", "POST"])
def bundle_page(request: HttpRequest) -> HttpResponse:
    """Many documents in one ZIP: which, and those that were made."""
    actor = actor_of(request)
    form = BundleForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        row = attempt(form, lambda: bundles.ask(actor, bundles.Wanted(**form.cleaned_data)))
        if row is not None:
            messages.success(request, _("The file is being made; it appears below."))
            return redirect("certificates:bundles")
    rows = list(bundles.of_actor(actor)[:20])
    context = {
        "form": form, "rows": [(row, bundles.why(row) if row.error else "") for row in rows],
        "working": any(row.state == MadeFile.State.WAITING for row in rows),
        "home": "certificates:list" if actor.certifier_id else "certificates:inbox",
    }  # fmt: skip
    return render(request, "certificates/bundles.html", context, status=422 if form.errors else 200)


@require_safe
def bundle_file(request: HttpRequest, bundle_id: uuid.UUID) -> HttpResponseBase:
    """The ZIP itself."""
    row, file = bundles.content(actor_of(request), bundle_id)
    return file_answer(row, file, name=bundles.file_name(row), content_type="application/zip")
