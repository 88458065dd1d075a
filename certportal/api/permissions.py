"""The API asks the same registry of URL names and roles as the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from core.identity import NOBODY
from organizations.access import audience_of, may_open

if TYPE_CHECKING:
    # Django REST framework loads this module while it loads its views
    from rest_framework.views import APIView


class RegisteredRoles(BasePermission):
    """Allows what the registry allows; the middleware has refused the rest already."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        match = request.resolver_match
        actor = getattr(request._request, "identity", NOBODY)
        return match is not None and may_open(actor, audience_of(match.view_name))
