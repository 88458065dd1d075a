"""People of an organisation: who belongs, who is invited, the way in."""

from __future__ import annotations

import uuid
from typing import Any

from allauth.account.signals import user_logged_in
from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from core import clock
from core.errors import NotVisible
from core.forms import PortalForm
from core.identity import actor_of
from core.refusals import attempt
from organizations import proof
from organizations.domain import invitations, memberships
from organizations.domain.parties import Party, may_manage, own_party, party_of_membership
from organizations.forms import InviteForm, NewAccountForm, RolesForm
from organizations.identity import SESSION_KEY
from organizations.models import Invitation, Membership, User
from organizations.roles import Role
from organizations.tenancy import find, not_visible

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def people_of(request: HttpRequest, party: Party) -> dict[str, Any]:
    """Context of the list of an organisation's people: members, open invitations, whether the reader manages them."""
    actor = actor_of(request)
    members = Membership.objects.visible_to(actor).filter(side=party.side, ended_at=None, **party.ids)
    open_ones = Invitation.objects.visible_to(actor).filter(
        side=party.side, accepted_at=None, revoked_at=None, expires_at__gt=clock.now(), **party.ids
    )
    return {
        "members": members.select_related("user").order_by("user__name", "pk"),
        "invitations": open_ones.exclude(proof="code").order_by("created_at"),
        "manages": may_manage(actor, party),
    }


def handle_invite(request: HttpRequest, party: Party) -> tuple[InviteForm, bool]:
    """The invitation form of a page, and whether it was sent just now."""
    actor = actor_of(request)
    form = InviteForm(request.POST if request.method == "POST" else None, side=party.side)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        made = attempt(form, lambda: invitations.invite(actor, party, email=data["email"], roles=data["roles"]))
        if made:
            messages.success(request, _("%(email)s has been invited.") % {"email": made.email})
            return form, True
    return form, False


@require_http_methods(["GET", "HEAD", "POST"])
def people(request: HttpRequest) -> HttpResponse:
    """The people of the organisation acted for."""
    party = own_party(actor_of(request))
    form, sent = handle_invite(request, party)
    if sent:
        return redirect("organizations:people")
    reviews = party.side == Membership.Side.CERTIFIER and actor_of(request).has(Role.MANAGER, Role.AUDITOR)
    context = {"form": form, "reviews_access": reviews, **people_of(request, party)}
    return render(request, "organizations/people.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def member(request: HttpRequest, membership_id: uuid.UUID) -> HttpResponse:
    """One person's roles, and the end of the membership."""
    actor = actor_of(request)
    rows = Membership.objects.select_related("user", "client__operation", "client__certifier", "certifier")
    membership = find(rows, actor, membership_id)
    form = RolesForm(request.POST or None, side=membership.side, initial={"roles": membership.roles})
    if request.method == "POST" and form.is_valid():
        changed = attempt(form, lambda: memberships.change_roles(actor, membership_id, form.cleaned_data["roles"]))
        if changed:
            messages.success(request, _("The roles have been changed."))
            return redirect(_list_of(membership))
    context = {
        "form": form,
        "row": membership,
        "manages": may_manage(actor, party_of_membership(membership)),
        "back": _list_of(membership),
    }
    return render(request, "organizations/member.html", context)


def _list_of(row: Membership | Invitation) -> str:
    if row.side == Membership.Side.CLIENT:
        return reverse("organizations:client", args=[row.client_id])
    return reverse("organizations:people")


def _back(request: HttpRequest, row: Membership | Invitation) -> HttpResponse:
    """To the list the person came from: a client's people are on the certifier's page of that client."""
    if not actor_of(request).is_staff:
        return redirect("organizations:people")
    return redirect(_list_of(row))


@require_POST
def member_end(request: HttpRequest, membership_id: uuid.UUID) -> HttpResponse:
    """End a membership."""
    actor = actor_of(request)
    rows = Membership.objects.select_related("user", "client__operation", "client__certifier", "certifier")
    membership = find(rows, actor, membership_id)
    form = RolesForm({"roles": membership.roles}, side=membership.side)
    form.is_valid()
    if attempt(form, lambda: memberships.end(actor, membership_id)):
        messages.success(request, _("The membership has ended."))
        return _back(request, membership)
    context = {"form": form, "row": membership, "manages": True, "back": reverse("organizations:people")}
    return render(request, "organizations/member.html", context, status=409)


@require_POST
def invitation_revoke(request: HttpRequest, invitation_id: uuid.UUID) -> HttpResponse:
    """Take an invitation back."""
    row = invitations.revoke(actor_of(request), invitation_id)
    messages.success(request, _("The invitation has been taken back."))
    return _back(request, row)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind an invitation's link: for the signed-in person, or with an account made here."""
    actor = actor_of(request)
    try:
        invitation = invitations.by_token(token)
    except NotVisible as gone:
        return render(request, "organizations/invitation_gone.html", {"text": gone.message}, status=404)
    known = User.objects.filter(email=invitation.email).first()
    signed_in = actor.user_id is not None
    typed = request.POST if request.method == "POST" else None
    form = PortalForm(typed) if signed_in else NewAccountForm(typed)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        user = attempt(
            form,
            lambda: invitations.accept(actor, token, language=get_language() or "en", **data),
            show=frozenset({"INVITATION-OTHER", "SIGN-IN-FIRST"}),
        )
        if user is not None:
            return _enter(request, user, signed_in=signed_in)
    context = {
        "invitation": invitation,
        "form": form,
        "known": known is not None,
        "signed_in": signed_in,
        "is_other": signed_in and (known is None or known.pk != actor.user_id),
    }
    return render(request, "organizations/accept.html", context)


def _enter(request: HttpRequest, user: User, *, signed_in: bool) -> HttpResponse:
    """To the start page, acting for the organisation that was joined last."""
    if not signed_in:
        login(request, user, backend=BACKEND)
        # the password was set in this very request; django-allauth lists the session
        proof.note(request, user, "password")
        user_logged_in.send(sender=User, request=request, user=user)
    request.session.pop(SESSION_KEY, None)
    messages.success(request, _("Welcome. You can change the organization you act for at the top of each page."))
    return redirect("home")


@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Act for another of one's own organisations, and go on at ``next``. A membership that is not one's own is not there."""
    wanted = request.POST.get("membership", "")
    own: list[Membership] = request.memberships  # type: ignore[attr-defined]
    if wanted not in {str(row.pk) for row in own}:
        raise not_visible()
    request.session[SESSION_KEY] = wanted
    onward = request.POST.get("next", "")
    safe = onward.startswith("/") and url_has_allowed_host_and_scheme(onward, None)
    return redirect(onward if safe else "home")
