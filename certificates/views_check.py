"""The public check: the one page of the portal that everybody may open, and that everybody will try to fool."""

from __future__ import annotations

import dataclasses
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from certificates import page
from certificates.domain import public_check
from certificates.domain.public_check import Via
from certificates.forms_check import CheckForm
from certificates.uploads import HashingUploadHandler
from core.errors import DomainError
from core.identity import actor_of
from core.refusals import at_field


@csrf_exempt  # the handler below must be in its place before anything reads the form; csrf_protect reads it next
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """The public check. A QR code leads here with number and code; a form sends them, with a PDF if somebody has one.

    The file is hashed while it arrives: no byte of it is stored or parsed.
    """
    request.upload_handlers = [HashingUploadHandler(request)]
    return _check(request)


@csrf_protect
def _check(request: HttpRequest) -> HttpResponse:
    asked = request.method == "POST" or "number" in request.GET or "code" in request.GET
    if not asked:
        return _answer(request, CheckForm())
    if request.method != "POST":
        return _ask(request, CheckForm(request.GET), Via.LINK)
    form = CheckForm(request.POST, request.FILES)
    handler = request.upload_handlers[0]
    form.too_large = isinstance(handler, HashingUploadHandler) and handler.too_large
    return _ask(request, form, Via.UPLOAD if request.FILES else Via.PAGE)


def _ask(request: HttpRequest, form: CheckForm, via: Via) -> HttpResponse:
    if not form.is_valid():
        return _answer(request, form, status=422)
    given = form.cleaned_data
    sha256 = given["file"].sha256 if given["file"] else ""
    try:
        answer = public_check.ask(actor_of(request), given["number"], given["code"], via=via, sha256=sha256)
    except public_check.Misread as error:
        for fault in error.question.faults:
            form.add_error(fault.field, fault.message)
        return _answer(request, form, status=error.status)
    except DomainError as error:
        at_field(form, error)
        page_of_refusal = _answer(request, form, status=error.status)
        if isinstance(error, public_check.TooManyQuestions):
            page_of_refusal["Retry-After"] = str(error.details["retry_after"])
        return page_of_refusal
    if answer is None:
        return _answer(request, form, not_found=True)
    return _answer(request, form, **_content(answer))


def _content(answer: public_check.Answer) -> dict[str, Any]:
    return {
        "answer": answer, "goods": page.goods(answer.snapshot, answer.net_kg), "parties": page.parties(answer.snapshot),
        "transport": page.transport(answer.snapshot), "newest": dataclasses.asdict(answer.current) if answer.current else None,
    }  # fmt: skip


def _answer(request: HttpRequest, form: CheckForm, *, status: int = 200, **context: Any) -> HttpResponse:
    context |= {"form": form, "origin": settings.PORTAL_PUBLIC_ORIGIN}
    answer = render(request, "certificates/check.html", context, status=status)
    answer["Cache-Control"] = "no-store"
    # The address may hold the code: nothing of it but the origin travels on, to whatever site. (With "no-referrer" browsers
    # hide the origin of the page's own forms too, and the guard against other sites' forms would refuse them.)
    answer["Referrer-Policy"] = "strict-origin"
    return answer
