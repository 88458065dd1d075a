"""A person's own sessions: one ended, all ended. The list itself is django-allauth's page."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core import audit
from core.identity import actor_of
from organizations.domain import sessions
from organizations.models import User


@require_POST
def session_end(request: HttpRequest, session_id: int) -> HttpResponse:
    """Sign out one browser."""
    ended = sessions.end_one(actor_of(request), session_id)
    if ended.session_key == request.session.session_key:
        logout(request)
        return redirect("account_login")
    messages.success(request, _("That browser has been signed out."))
    return redirect("usersessions_list")


@require_POST
def sessions_end_all(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere, here too."""
    actor = actor_of(request)
    user: User = request.user  # type: ignore[assignment]
    audit.record(actor, "sign_in.all_sessions_ended", "person", user.pk)
    sessions.end_all(user)
    logout(request)
    messages.success(request, _("You have been signed out everywhere."))
    return redirect("account_login")
