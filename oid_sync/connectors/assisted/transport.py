"""The transport is people: told of a call, it waits for one; asked, it says what they have entered."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from core import clock
from core.identity import Identity, act_as
from oid_sync.connectors.base import (
    Applied,
    AwaitingPerson,
    CallResult,
    Exchange,
    FindResult,
    NotFound,
    Page,
    Registered,
    RegisterResult,
    Rejected,
    Unavailable,
    Unknown,
)
from oid_sync.models import HandEntry
from oid_sync.reasons import Reason

#: The code of a refusal that a person read in OID.
REFUSED = "OID-HAND"


class AssistedConnector:
    """Asks the entries of one certifier's people. Each question is a short transaction of its own."""

    def __init__(self, certifier_id: uuid.UUID) -> None:
        self.certifier_id = certifier_id
        self.exchanges: list[Exchange] = []

    def register(self, payload: Mapping[str, Any]) -> RegisterResult:
        """A person is to key it in."""
        return AwaitingPerson()

    def find(self, reference: uuid.UUID) -> FindResult:
        """The number that a person has entered for it."""
        entry = self._entry(reference)
        if entry is None:
            return NotFound()
        if not entry.is_complete:
            return AwaitingPerson()
        if entry.outcome == HandEntry.Outcome.REFUSED:
            return Rejected(REFUSED, entry.reason)
        keyed_at = entry.keyed_at or clock.now()
        return Registered(entry.number or "", keyed_at, {"number": entry.number, **_who(entry)})

    def find_call(self, call_id: uuid.UUID) -> CallResult:
        """What a person has said of it."""
        entry = self._entry(call_id)
        if entry is None:
            return NotFound()
        if not entry.is_complete:
            return AwaitingPerson()
        if entry.outcome == HandEntry.Outcome.REFUSED:
            return Rejected(REFUSED, entry.reason)
        return Applied(_who(entry))

    def report_actuals(self, number: str, payload: Mapping[str, Any]) -> CallResult:
        """A person is to enter the weight."""
        return AwaitingPerson()

    def amend(self, number: str, payload: Mapping[str, Any]) -> CallResult:
        """A person is to amend the record."""
        return AwaitingPerson()

    def void(self, number: str, payload: Mapping[str, Any]) -> CallResult:
        """A person is to void the record."""
        return AwaitingPerson()

    def list_since(self, cursor: str) -> Page | Unavailable | Unknown:
        """People read no log; the connector does not declare it."""
        return Unavailable("people read no log", why=Reason.NO_CONNECTION)

    def health(self) -> str:
        """People are always there."""
        return ""

    def _entry(self, key: uuid.UUID) -> HandEntry | None:
        with act_as(Identity.loop(self.certifier_id)):
            return HandEntry.objects.filter(certifier_id=self.certifier_id, key=key, ended_at=None).first()


def _who(entry: HandEntry) -> dict[str, Any]:
    return {
        "keyed_by": str(entry.keyed_by), "keyed_at": entry.keyed_at.isoformat() if entry.keyed_at else "",
        "checked_by": str(entry.checked_by or ""),
    }  # fmt: skip
