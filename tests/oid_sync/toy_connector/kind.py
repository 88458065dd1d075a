"""The toy connector: its register, its faults on demand, its transport."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping
from typing import Any

from core import clock
from oid_sync.connectors.base import (
    Applied,
    CallResult,
    Connector,
    Does,
    Exchange,
    Fault,
    FindResult,
    Link,
    NotFound,
    Page,
    Registered,
    RegisterResult,
    Rejected,
    Unavailable,
    Unknown,
)


@dataclasses.dataclass
class Register:
    """What the toy's OID holds, and the faults of its next calls by operation."""

    records: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    calls: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    faults: dict[str, Fault] = dataclasses.field(default_factory=dict)
    #: Every time that something was done, so that a second time shows.
    done: list[tuple[str, str]] = dataclasses.field(default_factory=list)


REGISTER = Register()


class ToyConnector:
    """Answers from the register."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.exchanges: list[Exchange] = []

    def register(self, payload: Mapping[str, Any]) -> RegisterResult:
        """A number, the same one for a repeat."""
        fault = REGISTER.faults.pop("register", None)
        if fault is Fault.AWAY:
            return Unavailable("nobody is there")
        if fault is Fault.REJECTED:
            return Rejected("TOY-1", "Refused on demand.")
        reference = str(payload["reference"])
        if reference not in REGISTER.records:
            number = f"{payload['certifier_code']}-{payload['exporter']['nop_id']}-{len(REGISTER.records) + 1:06d}"
            REGISTER.records[reference] = {"number": number, "snapshot_sha256": payload["snapshot_sha256"]}
            REGISTER.done.append(("register", reference))
        if fault is Fault.COMMIT_THEN_DROP:
            return Unknown("the answer was lost")
        record = REGISTER.records[reference]
        return Registered(record["number"], clock.now(), record)

    def find(self, reference: uuid.UUID) -> FindResult:
        """The record with this reference."""
        record = REGISTER.records.get(str(reference))
        return Registered(record["number"], clock.now(), record) if record else NotFound()

    def find_call(self, call_id: uuid.UUID) -> CallResult:
        """What became of a call."""
        call = REGISTER.calls.get(str(call_id))
        return Applied(call) if call else NotFound()

    def report_actuals(self, number: str, payload: Mapping[str, Any]) -> CallResult:
        """Keep the weight."""
        return self._do("actuals", number, payload)

    def amend(self, number: str, payload: Mapping[str, Any]) -> CallResult:
        """Keep the amendment."""
        return self._do("amend", number, payload)

    def void(self, number: str, payload: Mapping[str, Any]) -> CallResult:
        """Keep the void."""
        return self._do("void", number, payload)

    def list_since(self, cursor: str) -> Page | Unavailable | Unknown:
        """The toy keeps no log, and does not declare one."""
        return Unavailable("there is no log")

    def health(self) -> str:
        """Always well."""
        return ""

    def _do(self, kind: str, number: str, payload: Mapping[str, Any]) -> CallResult:
        fault = REGISTER.faults.pop(kind, None)
        if fault is Fault.AWAY:
            return Unavailable("nobody is there")
        if fault is Fault.REJECTED:
            return Rejected("TOY-1", "Refused on demand.")
        key = str(payload["call_id"])
        if key not in REGISTER.calls:
            REGISTER.calls[key] = {"number": number, **payload}
            REGISTER.done.append((kind, number))
        return Unknown("the answer was lost") if fault is Fault.COMMIT_THEN_DROP else Applied(REGISTER.calls[key])


class Toy:
    """A register in memory."""

    name = "toy"
    label = "A toy register"
    hint = "For the tests."
    does = frozenset(Does) - {Does.LIST}
    faults = frozenset({Fault.AWAY, Fault.REJECTED, Fault.COMMIT_THEN_DROP, Fault.KILLED})
    needs_key = False
    needs_address = False
    switches: Mapping[str, tuple[str, str]] = {"loud": ("Loud", "Does nothing.")}
    pages = ""
    call_page = ""
    list_page = ""

    def connect(self, link: Link) -> Connector:
        """The connector of one certifier."""
        return ToyConnector(str(link.certifier_id))


KIND = Toy()
