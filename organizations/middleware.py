"""The transaction round each view, the identity in it, and the gate in front of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from core import audit
from core.addresses import one_caller
from core.errors import DomainError, NotPermitted
from core.identity import NOBODY, Identity, Kind, act_as, actor_of, assume
from organizations import proof
from organizations.access import Anyone, Audience, asks_first, audience_of, is_sensitive, may_open
from organizations.domain import second_step
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
from organizations.roles import Role
from organizations.sign_on import sessions
from organizations.views.confirm import ask_for_proof

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
        request.second_step_due = False  # type: ignore[attr-defined]
        request.made_by_provider = False  # type: ignore[attr-defined]
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
        maker = sessions.made_by(request)
        person = identity_without_membership(user, **marks)
        if maker is not None:
            # a certifier's provider vouches for its staff: never for the platform operator
            person = Identity(kind=Kind.PERSON, user_id=user.pk, **marks)
        assume(person)
        request.made_by_provider = maker is not None  # type: ignore[attr-defined]
        provider = sessions.provider_in_force(maker) if maker else None
        memberships = sessions.within(live_memberships(user), maker) if provider or not maker else []
        vouched = bool(maker and provider and provider.second_step and maker.multi_factor)
        if not vouched and not proof.took_second_step(request) and second_step.is_needed(user, memberships):
            # no organisation before the second step: neither the pages nor the row policies know of one
            request.second_step_due = True  # type: ignore[attr-defined]
            person, memberships = Identity(kind=Kind.PERSON, user_id=user.pk, **marks), []
        chosen = request.session.get(SESSION_KEY)
        active = next((m for m in memberships if str(m.pk) == chosen), memberships[0] if memberships else None)
        identity = identity_of(active, **marks) if active else person
        due: bool = request.second_step_due  # type: ignore[attr-defined]
        reads_for_support = not due and maker is None
        session = open_support_session(user, request.session.get(SUPPORT_KEY)) if reads_for_support else None
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


#: What somebody reaches whose second step is due: the pages that set one up, or take the one there is, and the way out.
_SETTING_UP = frozenset({
    "mfa_index", "mfa_activate_totp", "mfa_list_webauthn", "mfa_add_webauthn", "account_reauthenticate",
})  # fmt: skip
_TAKING = frozenset({"mfa_reauthenticate", "mfa_reauthenticate_webauthn"})
_WAYS_OUT = frozenset({"account_logout", "set_language"})


def _api_refusal(code: str, detail: str, status: int, **headers: str) -> JsonResponse:
    body = {"type": "client_error", "errors": [{"code": code, "detail": detail, "attr": None}]}
    return JsonResponse(body, status=status, headers=headers)


def _may_be_sent(request: HttpRequest, actor: Identity, url_name: str) -> bool:
    """Whether the request's method is open to the actor: a support session reads."""
    return actor.kind is not Kind.SUPPORT or request.method in SAFE_METHODS or url_name in SUPPORT_MAY_SEND


class AccessMiddleware:
    """Refuses every view whose URL name has no entry for the caller's role, and asks for the proofs that it needs."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(  # noqa: PLR0911 - one answer for each gate
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """None lets the view run; anything else is the refusal, or the page that asks for a proof."""
        match = request.resolver_match
        name = match.view_name if match else ""
        audience = audience_of(name)
        actor: Identity = getattr(request, "identity", NOBODY)
        is_api = request.path.startswith("/api/")
        if getattr(request, "made_by_provider", False) and not sessions.may_reach(name):
            return self._own_sign_in(request, name)
        if getattr(request, "second_step_due", False) and audience is not None:
            return self._second_step(request, name, audience, is_api=is_api)
        if not may_open(actor, audience) or not _may_be_sent(request, actor, name):
            return self._refuse(request, name, audience, is_api=is_api)
        if actor.kind is Kind.SUPPORT:
            audit.record(actor, "support.read", "url", name[:64], after={"path": request.path[:300]})
        if getattr(request, "by_token", False) or not is_sensitive(name) or proof.is_fresh(request):
            return None
        asked_early = asks_first(name) and actor.has(Role.MANAGER)
        if request.method in SAFE_METHODS and not asked_early:
            return None
        if is_api:
            text = _("This needs a fresh proof of who you are: confirm it on a page, or use an API key.")
            return _api_refusal("reauthentication_required", text, 403)
        return ask_for_proof(request, keep=not asks_first(name))

    def _second_step(self, request: HttpRequest, name: str, audience: Audience, *, is_api: bool) -> HttpResponse | None:
        """Somebody whose roles need a second step that this session has not taken."""
        user: User = request.user  # type: ignore[assignment]
        is_set_up = second_step.is_set_up(user.pk)
        reachable = _WAYS_OUT | (_TAKING if is_set_up else _SETTING_UP)
        if name in reachable or (Anyone.SIGNED_OUT in audience and not request.path.startswith("/organization/")):
            return None
        if is_api:
            return _api_refusal("second_step_required", _("Your role needs two-step sign-in."), 403)
        target = reverse("mfa_reauthenticate" if is_set_up else "mfa_index")
        if request.method in SAFE_METHODS and is_set_up:
            target += f"?{urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})}"
        return redirect(target)

    def _own_sign_in(self, request: HttpRequest, name: str) -> HttpResponse | None:
        """Ways of signing in are not changed in a session that a provider made: it could come in elsewhere by them."""
        if name == "account_reauthenticate":
            return ask_for_proof(request, keep=False)
        audit.record(actor_of(request), "access.refused", "url", name[:64], after={"by": "single sign-on"})
        text = _("You came in by your certifier's own sign-in. To change how you sign in here, sign out and sign in with"
                 " your password.")  # fmt: skip
        error = NotPermitted("OWN-SIGN-IN", text)
        return render(request, "403.html", {"exception": error, "error": error}, status=403)

    def _refuse(self, request: HttpRequest, name: str, audience: Audience | None, *, is_api: bool) -> HttpResponse:
        actor: Identity = getattr(request, "identity", NOBODY)
        if audience is None:
            log.error("url_without_roles", url_name=name)
        if actor.kind is Kind.NOBODY:
            if is_api:
                text = _("Sign in or send a token.")
                return _api_refusal("not_authenticated", text, 401, **{"WWW-Authenticate": "Bearer"})
            return redirect_to_login(request.get_full_path())
        audit.record(actor, "access.refused", "url", name[:64])
        if is_api:
            return _api_refusal("permission_denied", _("Your role does not allow this."), 403)
        return render(request, "403.html", {"exception": PermissionDenied()}, status=403)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A domain refusal becomes an answer inside the transaction; anything else goes its way and rolls back."""
        if not isinstance(error, DomainError):
            return None
        template = {403: "403.html", 404: "404.html"}.get(error.status, "refused.html")
        return render(request, template, {"exception": error, "error": error}, status=error.status)
