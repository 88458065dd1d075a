"""Domain refusals as the API's errors: a stable code, what is wrong, where, and the figures."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent, TooManyFilesSent
from django.http import UnreadablePostError
from django.utils.translation import gettext as _
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
    if isinstance(error, (SuspiciousOperation, UnreadablePostError)):
        return _unreadable(error)
    return exception_handler(error, context)


def _unreadable(error: SuspiciousOperation | UnreadablePostError) -> Response:
    """The body is more than is read, or broke off: the caller's fault, as it is on pages."""
    status, code, text = 400, "parse_error", _("The body cannot be read.")
    if isinstance(error, RequestDataTooBig):
        words = {"limit": settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 2**20}
        status, code, text = 413, "too_large", _("The body is larger than %(limit)s MB.") % words
    elif isinstance(error, (TooManyFieldsSent, TooManyFilesSent)):
        words = {"fields": settings.DATA_UPLOAD_MAX_NUMBER_FIELDS, "files": settings.DATA_UPLOAD_MAX_NUMBER_FILES}
        code, text = "too_many", _("A body has at most %(fields)s fields and %(files)s files.") % words
    entry = {"code": code, "detail": text, "attr": None}
    return Response({"type": "client_error", "errors": [entry]}, status=status)
