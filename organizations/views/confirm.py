"""The page that asks for a fresh proof of who acts, in place of the act; what was typed goes with it and is not lost.

The proof is posted to the address of the act itself, beside the fields of its form, so nothing of the form is kept on
the server: a right proof lets the very same request go on, through every check that it would have passed anyway.
"""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ReauthenticateForm as PasswordProof
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.core import ratelimit
from allauth.mfa.base.forms import ReauthenticateForm as CodeProof
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import ReauthenticateWebAuthnForm as PasskeyProof
from allauth.mfa.webauthn.internal import auth as webauthn
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import audit
from core.forms import PortalForm
from core.identity import actor_of
from organizations.models import Certifier, User
from organizations.sign_on import sessions as sign_on_sessions

PREFIX = "confirm"
_CSRF = "csrfmiddlewaretoken"
#: Says that the form which led here held what cannot be given back.
_LOST = f"{PREFIX}-lost"


class ConfirmForm(PortalForm):
    """One proof of who acts: the password, or a code, or (filled in by the browser) a passkey's answer."""

    password = forms.CharField(
        label=gettext_lazy("Password"), required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )  # fmt: skip
    code = forms.CharField(
        label=gettext_lazy("Or a code of your authenticator app"), required=False, max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )  # fmt: skip
    credential = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: User, by_provider: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "prefix": PREFIX})
        self.user = user
        self.proof: forms.Form | None = None
        self.types = set(Authenticator.objects.filter(user_id=user.pk).values_list("type", flat=True))
        if not self.types & {Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES}:
            del self.fields["code"]
        if by_provider or not user.has_usable_password():
            # whoever came by the certifier's provider confirms by it, or by the second step
            del self.fields["password"]

    @property
    def takes_passkeys(self) -> bool:
        """Whether the person has one."""
        return Authenticator.Type.WEBAUTHN in self.types

    def clean(self) -> dict[str, Any]:
        """Judge the one proof that was given, as django-allauth does: with its limits, a code counting once."""
        given: dict[str, Any] = super().clean() or {}
        ways: tuple[tuple[str, type[Any]], ...] = (
            ("credential", PasskeyProof), ("code", CodeProof), ("password", PasswordProof),
        )  # fmt: skip
        for name, way in ways:
            if given.get(name):
                self.proof = way(data={name: given[name]}, user=self.user)
                for text in () if self.proof.is_valid() else self.proof.errors.get(name, ()):
                    self.add_error(None if name == "credential" else name, text)
                return given
        self.add_error(None, _("Give your password, or another proof that it is you."))
        return given

    def note(self, request: HttpRequest) -> None:
        """Put the proof on the session's record; call it on a valid form."""
        if isinstance(self.proof, PasswordProof):
            reauthenticate_by_password(request)
        elif self.proof is not None:
            self.proof.save()  # type: ignore[attr-defined]


def way_in_again(maker: sign_on_sessions.MadeBy, request: HttpRequest) -> str:
    """Where somebody whom a certifier's provider signed in signs in there again, and comes back to this page."""
    slug = Certifier.objects.values_list("slug", flat=True).get(pk=maker.certifier_id)
    return f"{reverse('sign_on:way_in', args=[slug])}?{urlencode({'next': request.get_full_path()})}"


def _own(name: str) -> bool:
    return name == _CSRF or name.startswith(f"{PREFIX}-")


def ask_for_proof(request: HttpRequest, *, keep: bool) -> HttpResponse | None:
    """The page that asks, or None where the request brings a right proof with it: then the view goes on.

    ``keep``: the fields of the form come back with the proof. Without it, or with files, the form is filled in again:
    its page is asked for anew after the proof.
    """
    user: User = request.user  # type: ignore[assignment]
    answered = any(name.startswith(f"{PREFIX}-") for name in request.POST)
    loses = _LOST in request.POST or bool(request.FILES) or (bool(request.POST) and not keep and not answered)
    maker = sign_on_sessions.made_by(request)
    form = ConfirmForm(request.POST if answered else None, user=user, by_provider=maker is not None)
    if answered:
        limited: HttpResponse | None = ratelimit.consume_or_429(request, action="reauthenticate", user=user)
        if limited is not None:
            return limited
        if form.is_valid():
            form.note(request)
            audit.record(actor_of(request), "sign_in.confirmed", "person", user.pk)
            return _go_on(request, act=keep and not loses)
    fields = [(name, value) for name in request.POST for value in request.POST.getlist(name) if not _own(name)]
    context: dict[str, Any] = {
        "form": form, "kept": fields if keep and not loses else [], "loses": loses, "lost_name": _LOST,
        "way_in": way_in_again(maker, request) if maker else "",
    }  # fmt: skip
    if form.takes_passkeys:
        context["js_data"] = {"request_options": webauthn.begin_authentication(user)}
    response = render(request, "organizations/confirm.html", context, status=403)
    add_never_cache_headers(response)
    return response


def _go_on(request: HttpRequest, *, act: bool) -> HttpResponse | None:
    """The act itself, without the proof's fields; or its page anew."""
    if not act:
        messages.success(request, _("Thank you. You can go on."))
        return redirect(request.get_full_path())
    rest = request.POST.copy()
    for name in [name for name in rest if name.startswith(f"{PREFIX}-")]:
        del rest[name]
    rest._mutable = False
    request.POST = rest  # type: ignore[assignment]
    return None
