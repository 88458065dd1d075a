"""The transaction round each view, the identity in it, and the gate in front of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _

from core import audit
from core.addresses import one_caller
from core.errors import DomainError
from core.identity import NOBODY, Identity, Kind, act_as, assume
from organizations.access import audience_of, may_open
from organizations.identity import (
    SESSION_KEY,
    SUPPORT_KEY,
    Marks,
    identity_of,
    identity_without_membership,
    live_memberships,
    membership_of_token,
    open_support_session,
    support_identity,
)
from organizations.models import Membership, User

log = structlog.get_logger(__name__)
Handler = Callable[[HttpRequest], HttpResponseBase]
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: What may be sent in a support session, which otherwise only reads.
SUPPORT_MAY_SEND = frozenset({"organizations:support_end", "account_logout", "set_language"})


class _RollBack(Exception):
    """Carries an answer out of a transaction that must not be committed."""

    def __init__(self, response: HttpResponseBase) -> None:
        super().__init__()
        self.response = response


def client_address(request: HttpRequest) -> str:
    """The caller's address: counted from the right by the number of proxies we run, never the leftmost entry."""
    proxies: int = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    chain = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    if proxies and len(chain) >= proxies and one_caller(chain[-proxies]):
        return chain[-proxies]
    return str(request.META.get("REMOTE_ADDR", ""))


class IdentityMiddleware:
    """Opens the transaction round view *and* rendering and tells PostgreSQL who acts in it.

    A refusal (4xx) is an answer and commits what it recorded; an error (5xx) rolls everything back.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path == "/healthz":
            return self.get_response(request)
        if "\x00" in request.path or any(
            "\x00" in text for texts in request.GET.lists() for text in (texts[0], *texts[1])
        ):
            # no text of PostgreSQL holds one: whatever is asked with it would fail there
            raise SuspiciousOperation("a NUL character in the address")
        try:
            with act_as(NOBODY):
                self._identify(request)
                response = self.get_response(request)
                if isinstance(response, StreamingHttpResponse) and not getattr(response, "reads_no_rows", False):
                    raise RuntimeError("a stream would read after its transaction: collect the rows first")
                if response.status_code >= 500:
                    raise _RollBack(response)
                return response
        except _RollBack as rolled_back:
            return rolled_back.response

    def _identify(self, request: HttpRequest) -> None:
        marks: Marks = {
            "request_id": structlog.contextvars.get_contextvars().get("request_id", "") or uuid.uuid4().hex,
            "ip": client_address(request),
        }
        request.identity = Identity(**marks)  # type: ignore[attr-defined]
        request.memberships = []  # type: ignore[attr-defined]
        request.by_token = False  # type: ignore[attr-defined]
        header = request.headers.get("Authorization", "")
        # a key is for programs: a page asks for a person at a browser, with all that their sign-in was asked for
        if header.startswith("Bearer ") and request.path.startswith("/api/"):
            self._identify_token(request, header.removeprefix("Bearer ").strip(), marks)
        elif request.user.is_authenticated:
            self._identify_person(request, marks)
        if request.identity.kind is Kind.NOBODY:  # type: ignore[attr-defined]
            assume(request.identity)  # type: ignore[attr-defined]

    def _identify_token(self, request: HttpRequest, token: str, marks: Marks) -> None:
        request.by_token = True  # type: ignore[attr-defined]
        owner = membership_of_token(token)
        if owner is None:
            return
        user_id, membership_id = owner
        assume(Identity(kind=Kind.PERSON, user_id=user_id, **marks))
        membership = Membership.objects.filter(pk=membership_id, ended_at=None).first()
        if membership is None:
            return
        request.identity = identity_of(membership, **marks)  # type: ignore[attr-defined]
        assume(request.identity)  # type: ignore[attr-defined]

    def _identify_person(self, request: HttpRequest, marks: Marks) -> None:
        user: User = request.user  # type: ignore[assignment]
        person = identity_without_membership(user, **marks)
        assume(person)
        memberships = live_memberships(user)
        chosen = request.session.get(SESSION_KEY)
        active = next((m for m in memberships if str(m.pk) == chosen), memberships[0] if memberships else None)
        identity = identity_of(active, **marks) if active else person
        session = open_support_session(user, request.session.get(SUPPORT_KEY))
        if session is not None:
            identity, active = support_identity(session, **marks), None
        request.support_session = session  # type: ignore[attr-defined]
        request.memberships = memberships  # type: ignore[attr-defined]
        request.membership = active  # type: ignore[attr-defined]
        request.identity = identity  # type: ignore[attr-defined]
        assume(identity)
        if not request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME):
            translation.activate(user.language)
            request.LANGUAGE_CODE = user.language


def _may_be_sent(request: HttpRequest, actor: Identity, url_name: str) -> bool:
    """Whether the request's method is open to the actor: a support session reads."""
    return actor.kind is not Kind.SUPPORT or request.method in SAFE_METHODS or url_name in SUPPORT_MAY_SEND


class AccessMiddleware:
    """Refuses every view whose URL name has no entry for the caller's role."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """None lets the view run; anything else is the refusal."""
        match = request.resolver_match
        name = match.view_name if match else ""
        audience = audience_of(name)
        actor: Identity = getattr(request, "identity", NOBODY)
        if may_open(actor, audience) and _may_be_sent(request, actor, name):
            if actor.kind is Kind.SUPPORT:
                audit.record(actor, "support.read", "url", name[:64], after={"path": request.path[:300]})
            return None
        if audience is None:
            log.error("url_without_roles", url_name=name)
        is_api = request.path.startswith("/api/")
        if actor.kind is Kind.NOBODY:
            if is_api:
                return JsonResponse(
                    {
                        "type": "client_error",
                        "errors": [
                            {"code": "not_authenticated", "detail": _("Sign in or send a token."), "attr": None}
                        ],
                    },
                    status=401,
                    headers={"WWW-Authenticate": "Bearer"},
                )
            return redirect_to_login(request.get_full_path())
        audit.record(actor, "access.refused", "url", name[:64])
        if is_api:
            detail = _("Your role does not allow this.")
            return JsonResponse(
                {"type": "client_error", "errors": [{"code": "permission_denied", "detail": detail, "attr": None}]},
                status=403,
            )
        return render(request, "403.html", {"exception": PermissionDenied()}, status=403)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A domain refusal becomes an answer inside the transaction; anything else goes its way and rolls back."""
        if not isinstance(error, DomainError):
            return None
        template = {403: "403.html", 404: "404.html"}.get(error.status, "refused.html")
        return render(request, template, {"exception": error, "error": error}, status=error.status)
