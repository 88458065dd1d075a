"""What the OpenAPI document says of signing in: a bearer token, or the browser's session with its CSRF token."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class IdentityScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The scheme of :class:`certportal.api.authentication.IdentityAuthentication`."""

    target_class = "certportal.api.authentication.IdentityAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """An API key of a membership, sent as ``Authorization: Bearer …``."""
        return {"type": "http", "scheme": "bearer"}
