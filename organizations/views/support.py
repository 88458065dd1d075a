"""Support sessions: the operator's page, which opens and ends them, and the certifier's, which shows and ends them."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.identity import Kind, actor_of, assume
from core.refusals import attempt
from organizations.domain import support as domain
from organizations.forms import SupportForm
from organizations.identity import SUPPORT_KEY, identity_without_membership, open_support_session
from organizations.models import User
from organizations.tenancy import not_visible


@require_http_methods(["GET", "HEAD", "POST"])
def support(request: HttpRequest) -> HttpResponse:
    """The operator's sessions; a new one is opened here and read in at once."""
    actor = actor_of(request)
    form = SupportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        row = attempt(
            form,
            lambda: domain.open_session(actor, given["certifier"].pk, reason=given["reason"], minutes=given["minutes"]),
        )
        if row is not None:
            request.session[SUPPORT_KEY] = str(row.pk)
            return redirect("home")
    context = {"form": form, "rows": domain.sessions(actor), "me": actor.user_id}
    return render(request, "organizations/support.html", context, status=422 if form.errors else 200)


@require_POST
def enter(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    """Go on reading in a session of one's own that is still open, after signing in anew."""
    user: User = request.user  # type: ignore[assignment]
    if open_support_session(user, session_id) is None:
        raise not_visible()
    request.session[SUPPORT_KEY] = str(session_id)
    return redirect("home")


@require_POST
def end(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    """End a session: the operator's own way out, or the certifier's manager turns the operator out."""
    actor = actor_of(request)
    if actor.kind is Kind.SUPPORT:
        # the session only reads: its end is an act of the operator
        user: User = request.user  # type: ignore[assignment]
        actor = identity_without_membership(user, request_id=actor.request_id, ip=actor.ip)
        assume(actor)
    domain.end_session(actor, session_id)
    request.session.pop(SUPPORT_KEY, None)
    messages.success(request, _("The support session has ended."))
    return redirect("organizations:support" if actor.kind is Kind.PLATFORM else "organizations:support_log")


@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """Who of the platform has read this certifier's data, when, why."""
    actor = actor_of(request)
    return render(request, "organizations/support_log.html", {"rows": domain.sessions(actor)})
