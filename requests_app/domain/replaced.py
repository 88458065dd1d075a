"""The certificate that a request is to replace, as far as this floor needs to know it.

Certificates live on the floor above, which registers the reader here. While a replacement is open the old certificate
takes no shipments, so that its unshipped rest counts for the request: only what goes beyond it is reserved.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable
from decimal import Decimal

from requests_app.models import Request


@dataclasses.dataclass(frozen=True, slots=True)
class Replaced:
    """A certificate with its unshipped rest in kilograms; ``problem`` says why it cannot be replaced (empty: it can)."""

    certificate_id: uuid.UUID
    number: str
    line_id: uuid.UUID | None
    rest_kg: Decimal
    problem: str = ""

    def covers(self, line_id: uuid.UUID | None, net_kg: Decimal | None) -> Decimal:
        """How many of ``net_kg`` on ``line_id`` the rest covers: none on another line."""
        if self.problem or line_id is None or net_kg is None or line_id != self.line_id:
            return Decimal(0)
        return min(self.rest_kg, net_kg)


Reader = Callable[[Request, bool], Replaced]
_readers: list[Reader] = []


def register(reader: Reader) -> None:
    """Make the reader known; the last one counts."""
    _readers[:] = [reader]


def of_request(request: Request, *, lock: bool) -> Replaced | None:
    """The certificate that the request replaces, None where it replaces none.

    With ``lock`` its row is held FOR UPDATE: to be called after the request's lock and before those of line and balance.
    """
    if request.replaces_certificate_id is None:
        return None
    return _readers[0](request, lock)
