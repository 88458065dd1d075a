"""The API's authentication: the identity that the middleware found, by token or by session (then with CSRF)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from core.identity import Identity, Kind


class IdentityAuthentication(BaseAuthentication):
    """Takes over ``request.identity``; a session needs the CSRF token, a bearer token does not."""

    def authenticate(self, request: Request) -> tuple[Identity, None] | None:
        http: HttpRequest = request._request
        identity: Identity = http.identity  # type: ignore[attr-defined]
        if identity.kind is Kind.NOBODY:
            return None
        if not http.by_token:  # type: ignore[attr-defined]
            self._enforce_csrf(http)
        return identity, None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

    def _enforce_csrf(self, request: HttpRequest) -> None:
        def nothing(_: HttpRequest) -> Any:
            return None

        check = CSRFCheck(nothing)  # type: ignore[arg-type]
        check.process_request(request)
        reason = check.process_view(request, nothing, (), {})
        if reason:
            raise PermissionDenied(f"CSRF failed: {reason}")
