"""How django-allauth behaves here: invitation only, secrets encrypted, mail after the transaction."""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import urljoin, urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as allauth_context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.sites.shortcuts import get_current_site
from django.core.exceptions import DisallowedHost
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.addresses import one_caller
from core.secrets import decrypt, encrypt
from organizations import proof, sign_on_events
from organizations.middleware import client_address


def _public(url: str) -> str:
    """``url`` under the configured public origin: a link in a mail never follows the Host header of who asked for it."""
    path = urlsplit(url)._replace(scheme="", netloc="").geturl()
    return urljoin(f"{settings.PORTAL_PUBLIC_ORIGIN}/", path)


def _passkey_host(request: HttpRequest) -> str:
    public = urlsplit(settings.PORTAL_PUBLIC_ORIGIN).hostname or "localhost"
    if settings.PRODUCTION:
        return public
    try:
        return urlsplit(f"//{request.get_host()}").hostname or public
    except DisallowedHost:
        return public  # the page that says so is made all the same


def passkeys_possible(request: HttpRequest) -> bool:
    """Whether a browser can make passkeys for this portal: they belong to a host name, never to a bare address."""
    try:
        ipaddress.ip_address(_passkey_host(request))
    except ValueError:
        return True
    return False


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-up is closed: people come in by invitation."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_reauthentication_required(self, *, app: str, **_: Any) -> bool:
        """One measure for all: a sign-in counts as a proof, for ``PORTAL_REAUTHENTICATION_MINUTES``."""
        return not proof.is_fresh(allauth_context.request)

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        """Somebody whose only organisations let them in by their own provider is told so, after the right password."""
        if sign_on_events.has_no_other_way(user):
            sign_on_events.refused_here(request, user)
            return render(request, "sign_on/only_by_provider.html", status=403)
        answer: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return answer

    def get_client_ip(self, request: HttpRequest) -> str:
        """Whom limits of sign-in count: the same caller as in audit rows, and no error for an odd ``X-Forwarded-For``.

        The many IPv6 addresses of one subscriber are one caller: that of their network.
        """
        return one_caller(client_address(request)).partition("/")[0]

    def get_reset_password_from_key_url(self, key: str) -> str:
        return _public(super().get_reset_password_from_key_url(key))

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return _public(super().get_email_confirmation_url(request, emailconfirmation))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send after the request's transaction, never inside it.

        Such a mail holds a link that nobody else should keep, so it is no notification row: who does not get it asks
        again. ``robust``: a mail server that is away is logged and does not undo the answer.
        """
        # some mails are written after the request's transaction, when the context has gone: the adapter still knows
        request = allauth_context.request or self.request
        words = {"request": request, "email": email, "current_site": get_current_site(request), **context}
        mail = self.render_mail(template_prefix, email, words)
        transaction.on_commit(mail.send, robust=True)


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """TOTP secrets and recovery seeds are stored encrypted."""

    def encrypt(self, text: str) -> str:
        return encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text.encode()).decode()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Passkeys belong to the public origin's host name, whatever Host header asks.

        Outside production they belong to the host in use: no browser makes one for 127.0.0.1, they do for localhost.
        """
        return {"id": _passkey_host(allauth_context.request), "name": settings.MFA_TOTP_ISSUER}
