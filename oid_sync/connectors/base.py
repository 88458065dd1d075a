"""What every connector to OID offers, and the types of its answers. Results are types, never exceptions."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

from django.utils.functional import Promise

from oid_sync.reasons import Reason


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
    """A person does it in OID: the answer comes later."""


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
    why: Reason = Reason.NOT_REACHED


@dataclasses.dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can say whether OID did it (time-out, 5xx, lost answer): ask before repeating."""

    reason: str
    retry_after: int = 0
    why: Reason = Reason.BROKE_OFF


RegisterResult = Registered | AwaitingPerson | Rejected | Unavailable | Unknown
FindResult = Registered | AwaitingPerson | Rejected | NotFound | Unavailable | Unknown
CallResult = Applied | AwaitingPerson | Rejected | NotFound | Unavailable | Unknown


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """One page of OID's change log: the records as they are now, and where to go on."""

    records: tuple[Mapping[str, Any], ...]
    cursor: str
    has_more: bool
    start_again: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Exchange:
    """One question and its answer as they went over the wire, secrets struck out. ``status`` 0: no answer."""

    at: dt.datetime
    milliseconds: int
    request: str
    status: int
    answer: str


class Connector(Protocol):
    """The contract. Every call has a time limit and never runs inside a transaction."""

    @property
    def exchanges(self) -> Sequence[Exchange]:
        """What this connector has sent and got since it was made."""
        ...

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


class Does(enum.StrEnum):
    """What a connector can do. One that does not LIST leaves OID's side of the reconciliation out."""

    REGISTER = "register"
    FIND = "find"
    AMEND = "amend"
    ACTUALS = "actuals"
    VOID = "void"
    LIST = "list"
    HEALTH = "health"


class Fault(enum.StrEnum):
    """What can go wrong on a connector's way; the contract suite rehearses each that a connector declares."""

    LATENCY = "the answer comes after the time limit"
    TOO_MANY = "too many calls, with a time to wait"
    SERVER_ERROR = "an error of the server, before it has done anything"
    SERVER_ERROR_AFTER = "an error of the server, after it has done it"
    REJECTED = "a refusal with a code"
    MALFORMED = "an answer that cannot be read"
    COMMIT_THEN_DROP = "done, and the answer is lost"
    DROP = "the connection breaks, nothing is done"
    SLOW_DRIP = "the answer trickles in"
    MAINTENANCE = "maintenance, with a time to wait"
    AWAY = "nobody listens"
    KILLED = "the worker is killed between sending and recording"

    TYPED_TWICE_DIFFERENTLY = "a person types two different numbers"
    WRONG_FORM = "a person types what is no number"
    WRONG_CERTIFIER = "a person types another certifier's number"
    NUMBER_USED = "a person types the number of another certificate"
    TWO_AT_ONCE = "two people take the same certificate"
    ABANDONED = "a person begins and walks away"
    SENT_TWICE = "a person sends the form twice"


@dataclasses.dataclass(frozen=True, slots=True)
class Link:
    """What a connector is made from: one certifier's connection, its key in clear."""

    certifier_id: uuid.UUID
    address: str
    key: str
    seconds: int
    options: Mapping[str, Any]


class ConnectorKind(Protocol):
    """A connector's folder says here what it is; the folder's module names one as ``KIND``."""

    #: The name in the certifier's connection; never changes.
    name: ClassVar[str]
    label: ClassVar[str | Promise]
    #: One sentence for the manager who chooses.
    hint: ClassVar[str | Promise]
    does: ClassVar[frozenset[Does]]
    faults: ClassVar[frozenset[Fault]]
    needs_key: ClassVar[bool]
    needs_address: ClassVar[bool]
    #: Options of the connection: name → (label, help); each is a yes or no.
    switches: ClassVar[Mapping[str, tuple[str | Promise, str | Promise]]]
    #: Module with ``urlpatterns`` and ``URL_ROLES`` of the connector's own pages; empty without any.
    pages: ClassVar[str]
    #: URL names of the page on which a person does one call, and of the list of such calls; empty without any.
    call_page: ClassVar[str]
    list_page: ClassVar[str]

    def connect(self, link: Link) -> Connector:
        """The connector for one certifier. Calls nobody."""
        ...
