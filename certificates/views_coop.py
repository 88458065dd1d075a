"""Pages of outage mode: the switch, a continuity document, its PDF, its public check; and versions of a document by hash."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from certificates import page
from certificates.domain import continuity, continuity_check, continuity_data, coop, downloads, public_check
from certificates.domain.public_check import Via
from certificates.forms_coop import ContinuityCheckForm, ContinuityForm, OutageForm
from certificates.models import Certificate, ContinuityDocument
from certificates.uploads import HashingUploadHandler
from certificates.views import pdf_answer
from core.identity import actor_of
from core.refusals import at_field, attempt
from organizations.roles import Role
from organizations.rules import rules_of
from organizations.tenancy import find

PAGE_SIZE = 25


@require_http_methods(["GET", "HEAD", "POST"])
def outage(request: HttpRequest) -> HttpResponse:
    """Outage mode: on or off, since when, under which code; a manager switches it. What has a continuity document."""
    actor = actor_of(request)
    form = OutageForm(request.POST if request.POST.get("act") == "start" else None)
    if request.method == "POST" and request.POST.get("act") == "end":
        if coop.end(actor):
            messages.success(request, _("Outage mode is off. What waits is registered now."))
        return redirect("certificates:outage")
    if request.method == "POST" and form.is_valid() and attempt(form, lambda: coop.start(actor, **form.cleaned_data)):
        messages.success(request, _("Outage mode is on. Approvers can have continuity documents made."))
        return redirect("certificates:outage")
    documents = ContinuityDocument.objects.visible_to(actor).select_related("certificate").order_by("-asked_at")
    context = {
        "form": form,
        "outage": coop.open_outage(actor.certifier_id),
        "outages": coop.outages_of(actor)[:20],
        "manages": actor.has(Role.MANAGER),
        "registers": rules_of(actor.certifier_id).register_after_outage if actor.certifier_id else True,
        "page_obj": Paginator(documents, PAGE_SIZE).get_page(request.GET.get("page")),
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "certificates/outage.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def ask_continuity(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """An approver has a continuity document made; what OR1 asks for and the portal does not know is asked here."""
    actor = actor_of(request)
    certificate = find(Certificate.objects.select_related("request"), actor, pk)
    known = continuity_data.known(certificate)
    stated = continuity_data.fixed(certificate)
    form = ContinuityForm(request.POST or None, initial=known, stated=stated)
    if request.method == "POST" and form.is_valid():
        made = attempt(form, lambda: continuity.ask(actor, pk, **form.cleaned_data))
        if made:
            messages.success(request, _("The continuity document is being made; both parties are told."))
            return redirect("certificates:detail", pk=pk)
    context = {
        "form": form,
        "certificate": certificate,
        "outage": coop.open_outage(actor.certifier_id),
        "stated": page.or1_rows(certificate, known, stated),
    }
    return render(request, "certificates/continuity.html", context, status=422 if form.errors else 200)


@require_safe
def continuity_pdf(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The signed continuity document."""
    return pdf_answer(continuity.download(actor_of(request), pk))


@require_safe
def version_pdf(request: HttpRequest, pk: uuid.UUID, sha256: str) -> HttpResponse:
    """One version of a certificate's document, by its SHA-256."""
    return pdf_answer(downloads.download(actor_of(request), pk, sha256))


@csrf_exempt  # the handler below must be in its place before anything reads the form; csrf_protect reads it next
@require_http_methods(["GET", "HEAD", "POST"])
def check_continuity(request: HttpRequest) -> HttpResponse:
    """The public check of a continuity document, by its own reference and code; a file is hashed while it arrives."""
    request.upload_handlers = [HashingUploadHandler(request)]
    return _check_continuity(request)


@csrf_protect
def _check_continuity(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        form = ContinuityCheckForm(request.POST, request.FILES)
        handler = request.upload_handlers[0]
        form.too_large = isinstance(handler, HashingUploadHandler) and handler.too_large
        via = Via.UPLOAD if request.FILES else Via.PAGE
    elif "reference" in request.GET or "code" in request.GET:
        form, via = ContinuityCheckForm(request.GET), Via.LINK
    else:
        return _shown(request, ContinuityCheckForm())
    if not form.is_valid():
        return _shown(request, form, status=422)
    given = form.cleaned_data
    sha256 = given["file"].sha256 if given["file"] else ""
    try:
        answer = continuity_check.ask(actor_of(request), given["reference"], given["code"], via=via, sha256=sha256)
    except public_check.TooManyQuestions as error:
        at_field(form, error)
        refusal = _shown(request, form, status=error.status)
        refusal["Retry-After"] = str(error.details["retry_after"])
        return refusal
    if answer is None:
        return _shown(request, form, not_found=True)
    content = answer.data["snapshot"]
    return _shown(request, form, answer=answer, goods=page.goods(content, answer.net_kg), parties=page.parties(content))


def _shown(request: HttpRequest, form: ContinuityCheckForm, *, status: int = 200, **context: Any) -> HttpResponse:
    context |= {
        "form": form, "certificate_check": reverse("certificates:check"), "origin": settings.PORTAL_PUBLIC_ORIGIN,
    }  # fmt: skip
    response = render(request, "certificates/check_continuity.html", context, status=status)
    response["Cache-Control"] = "no-store"
    # the address may hold the code: it must not travel on, neither to other sites nor to the next page of this one
    response["Referrer-Policy"] = "strict-origin"
    return response
