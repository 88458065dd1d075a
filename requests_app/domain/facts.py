"""What the checks look at: everything about one request, read once, changed by nobody."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from decimal import Decimal
from functools import cached_property

from core import clock
from core.checks import Moment
from organizations.models import Certifier, Client, Operation
from organizations.rules import Rules, rules_of
from pvf.domain import hts, ledger, lines
from pvf.models import PVF, Balance, HtsCode, PVFLineTerms
from requests_app.domain import service_clock
from requests_app.models import Request, RequestContainer, RequestDocument, RequestInvoice, RequestLot


@dataclasses.dataclass
class RequestFacts:
    """One request with what surrounds it. ``balance`` is the locked row where the moment decides on locked rows."""

    request: Request
    moment: Moment
    rules: Rules
    now: dt.datetime
    balance: Balance | None = None

    @property
    def certifier(self) -> Certifier:
        """The certifier asked."""
        return self.request.certifier

    @property
    def client(self) -> Client:
        """The exporter."""
        return self.request.client

    @property
    def today(self) -> dt.date:
        """The day it is at the certifier's."""
        return clock.today_in(self.certifier.time_zone)

    @property
    def today_at_port(self) -> dt.date:
        """The day it is where the goods leave."""
        return clock.today_in(service_clock.departure_zone(self.request))

    @cached_property
    def terms(self) -> PVFLineTerms | None:
        """What the PVF line says in the version in force."""
        return lines.terms_in_force(self.request.line_id) if self.request.line_id else None

    @property
    def pvf(self) -> PVF | None:
        """The PVF of the line."""
        return self.request.line.pvf if self.request.line else None

    @cached_property
    def available(self) -> Decimal | None:
        """Kilograms available on the line."""
        if self.request.line_id is None:
            return None
        row = self.balance or Balance.objects.filter(line_id=self.request.line_id).first()
        return row.available if row else None

    @cached_property
    def held(self) -> Decimal:
        """Kilograms that this request itself holds reserved."""
        return ledger.reserved_by(self.request.pk) if self.request.submitted_at else Decimal(0)

    @cached_property
    def importer(self) -> Operation | None:
        """The importer of record, as the directory has it now."""
        nop_id = self.request.importer_nop_id
        return Operation.objects.filter(nop_id=nop_id).first() if nop_id else None

    @cached_property
    def hts(self) -> hts.Validity | None:
        """What is known of the HTS code."""
        return hts.validity(self.request.hts_code) if self.request.hts_code else None

    @cached_property
    def hts_siblings(self) -> list[HtsCode]:
        """Codes with the organic suffix under the same first eight digits."""
        return hts.organic_siblings(self.request.hts_code) if self.request.hts_code else []

    @cached_property
    def lots(self) -> list[RequestLot]:
        """The lots."""
        return list(self.request.lots.order_by("lot"))

    @cached_property
    def containers(self) -> list[RequestContainer]:
        """The containers."""
        return list(self.request.containers.order_by("number"))

    @cached_property
    def invoices(self) -> list[RequestInvoice]:
        """The supplier's invoices."""
        return list(self.request.invoices.order_by("number"))

    @cached_property
    def documents(self) -> list[RequestDocument]:
        """The documents that were not removed."""
        return list(self.request.documents.filter(removed_at=None).order_by("added_at"))

    def operations(self, nop_ids: set[str]) -> dict[str, Operation]:
        """Directory entries by NOP ID."""
        return {row.nop_id: row for row in Operation.objects.filter(nop_id__in=nop_ids)} if nop_ids else {}

    def directory_age(self, operation: Operation) -> int:
        """Days since OID's data on the operation was read."""
        return (self.today - operation.directory_date).days


def gather(request: Request, moment: Moment, *, balance: Balance | None = None) -> RequestFacts:
    """The facts of a request for a moment."""
    return RequestFacts(
        request=request, moment=moment, rules=rules_of(request.certifier_id), now=clock.now(), balance=balance
    )


def fresh(request_id: uuid.UUID) -> Request:
    """The request with its neighbours in one query, as the checks read it."""
    related = ("certifier", "client__operation", "line__pvf", "importer")
    return Request.objects.select_related(*related).get(pk=request_id)
