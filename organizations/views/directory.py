"""The platform operator's page of the directory: reading a file in, with its progress and what was wrong."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core.identity import actor_of
from core.refusals import attempt
from core.uploads import BoundedUploadHandler, receiving
from organizations.domain.directory import imports, problems, uploads
from organizations.domain.directory.listing import newest_full_day
from organizations.forms import DirectoryUploadForm
from organizations.models import DirectoryImport, DirectoryProblem
from organizations.views.shared import page_of

UNLISTED_SHOWN = 20


class DirectoryUpload(BoundedUploadHandler):
    """OID's workbook of a month is larger than any document."""

    most = uploads.MAX_BYTES


@require_http_methods(["GET", "HEAD", "POST"])
@receiving(DirectoryUpload)
def directory_imports(request: HttpRequest) -> HttpResponse:
    """The imports, newest first; a new one is begun here."""
    actor = actor_of(request)
    imports.require_keeper(actor)
    form = DirectoryUploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        made = attempt(
            form, lambda: uploads.receive(
                actor, given["file"], given["file"].name, as_of=given["as_of"], may_shrink=given["may_shrink"]
            ),
        )  # fmt: skip
        if made:
            messages.success(request, _("The file has been received. A worker reads it in."))
            return redirect("organizations:directory_import", made.pk)
    unlisted = imports.no_longer_listed()
    context = {
        "form": form, "page": page_of(request, DirectoryImport.objects.order_by("-started_at"), 20),
        "newest": newest_full_day(), "unlisted_count": unlisted.count(), "unlisted": unlisted[:UNLISTED_SHOWN],
    }  # fmt: skip
    return render(request, "organizations/directory_imports.html", context, status=422 if form.errors else 200)


@require_safe
def directory_import(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """One import: how far it is, its figures, and the rows with problems."""
    imports.require_keeper(actor_of(request))
    row = get_object_or_404(DirectoryImport, pk=import_id)
    page = page_of(request, DirectoryProblem.objects.filter(directory_import=row).order_by("row", "pk"))
    for problem in page:
        problem.text = problems.TEXTS.get(problem.code, problem.code)
    context = {"row": row, "page": page, "running": row.state == DirectoryImport.State.RUNNING}
    return render(request, "organizations/directory_import.html", context)
