"""A person's own matters: keys for the API, and the claim to act for an importer."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from core import clock
from core.identity import actor_of
from core.refusals import attempt
from organizations.domain import importers, tokens
from organizations.forms import AskCodeForm, EnterCodeForm, TokenForm
from organizations.identity import SESSION_KEY


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def keys(request: HttpRequest) -> HttpResponse:
    """The keys of the membership acted in. A new key is in the answer to its POST, once, and nowhere else."""
    actor = actor_of(request)
    form = TokenForm(request.POST or None)
    fresh = ""
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        made = attempt(form, lambda: tokens.create(actor, name=data["name"], days=data["days"]))
        if made:
            fresh, form = made[1], TokenForm()
    context = {"form": form, "fresh": fresh, "keys": tokens.own(actor), "now": clock.now()}
    return render(request, "organizations/tokens.html", context)


@require_POST
def key_revoke(request: HttpRequest, token_id: uuid.UUID) -> HttpResponse:
    """End a key."""
    tokens.revoke(actor_of(request), token_id)
    messages.success(request, _("The key has been revoked."))
    return redirect("organizations:tokens")


@require_http_methods(["GET", "HEAD", "POST"])
def claim(request: HttpRequest) -> HttpResponse:
    """Prove that one acts for an importer: ask for a code, enter it."""
    actor = actor_of(request)
    act = request.POST.get("act", "")
    ask = AskCodeForm(request.POST if act == "ask" else None, prefix="ask")
    enter = EnterCodeForm(request.POST if act == "enter" else None, prefix="enter")
    if act == "ask" and ask.is_valid():
        operation = attempt(ask, lambda: importers.request_code(actor, nop_id=ask.cleaned_data["nop_id"]))
        if operation:
            text = _("A code was sent to the address that OID has of %(name)s.") % {"name": operation.name}
            messages.success(request, text)
            enter = EnterCodeForm(initial={"nop_id": operation.nop_id}, prefix="enter")
    if act == "enter" and enter.is_valid():
        data = enter.cleaned_data
        joined = attempt(enter, lambda: importers.enter_code(actor, nop_id=data["nop_id"], code=data["code"]))
        if joined:
            request.session[SESSION_KEY] = str(joined.pk)
            messages.success(request, _("You now act for the importer."))
            return redirect("home")
    return render(request, "organizations/claim.html", {"ask": ask, "enter": enter})
