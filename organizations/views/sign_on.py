"""A certifier's own way in, and the page on which its managers set it up."""

from __future__ import annotations

import dataclasses
from typing import Any

from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from core import audit
from core.identity import NOBODY, Identity, act_as, actor_of
from core.refusals import attempt
from organizations import proof
from organizations.domain import certifiers, sign_on, two_managers
from organizations.forms import SignOnForm
from organizations.models import Certifier, User
from organizations.models_changes import GuardedChange
from organizations.roles import Role
from organizations.sign_on import sessions
from organizations.sign_on.middleware import Outcome, back_address, safe_target
from organizations.sign_on.protocol import Refused, Terms


def _found(request: HttpRequest) -> tuple[Outcome, Terms]:
    """What came of asking the provider. A certifier without one answers as if there were no such certifier."""
    outcome: Outcome | None = getattr(request, "sign_on", None)
    if outcome is None or outcome.terms is None:
        raise Http404
    return outcome, outcome.terms


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def way_in(request: HttpRequest, slug: str) -> HttpResponse:
    """The button, and the page that leads on to the provider.

    It is left by a refresh of the page, not by the answer to a form: so no policy need let a form reach a stranger's site.
    """
    outcome, terms = _found(request)
    if request.method == "POST":
        limited: HttpResponse | None = ratelimit.consume_or_429(request, action="login")
        if limited is not None:
            return limited
        if outcome.down:
            return _down(request, slug, terms)
        answer = render(request, "sign_on/leave.html", {"terms": terms, "address": outcome.leave_for})
        answer.headers["Refresh"] = f"0; url={outcome.leave_for}"
        return answer
    own = sessions.is_own(request, terms)
    if request.user.is_authenticated and not own:
        return redirect("home")
    context = {
        "terms": terms, "certifier": _certifier(slug), "again": own,
        "next": safe_target(request, request.GET.get("next", "")),
    }  # fmt: skip
    return render(request, "sign_on/way_in.html", context)


@never_cache
@require_safe
def back(request: HttpRequest, slug: str) -> HttpResponse:
    """The provider has sent the browser back: somebody is let in, confirmed, or refused."""
    outcome, terms = _found(request)
    if outcome.down:
        return _down(request, slug, terms)
    caller = actor_of(request)
    loop = dataclasses.replace(Identity.loop(terms.certifier_id), request_id=caller.request_id, ip=caller.ip)
    try:
        if outcome.claims is None or outcome.question is None:
            raise Refused(outcome.fault or "state")
        with act_as(loop):
            user = sign_on.person_of(loop, terms, outcome.claims)
        if outcome.question.confirm:
            _confirm(request, loop, terms, outcome, user)
        else:
            _let_in(request, loop, terms, outcome, user)
    except Refused as error:
        with act_as(loop):
            audit.record(
                loop, "sign_in.refused", "certifier", terms.certifier_id,
                after={"by": "single sign-on", "reason": error.reason},
            )  # fmt: skip
        return render(request, "sign_on/refused.html", {"terms": terms, "slug": slug}, status=403)
    return redirect(outcome.target)


def _let_in(request: HttpRequest, loop: Identity, terms: Terms, outcome: Outcome, user: User) -> None:
    """A new session, made by this provider: nothing of the one before is in it."""
    claims = outcome.claims
    assert claims is not None  # noqa: S101 - its caller has asked
    request.session.flush()
    with act_as(NOBODY):
        login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
        proof.note_sign_on(request, user, at=claims.auth_time)
        sessions.mark(request, terms, multi_factor=claims.multi_factor)
    with act_as(loop):
        audit.record(
            loop, "sign_in.done", "person", user.pk,
            after={"by": "single sign-on", "second_step": terms.second_step and claims.multi_factor},
        )  # fmt: skip


def _confirm(request: HttpRequest, loop: Identity, terms: Terms, outcome: Outcome, user: User) -> None:
    """The same person has signed in at the provider once more: the proof is as fresh as that."""
    claims = outcome.claims
    if claims is None or user.pk != request.user.pk or not sessions.is_own(request, terms):
        raise Refused("other-person")
    proof.note_sign_on(request, user, at=claims.auth_time)
    with act_as(loop):
        audit.record(loop, "sign_in.confirmed", "person", user.pk, after={"by": "single sign-on"})
    messages.success(request, _("Thank you. You can go on."))


def _down(request: HttpRequest, slug: str, terms: Terms) -> HttpResponse:
    return render(request, "sign_on/down.html", {"terms": terms, "slug": slug}, status=503)


def _certifier(slug: str) -> Certifier:
    return Certifier.objects.get(slug=slug)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: HttpRequest) -> HttpResponse:
    """The certifier's provider as it stands; a manager proposes another, stops it, or forgets who somebody is there."""
    actor = actor_of(request)
    certifier_id = certifiers.own_certifier(actor)
    row = sign_on.provider_of(certifier_id)
    what = request.POST.get("act", "propose")
    form = SignOnForm(request.POST if request.method == "POST" and what == "propose" else None, provider=row)
    if request.method == "POST" and what == "stop":
        sign_on.stop(actor)
        messages.success(request, _("Nobody comes in by the provider any more."))
        return redirect("organizations:sign_on")
    if request.method == "POST" and what == "forget":
        sign_on.forget(actor, request.POST.get("link", ""))
        messages.success(request, _("The link has been taken away."))
        return redirect("organizations:sign_on")
    if form.is_valid() and attempt(form, lambda: sign_on.propose(actor, **form.given())) is not None:
        messages.warning(request, _("The change waits for a second manager."))
        return redirect("organizations:sign_on")
    slug = Certifier.objects.values_list("slug", flat=True).get(pk=certifier_id)
    context: dict[str, Any] = {
        "form": form, "row": row, "manages": actor.has(Role.MANAGER), "links": sign_on.links_of(actor),
        "waiting_change": two_managers.waiting(certifier_id, GuardedChange.Kind.SIGN_ON),
        "way_in": f"{settings.PORTAL_PUBLIC_ORIGIN}{reverse('sign_on:way_in', args=[slug])}",
        "back": back_address(slug),
    }  # fmt: skip
    return render(request, "organizations/sign_on.html", context, status=422 if form.errors else 200)
