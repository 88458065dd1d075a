"""Round every API call: a request id, an audit row, and the faults that show after the call is done."""

import hashlib
import logging
import socket
import time
import uuid
from collections.abc import Callable, Iterator

from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from psycopg_pool import PoolTimeout

from oid_store.domain import clock
from oid_store.domain.codes import Code
from oid_store.domain.faults import Fault
from oid_store.domain.rejection import reject
from oid_store.domain.types import Caller
from oid_store.models import AuditEntry, FaultKind

logger = logging.getLogger(__name__)
API_PREFIX = "/v1/"


class CallContext:
    """What the middleware and the view know of one call."""

    def __init__(self) -> None:
        self.request_id = str(uuid.uuid4())
        self.operation = ""
        self.caller: Caller | None = None
        self.faults: list[Fault] = []


def context_of(request: HttpRequest) -> CallContext:
    """The context that the middleware put on the request."""
    context = getattr(request, "store_context", None)
    return context if isinstance(context, CallContext) else CallContext()


class CallMiddleware:
    """Audits each call under ``/v1/`` and shows its late faults."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request; see the module."""
        if not request.path.startswith(API_PREFIX):
            return self.get_response(request)
        context = CallContext()
        request.store_context = context  # type: ignore[attr-defined]
        started = time.monotonic()
        response = _too_large(request) or self.get_response(request)
        response["X-Request-Id"] = context.request_id
        response["Cache-Control"] = "no-store"
        _audit(request, response, context, started)
        return _late_faults(request, response, context)


def _too_large(request: HttpRequest) -> HttpResponse | None:
    """Read the body now, for the audit; a coded 413 when it is larger than the server takes."""
    try:
        len(request.body)
    except RequestDataTooBig:
        rejection = reject(Code.TOO_LARGE)
        return JsonResponse(rejection.body(), status=rejection.status)
    return None


def _audit(request: HttpRequest, response: HttpResponse, context: CallContext, started: float) -> None:
    caller = context.caller
    fault = ",".join(each.kind for each in context.faults)
    try:
        AuditEntry.objects.create(
            at=clock.now(),
            request_id=context.request_id,
            certifier_code=caller.certifier_code if caller else "",
            key_hint=caller.key_hint if caller else "",
            remote_address=request.META.get("REMOTE_ADDR", "")[:45],
            method=(request.method or "")[:8],
            path=request.get_full_path()[:300],
            operation=context.operation,
            status=response.status_code,
            code=_code(response),
            body_sha256=_body_sha256(request),
            fault=fault[:20],
            milliseconds=int((time.monotonic() - started) * 1000),
        )
    except (DatabaseError, PoolTimeout):
        # The change itself is in the change log, with its request id: a line lost here must not turn an answer into a
        # failure.
        logger.exception("audit row not written: request %s, status %s", context.request_id, response.status_code)


def _code(response: HttpResponse) -> str:
    data = getattr(response, "data", None)
    return str(data.get("code", ""))[:10] if response.status_code >= 400 and isinstance(data, dict) else ""


def _body_sha256(request: HttpRequest) -> str:
    body = getattr(request, "_body", b"")
    return hashlib.sha256(body).hexdigest() if body else ""


def _late_faults(request: HttpRequest, response: HttpResponse, context: CallContext) -> HttpResponseBase:
    for fault in context.faults:
        if fault.kind in {FaultKind.COMMIT_THEN_DROP, FaultKind.DROP}:
            return drop(request)
        if not fault.after:
            continue
        if fault.kind == FaultKind.LATENCY:
            wait(fault.number("seconds", 1.0))
        elif fault.kind == FaultKind.MALFORMED:
            response.content = response.content[: max(1, len(response.content) * 2 // 3)]
        elif fault.kind == FaultKind.ERROR_500:
            response.status_code = 500
            response.content = b'{"code":"OID-042","message":"The register failed (rehearsal).","field":"","errors":[]}'
        elif fault.kind == FaultKind.SLOW_DRIP:
            return _drip(response, fault)
    response["Content-Length"] = str(len(response.content))
    return response


def wait(seconds: float) -> None:
    """Sleep without holding a database connection that others could use; at most two minutes."""
    connection.close()
    time.sleep(min(max(seconds, 0.0), 120.0))


def _drip(response: HttpResponse, fault: Fault) -> StreamingHttpResponse:
    size = max(1, int(fault.number("bytes", 16)))
    interval = fault.number("interval", 0.2)
    content = response.content

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(content), size):
            if start:
                time.sleep(interval)
            yield content[start : start + size]

    dripping = StreamingHttpResponse(pieces(), status=response.status_code, headers=dict(response.headers))
    dripping["Content-Length"] = str(len(content))
    return dripping


def drop(request: HttpRequest) -> HttpResponse:
    """Close the caller's TCP connection without a byte of answer. Whatever was committed stays committed."""
    connected = request.META.get("gunicorn.socket")
    if isinstance(connected, socket.socket):
        try:
            connected.shutdown(socket.SHUT_RDWR)
        except OSError:
            logger.debug("the caller was gone before its connection could be dropped")
    else:
        logger.warning("cannot drop the connection: the store is not served by gunicorn")
    return HttpResponse(status=502)
