"""Domain refusals as the API's errors: a stable code, what is wrong, where, and the figures."""

from __future__ import annotations

from typing import Any

from drf_standardized_errors.handler import exception_handler
from rest_framework.response import Response

from core.errors import DomainError


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to an exception raised in an API view."""
    if isinstance(error, DomainError):
        entry = {"code": error.code, "detail": str(error.message), "attr": error.field or None}
        wait = error.details.get("retry_after")
        return Response(
            {"type": "client_error", "errors": [entry], "details": error.details},
            status=error.status,
            headers={"Retry-After": str(wait)} if wait else None,
        )
    return exception_handler(error, context)
