"""Every refusal leaves as ``{"code", "message", "field", "errors"}``."""

import logging
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, JsonResponse
from psycopg import errors
from psycopg_pool import PoolTimeout
from rest_framework import exceptions
from rest_framework.response import Response

from oid_store.domain.codes import Code
from oid_store.domain.rejection import Finding, Rejection, finding

logger = logging.getLogger(__name__)

_BY_EXCEPTION: tuple[tuple[type[Exception], Code], ...] = (
    (exceptions.ParseError, Code.NOT_JSON),
    (exceptions.MethodNotAllowed, Code.METHOD),
    (exceptions.UnsupportedMediaType, Code.MEDIA_TYPE),
    (exceptions.NotAcceptable, Code.NOT_ACCEPTABLE),
    (RequestDataTooBig, Code.TOO_LARGE),
)


def coded_answer(exc: Exception, context: dict[str, Any]) -> Response:
    """DRF's exception handler: the coded answer for any exception of a view."""
    rejection = _rejection_of(exc)
    headers = dict(rejection.headers)
    if rejection.status == 401:
        headers["WWW-Authenticate"] = "Key"
    if isinstance(exc, exceptions.MethodNotAllowed):
        headers["Allow"] = ", ".join(context["view"].allowed_methods)
    answer = Response(rejection.body(), status=rejection.status, headers=headers)
    answer.exception = True
    return answer


def _rejection_of(exc: Exception) -> Rejection:
    if isinstance(exc, Rejection):
        return exc
    if isinstance(exc, exceptions.ValidationError):
        return Rejection(list(_findings(exc.detail)) or [finding(Code.FORM, detail="invalid")])
    for kind, code in _BY_EXCEPTION:
        if isinstance(exc, kind):
            return Rejection([finding(code)])
    if isinstance(exc, PoolTimeout) or isinstance(exc.__cause__, _NOT_DONE):
        logger.warning("busy: %s", exc)
        return Rejection([finding(Code.BUSY)], {"Retry-After": "1"})
    logger.exception("unexpected failure", exc_info=exc)
    return Rejection([finding(Code.INTERNAL)])


# A lock, a statement or a connection that did not come in time: nothing was done. Any other failure of the database,
# a connection lost in the middle of a commit above all, says nothing about whether the call was done.
_NOT_DONE = (
    errors.QueryCanceled,
    errors.LockNotAvailable,
    errors.DeadlockDetected,
    errors.TooManyConnections,
    PoolTimeout,
)

_CODE_OF_FORM_ERROR = {
    "required": Code.MISSING,
    "blank": Code.MISSING,
    "null": Code.MISSING,
    "empty": Code.MISSING,
    "unknown_field": Code.UNKNOWN_FIELD,
}


def _findings(detail: Any, path: str = "") -> Iterator[Finding]:
    """Findings of a serializer's errors, with dotted paths (``lots.0.kg``)."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            here = path if name == "non_field_errors" else f"{path}.{name}".lstrip(".")
            yield from _findings(inner, here)
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            nested = isinstance(inner, (dict, list))
            yield from _findings(inner, f"{path}.{index}".lstrip(".") if nested else path)
    else:
        code = _CODE_OF_FORM_ERROR.get(getattr(detail, "code", ""), Code.FORM)
        yield finding(code, path, detail=str(detail))


def no_such_address(request: HttpRequest, exception: Exception) -> JsonResponse:
    """Django's 404 handler: an address outside the API, told apart from a record that is not there."""
    rejection = Rejection([finding(Code.NO_ADDRESS)])
    return JsonResponse(rejection.body(), status=rejection.status)


def failed(request: HttpRequest) -> JsonResponse:
    """Django's 500 handler."""
    rejection = Rejection([finding(Code.INTERNAL)])
    return JsonResponse(rejection.body(), status=rejection.status)
