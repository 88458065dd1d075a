"""Calls to identity providers, made before the request's transaction is opened: no row is locked while one thinks.

The views of the way in find what came of it in ``request.sign_on``; they decide and write, in the transaction.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from core.identity import NOBODY, Identity, act_as
from organizations.domain import sign_on
from organizations.models import Certifier
from organizations.sign_on import protocol, sessions
from organizations.sign_on.protocol import Claims, Question, Refused, Terms
from organizations.sign_on.transport import Unreachable

log = structlog.get_logger(__name__)
_PATH = re.compile(r"/sign-in/(?P<slug>[-a-zA-Z0-9_]+)/(?P<back>back/)?")
HOME = "/"


@dataclasses.dataclass(slots=True)
class Outcome:
    """What came of asking a provider; ``fault``: a word for the audit trail, ``down``: it gave no usable answer."""

    terms: Terms | None = None
    leave_for: str = ""
    question: Question | None = None
    target: str = HOME
    claims: Claims | None = None
    fault: str = ""
    down: bool = False


class SignOnMiddleware:
    """Stands before the middleware that opens the transaction."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        match = _PATH.fullmatch(request.path)
        if match:
            request.sign_on = _outcome(request, match["slug"], is_back=bool(match["back"]))  # type: ignore[attr-defined]
        return self.get_response(request)


def _outcome(request: HttpRequest, slug: str, *, is_back: bool) -> Outcome:
    outcome = Outcome(_terms(slug))
    if outcome.terms is None:
        return outcome
    try:
        if is_back and request.method == "GET":
            _answered(request, outcome, outcome.terms)
        elif not is_back and request.method == "POST":
            _asked(request, outcome, outcome.terms)
    except Unreachable as error:
        outcome.down = True
        log.warning("sign_on_provider_down", certifier=str(outcome.terms.certifier_id), why=str(error))
    except Refused as error:
        outcome.fault = error.reason
    return outcome


def _terms(slug: str) -> Terms | None:
    with act_as(NOBODY):
        certifier_id = Certifier.objects.filter(slug=slug).values_list("pk", flat=True).first()
    if certifier_id is None:
        return None
    with act_as(Identity.loop(certifier_id)):
        return sign_on.terms_of(certifier_id)


def back_address(slug: str) -> str:
    """Where the provider sends the browser back to: under the configured origin, whatever host was asked."""
    return f"{settings.PORTAL_PUBLIC_ORIGIN}{reverse('sign_on:back', args=[slug])}"


def _slug(request: HttpRequest) -> str:
    match = _PATH.fullmatch(request.path)
    return match["slug"] if match else ""


def safe_target(request: HttpRequest, asked: str) -> str:
    """The page of ours that was asked for; the front door for anything else."""
    ours = url_has_allowed_host_and_scheme(asked, allowed_hosts=None) and asked.startswith("/")
    return asked if ours and "\x00" not in asked else HOME


def _asked(request: HttpRequest, outcome: Outcome, terms: Terms) -> None:
    ends = protocol.discover(terms)
    question = sessions.ask(request, terms, target=safe_target(request, request.POST.get("next", "")))
    outcome.leave_for = protocol.authorization_address(terms, ends, question, back_address(_slug(request)))


def _answered(request: HttpRequest, outcome: Outcome, terms: Terms) -> None:
    found = sessions.answered(request, terms, request.GET.get("state", ""))
    if found is None:
        raise Refused("state")
    outcome.question, outcome.target = found
    code = request.GET.get("code", "")
    if request.GET.get("error") or not code:
        raise Refused("denied")
    ends = protocol.discover(terms)
    named = request.GET.get("iss")
    if named != terms.issuer and (named is not None or ends.names_itself):
        raise Refused("issuer")
    outcome.claims = protocol.exchange(terms, ends, outcome.question, code, back_address(_slug(request)))
