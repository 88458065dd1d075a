"""What every connector to OID offers, and the types of its answers. Results are types, never exceptions."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any, Protocol


@dataclasses.dataclass(frozen=True, slots=True)
class Registered:
    """OID has the record. ``body`` is the record as OID holds it."""

    number: str
    registered_at: dt.datetime
    body: Mapping[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Applied:
    """OID did what a call about a record asked."""

    body: Mapping[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class AwaitingPerson:
    """A person keys the record into OID: the number comes later."""


@dataclasses.dataclass(frozen=True, slots=True)
class Rejected:
    """OID refuses: its code, what it says, and where."""

    code: str
    reason: str
    field: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class NotFound:
    """OID, asked, has no such record."""


@dataclasses.dataclass(frozen=True, slots=True)
class Unavailable:
    """OID certainly did nothing (refused the connection, too many calls, maintenance): try again later."""

    reason: str
    retry_after: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can say whether OID did it (time-out, 5xx, lost answer): ask before repeating."""

    reason: str
    retry_after: int = 0


RegisterResult = Registered | AwaitingPerson | Rejected | Unavailable | Unknown
FindResult = Registered | NotFound | Unavailable | Unknown
CallResult = Applied | AwaitingPerson | Rejected | NotFound | Unavailable | Unknown


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """One page of OID's change log: the records as they are now, and where to go on."""

    records: tuple[Mapping[str, Any], ...]
    cursor: str
    has_more: bool
    start_again: bool = False


class Connector(Protocol):
    """The contract. Every call has a time limit and never runs inside a transaction."""

    def register(self, payload: Mapping[str, Any]) -> RegisterResult:
        """Register a certificate; ``payload["reference"]`` is its UUID. A repeat gets the first result."""
        ...

    def find(self, reference: uuid.UUID) -> FindResult:
        """Ask for the record with this reference."""
        ...

    def find_call(self, call_id: uuid.UUID) -> CallResult:
        """Ask what became of a call about a record."""
        ...

    def report_actuals(self, number: str, payload: Mapping[str, Any]) -> CallResult:
        """Report an actual net weight."""
        ...

    def amend(self, number: str, payload: Mapping[str, Any]) -> CallResult:
        """Amend a record."""
        ...

    def void(self, number: str, payload: Mapping[str, Any]) -> CallResult:
        """Void a record."""
        ...

    def list_since(self, cursor: str) -> Page | Unavailable | Unknown:
        """The certifier's changes since ``cursor`` ("" for all)."""
        ...

    def health(self) -> str:
        """Empty when OID works, else what is wrong."""
        ...
