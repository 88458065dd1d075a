"""What every view of the API shares: the caller, the limits, the faults that show before the call is done."""

from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.views import APIView

from oid_store.api.middleware import CallContext, context_of, wait
from oid_store.domain import faults, limits
from oid_store.domain.codes import Code
from oid_store.domain.faults import Fault
from oid_store.domain.rejection import Rejection, finding, rehearsed, reject
from oid_store.domain.types import Caller
from oid_store.models import FaultKind

BIGGEST_PAGE = 500
DEFAULT_PAGE = 100


class StoreView(APIView):
    """A call of the API. ``operations`` names the operation of each method, for the audit and the fault rules."""

    operations: dict[str, str] = {}
    limited = True

    @property
    def caller(self) -> Caller:
        """The certifier that calls; only in a view whose permission asks for a key."""
        assert isinstance(self.request.user, Caller)  # the permission has seen to it
        return self.request.user

    @property
    def context(self) -> CallContext:
        """Context of the call: request id, faults drawn."""
        return context_of(self.request._request)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticate, then maintenance, rate and early faults; each may refuse the call."""
        context = self.context
        context.operation = self.operation_of(request)
        try:
            super().initial(request, *args, **kwargs)
        except Rejection as rejection:
            if rejection.status == 401:
                address = request.META.get("REMOTE_ADDR", "")
                limits.count_call(f"address {address}", settings.ANONYMOUS_RATE_PER_MINUTE)
            raise
        if isinstance(request.user, Caller):
            context.caller = request.user
            if self.limited:
                limits.refuse_in_maintenance()
                limits.count_call(f"key {request.user.key_id}", settings.RATE_PER_MINUTE)
        context.faults = faults.draw(context.operation, context.caller) if context.operation else []
        for fault in context.faults:
            if not fault.after:
                self._show_early(fault)

    def operation_of(self, request: Request) -> str:
        """Name of the operation that this request asks for."""
        return self.operations.get(request.method or "", "")

    def _show_early(self, fault: Fault) -> None:
        if fault.kind == FaultKind.LATENCY:
            wait(fault.number("seconds", 1.0))
        elif fault.kind == FaultKind.RATE_LIMIT:
            raise Rejection([finding(Code.RATE)], {"Retry-After": str(int(fault.number("retry_after", 1)))})
        elif fault.kind == FaultKind.ERROR_500:
            raise reject(Code.INTERNAL)
        elif fault.kind == FaultKind.DROP:
            raise Rejection([finding(Code.INTERNAL)])
        elif fault.kind == FaultKind.REJECT and self.context.operation not in {"actuals", "amend", "void"}:
            raise Rejection([rehearsed(fault.code)])

    def rejection_on_demand(self) -> Code | None:
        """The code of a ``reject`` drawn for a call about a record: there the rejection is kept like a real one."""
        return next((fault.code for fault in self.context.faults if fault.kind == FaultKind.REJECT), None)

    def page_size(self) -> int:
        """``limit`` of the query, 1 to 500, default 100; raises ``Rejection`` (400)."""
        text = self.request.query_params.get("limit", str(DEFAULT_PAGE))
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= BIGGEST_PAGE):
            raise reject(Code.BAD_FILTER, "limit", detail=f"1 to {BIGGEST_PAGE}")
        return int(text)
