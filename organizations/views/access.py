"""The access review of a certifier, and the platform operator's acts about people."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core import clock
from core.identity import actor_of
from core.people import names_of
from core.refusals import attempt
from core.serving import attachment
from organizations import access_sheet
from organizations.domain import access_review as domain
from organizations.domain import operator_people as operator
from organizations.forms import AccessReviewForm, OperatorPersonForm
from organizations.roles import Role

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_http_methods(["GET", "HEAD", "POST"])
def access_review(request: HttpRequest) -> HttpResponse:
    """Who has access to the certifier and its clients; a manager confirms that they have looked through it."""
    actor = actor_of(request)
    access = domain.access_now(actor)
    form = AccessReviewForm(request.POST or None, initial={"digest": access.digest})
    confirmed = None
    if request.method == "POST" and form.is_valid():
        confirmed = attempt(form, lambda: domain.confirm(actor, **form.cleaned_data))
    if confirmed is not None:
        messages.success(request, _("The review has been confirmed and is on record."))
        return redirect("organizations:access_review")
    reviews = list(domain.reviews(actor))
    names = names_of(row.reviewed_by for row in reviews)
    context = {
        "access": access, "form": form, "manages": actor.has(Role.MANAGER), "current": access.digest,
        "reviews": [(row, names.get(row.reviewed_by, "")) for row in reviews],
    }  # fmt: skip
    return render(request, "organizations/access_review.html", context, status=422 if form.errors else 200)


@require_safe
def access_review_sheet(request: HttpRequest) -> HttpResponseBase:
    """The same list as a workbook."""
    data = access_sheet.write(domain.access_now(actor_of(request)))
    name = f"access-review-{clock.now().date().isoformat()}.xlsx"
    return attachment(data, name=name, content_type=XLSX)


@require_http_methods(["GET", "HEAD", "POST"])
def operator_people(request: HttpRequest) -> HttpResponse:
    """Close or open a person's account, or take away a lost second step."""
    form = OperatorPersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        act = operator.ACTS[data["act"]]
        user = attempt(form, lambda: act(actor_of(request), data["email"], data["reason"]))
        if user is not None:
            messages.success(request, _("Done for %(email)s.") % {"email": user.email})
            return redirect("organizations:operator_people")
    return render(request, "organizations/operator_people.html", {"form": form}, status=422 if form.errors else 200)
