"""``Authorization: Key <key>``: the key names the certifier."""

from typing import TYPE_CHECKING, Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from oid_store.domain.codes import Code
from oid_store.domain.keys import caller_of
from oid_store.domain.rejection import reject
from oid_store.domain.types import Caller

if TYPE_CHECKING:
    from rest_framework.views import APIView


class KeyAuthentication(BaseAuthentication):
    """Finds the caller behind the key. Without the header nobody is signed in; a bad key is refused."""

    def authenticate(self, request: Request) -> tuple[Caller, None] | None:
        """(caller, None), or None without the header; raises ``Rejection`` (401) for a key that is no key."""
        scheme, _, key = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "key":
            return None
        caller = caller_of(key.strip())
        if caller is None:
            raise reject(Code.BAD_KEY)
        return caller, None

    def authenticate_header(self, request: Request) -> str:
        """The challenge of a 401."""
        return "Key"


class HasKey(BasePermission):
    """Only a caller with a key."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Raises ``Rejection`` (401) for a call without a key."""
        if not isinstance(request.user, Caller):
            raise reject(Code.NO_KEY)
        return True


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The key in the OpenAPI document."""

    target_class = KeyAuthentication
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """An API key in the Authorization header."""
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "Key <your key>",
        }
