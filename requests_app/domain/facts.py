"""What the checks look at: everything about one request, read once, changed by nobody."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from decimal import Decimal
from functools import cached_property
from typing import Any

from core import clock
from core.checks import Moment
from core.models import USABLE
from core.rows import from_json, list_from_json
from organizations.domain import letterheads
from organizations.domain.directory import listing
from organizations.models import Certifier, Client, Letterhead, Operation
from organizations.rules import Rules, stored_rules
from pvf.domain import hts, ledger, lines
from pvf.models import PVF, Balance, HtsCode, HtsEdition, PVFLine, PVFLineTerms
from requests_app.domain import replaced, service_clock, surroundings
from requests_app.domain.replaced import Replaced
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
    def replaced(self) -> Replaced | None:
        """The certificate that this request is to replace."""
        return replaced.of_request(self.request, lock=False)

    @property
    def covered(self) -> Decimal:
        """Kilograms asked for that the replaced certificate's rest covers."""
        return self.replaced.covers(self.request.line_id, self.request.net_kg) if self.replaced else Decimal(0)

    @cached_property
    def importer(self) -> Operation | None:
        """The importer of record, as the directory has it now."""
        nop_id = self.request.importer_nop_id
        return Operation.objects.filter(nop_id=nop_id).first() if nop_id else None

    @cached_property
    def letterhead(self) -> Letterhead | None:
        """What stands at the head of the certifier's certificates now."""
        return letterheads.in_force(self.request.certifier_id)

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
    def lots_elsewhere(self) -> bool:
        """Whether the client has named one of the lots in another request too."""
        mine = [row.lot for row in self.lots]
        others = RequestLot.objects.filter(
            certifier_id=self.request.certifier_id, client_id=self.request.client_id, lot__in=mine
        )
        return others.exclude(request_id=self.request.pk).exists()

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
        """The documents that were not removed, and that the virus scanner, where there is one, let pass."""
        there = self.request.documents.filter(removed_at=None, file__scan__in=USABLE)
        return list(there.order_by("added_at"))

    @cached_property
    def suppliers(self) -> dict[str, Operation]:
        """The suppliers on the invoices and the last handler, as far as the directory has them, by NOP ID."""
        return self.operations({row.supplier_nop_id for row in self.invoices} | {self.request.last_handler_nop_id})

    def operations(self, nop_ids: set[str]) -> dict[str, Operation]:
        """Directory entries by NOP ID."""
        return {row.nop_id: row for row in Operation.objects.filter(nop_id__in=nop_ids)} if nop_ids else {}

    @cached_property
    def newest_directory(self) -> dt.date | None:
        """The day of the newest full directory that was read in."""
        return listing.newest_full_day()

    def directory_day(self, operation: Operation) -> dt.date:
        """The day of the data that say last what the operation's row says."""
        return listing.confirmed_on(operation.directory_date, operation.last_seen, self.newest_directory)

    def directory_age(self, operation: Operation) -> int:
        """Days since OID's data on the operation."""
        return (self.today - self.directory_day(operation)).days


def gather(
    request: Request, moment: Moment, *, balance: Balance | None = None, old: Replaced | None = None
) -> RequestFacts:
    """The facts of a request for a moment, read in one statement; the request gets its neighbours as they are now.

    ``balance`` and ``old`` (the certificate to be replaced) are the locked rows where the moment decides on locked rows.
    """
    found = surroundings.read(request)
    rules = stored_rules(found["rules"][0] if found["rules"] else None)
    facts = RequestFacts(request=request, moment=moment, rules=rules, now=clock.now(), balance=balance)
    _attach(request, found)
    line = request.line if request.line_id else None
    terms = from_json(PVFLineTerms, found["terms"])
    if terms is not None and line is not None:
        terms.line = line
    if old is not None:
        vars(facts)["replaced"] = old
    # what a cached property has found, it does not look for again
    vars(facts).update(
        terms=terms,
        held=Decimal(found["held"]),
        newest_directory=dt.date.fromisoformat(found["directory"]) if found["directory"] else None,
        importer=from_json(Operation, found["importer"]) if request.importer_nop_id else None,
        letterhead=from_json(Letterhead, found["letterhead"]),
        hts=_validity(found["hts"]) if request.hts_code else None,
        hts_siblings=list_from_json(HtsCode, found["hts_siblings"]) if request.hts_code else [],
        lots=list_from_json(RequestLot, found["lots"]),
        lots_elsewhere=found["lots_elsewhere"],
        containers=list_from_json(RequestContainer, found["containers"]),
        invoices=list_from_json(RequestInvoice, found["invoices"]),
        documents=list_from_json(RequestDocument, found["documents"]),
        suppliers={row.nop_id: row for row in list_from_json(Operation, found["suppliers"])},
    )
    return facts


def _attach(request: Request, found: dict[str, Any]) -> None:
    """Give the request its neighbours as they are now, so that nobody fetches them one by one."""
    certifier, client = from_json(Certifier, found["certifier"]), from_json(Client, found["client"])
    operation, line = from_json(Operation, found["operation"]), from_json(PVFLine, found["line"])
    pvf = from_json(PVF, found["pvf"])
    if certifier is not None:
        request.certifier = certifier
    if client is not None:
        if certifier is not None:
            client.certifier = certifier
        if operation is not None:
            client.operation = operation
        request.client = client
    if line is not None:
        if pvf is not None:
            line.pvf = pvf
        request.line = line


def _validity(found: dict[str, Any] | None) -> hts.Validity:
    row = from_json(HtsCode, found["code"]) if found else None
    if row is None or found is None:
        return hts.Validity(known=False)
    row.first_edition, row.last_edition = from_json(HtsEdition, found["first"]), from_json(HtsEdition, found["last"])
    return hts.validity_of(row, from_json(HtsEdition, found["after"]))


def fresh(request_id: uuid.UUID) -> Request:
    """The request with its neighbours in one query, as the checks read it."""
    related = ("certifier", "client__operation", "line__pvf", "importer")
    return Request.objects.select_related(*related).get(pk=request_id)
