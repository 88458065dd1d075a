"""The reading copy of a certificate: asked for by a button, fetched when the documents worker has made it."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from certificates.domain import reading_copies
from certificates.models import ReadingCopy
from certificates.views import pdf_answer
from core.identity import actor_of


@require_POST
def reading_copy(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Ask for the copy."""
    row = reading_copies.want(actor_of(request), pk)
    if row.state == ReadingCopy.State.WAITING:
        messages.success(request, _("The reading copy is being made. It stands here in a moment."))
    return redirect("certificates:detail", pk=pk)


@require_safe
def reading_copy_file(request: HttpRequest, pk: uuid.UUID, copy_id: uuid.UUID) -> HttpResponseBase:
    """The copy: to be saved, never opened inside the portal."""
    return pdf_answer(reading_copies.download(actor_of(request), pk, copy_id))
