"""The other side of each connector: how its faults are provoked, what it holds, and what happens there by itself."""

from __future__ import annotations

import dataclasses
import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from django.db import connections

from certificates.models import Certificate
from core import clock
from core.identity import act_as
from oid_sync.connectors import registry
from oid_sync.connectors.assisted import entries
from oid_sync.connectors.base import Fault
from oid_sync.domain import links
from oid_sync.models import CallState, HandEntry, OidCall, Operation
from tests.oid_store.server import StoreServer
from tests.oid_sync.conftest import connect
from tests.oid_sync.toy_connector import kind as toy
from tests.support.world import World


class Side(Protocol):
    """OID as one connector meets it."""

    def set_up(self, world: World) -> None:
        """Connect the certifier."""

    def provoke(self, fault: Fault, operation: str) -> None:
        """The next call of this operation goes wrong like that."""

    def mend(self) -> None:
        """What lasts (an outage) is over."""

    def work(self, world: World) -> None:
        """What people or machines do there by themselves."""

    def numbers(self, certificate: Certificate) -> list[str]:
        """The numbers of every record of a certificate."""

    def done(self, certificate: Certificate) -> list[str]:
        """The operations done about its record, each time that one was done."""


# -- http: the real store, its own process and database ------------------------------------------------------------------

RULES: dict[Fault, tuple[str, dict[str, Any]]] = {
    Fault.LATENCY: ("latency", {"seconds": 3}),
    Fault.TOO_MANY: ("rate_limit_429", {"retry_after": 1}),
    Fault.SERVER_ERROR: ("error_500", {}),
    Fault.SERVER_ERROR_AFTER: ("error_500", {"when": "after"}),
    Fault.REJECTED: ("reject", {}),
    Fault.MALFORMED: ("malformed", {}),
    Fault.COMMIT_THEN_DROP: ("commit_then_drop", {}),
    Fault.DROP: ("drop", {}),
    Fault.SLOW_DRIP: ("slow_drip", {}),
}


@dataclasses.dataclass
class HttpSide:
    """The store answers by itself."""

    store: StoreServer

    def set_up(self, world: World) -> None:
        connect(world, self.store, seconds=2)

    def provoke(self, fault: Fault, operation: str) -> None:
        if fault is Fault.AWAY:
            self.store.stop()
        elif fault is Fault.MAINTENANCE:
            self.store.execute(
                "INSERT INTO oid_store_maintenancewindow (starts_at, ends_at, message) "
                "VALUES (now() - interval '1 minute', now() + interval '1 hour', '')"
            )
        else:
            kind, params = RULES[fault]
            self.store.add_fault(kind, operation=operation, next=1, params=params)

    def mend(self) -> None:
        if self.store.process is None:
            self.store.start()
        self.store.execute("DELETE FROM oid_store_maintenancewindow")

    def work(self, world: World) -> None:
        return

    def numbers(self, certificate: Certificate) -> list[str]:
        rows = self.store.rows("SELECT number FROM oid_store_certificate WHERE reference = %s", certificate.pk)
        return [number for (number,) in rows]

    def done(self, certificate: Certificate) -> list[str]:
        rows = self.store.rows(
            "SELECT k.kind FROM oid_store_call k JOIN oid_store_certificate c ON c.id = k.certificate_id "
            "WHERE c.reference = %s AND k.outcome = 'applied' ORDER BY k.id",
            certificate.pk,
        )
        return [kind for (kind,) in rows]


# -- assisted: people at the pages, and OID's book that they key into -----------------------------------------------------


class AssistedSide:
    """Two people work at the sheets. Whoever the portal lets key, keys; whoever it does not, does not."""

    def __init__(self) -> None:
        #: What was keyed into OID: (certificate's id, number) each time, and (certificate's id, operation).
        self.book: list[tuple[str, str]] = []
        self.acts: list[tuple[str, str]] = []
        self.fault: Fault | None = None

    def set_up(self, world: World) -> None:
        with act_as(world.who("manager")) as manager:
            links.connect(manager, connector="assisted")

    def provoke(self, fault: Fault, operation: str) -> None:
        self.fault = fault

    def mend(self) -> None:
        return

    def numbers(self, certificate: Certificate) -> list[str]:
        return [number for reference, number in self.book if reference == str(certificate.pk)]

    def done(self, certificate: Certificate) -> list[str]:
        return [act for reference, act in self.acts if reference == str(certificate.pk)]

    def work(self, world: World) -> None:
        with act_as(world.who("reviewer")) as reviewer:
            waiting = list(entries.waiting(reviewer))
        for call in waiting:
            fault, self.fault = self.fault, None
            if fault is Fault.ABANDONED:
                self._abandon(world, call)
            elif fault is Fault.TWO_AT_ONCE:
                self._together(world, call)
            else:
                self._one(world, call, fault)

    def _post(self, world: World, who: str, call: OidCall, act: str, **data: str) -> int:
        address = f"/oid/by/assisted/{call.pk}/"
        return int(world.browser(who).post(address, {"act": act, **data}).status_code)

    def _mine(self, world: World, who: str, call: OidCall) -> bool:
        """Whether the sheet now lets this person enter something."""
        return 'value="enter"' in world.browser(who).get(f"/oid/by/assisted/{call.pk}/").content.decode()

    def _key(self, world: World, call: OidCall) -> str:
        """Key it into OID's book, unless it is seen to be there."""
        reference = str(call.certificate_id)
        if call.operation != Operation.REGISTER:
            self.acts.append((reference, str(call.operation)))
            return ""
        number = self.a_number(world)
        self.book.append((reference, number))
        return number

    def a_number(self, world: World) -> str:
        return f"{world.certifier.code}-{world.client.operation.nop_id}-{len(self.book) + 700:06d}"

    def _enter(self, world: World, who: str, call: OidCall, number: str) -> int:
        data = {"number": number, "again": number} if number else {"confirmed": "on"}
        return self._post(world, who, call, "enter", **data)

    def _one(self, world: World, call: OidCall, fault: Fault | None) -> None:
        self._post(world, "reviewer", call, "begin")
        assert self._mine(world, "reviewer", call)
        if fault is Fault.REJECTED:
            assert self._post(world, "reviewer", call, "refused", reason="Red text under the HTS code.") == 302
            return
        number = self._key(world, call)
        self._mistype(world, call, number, fault)
        assert self._enter(world, "reviewer", call, number) == 302
        if fault is Fault.SENT_TWICE:
            self._enter(world, "reviewer", call, number)

    def _mistype(self, world: World, call: OidCall, number: str, fault: Fault | None) -> None:
        if not number or fault is None:
            return
        wrong: dict[Fault, list[tuple[str, str]]] = {
            Fault.TYPED_TWICE_DIFFERENTLY: [(number, f"{number[:-1]}9")],
            Fault.WRONG_FORM: [(typed, typed) for typed in (number[:-1], f"{number}draft", number[4:14], "", "x" * 60)],
            Fault.WRONG_CERTIFIER: [(f"202{number[3:]}", f"202{number[3:]}")],
            Fault.NUMBER_USED: [(self.other_number, self.other_number)],
        }
        for typed, again in wrong.get(fault, []):
            assert self._post(world, "reviewer", call, "enter", number=typed, again=again) == 422, typed

    @property
    def other_number(self) -> str:
        """The number of the first certificate that was keyed."""
        return self.book[0][1]

    def _abandon(self, world: World, call: OidCall) -> None:
        """One keys and walks away without a word; another finds it begun, later looks in OID and enters what is there."""
        self._post(world, "reviewer", call, "begin")
        number = self._key(world, call)
        self._post(world, "approver", call, "begin")
        assert not self._mine(world, "approver", call)
        with act_as(world.loop()):
            HandEntry.objects.update(begun_at=clock.now() - entries.ABANDONED - dt.timedelta(minutes=1))
        self._post(world, "approver", call, "begin", over="yes")
        assert self._mine(world, "approver", call)
        assert self._enter(world, "approver", call, number) == 302
        # the first one comes back: what they enter is taken by nobody
        self._enter(world, "reviewer", call, number)

    def _together(self, world: World, call: OidCall) -> None:
        people = ("reviewer", "approver")

        def take(who: str) -> bool:
            try:
                self._post(world, who, call, "begin")
                return self._mine(world, who, call)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(2) as pool:
            let = [who for who, mine in zip(people, pool.map(take, people), strict=True) if mine]
        assert len(let) == 1
        for who in let:
            assert self._enter(world, who, call, self._key(world, call)) == 302


# -- toy: a register in memory -------------------------------------------------------------------------------------------


class ToySide:
    """The register answers by itself."""

    def __init__(self) -> None:
        toy.REGISTER.__init__()  # type: ignore[misc]

    def set_up(self, world: World) -> None:
        with act_as(world.who("manager")) as manager:
            links.connect(manager, connector="toy")

    def provoke(self, fault: Fault, operation: str) -> None:
        toy.REGISTER.faults[operation] = fault

    def mend(self) -> None:
        return

    def work(self, world: World) -> None:
        return

    def numbers(self, certificate: Certificate) -> list[str]:
        record = toy.REGISTER.records.get(str(certificate.pk))
        times = toy.REGISTER.done.count(("register", str(certificate.pk)))
        return [record["number"]] * times if record else []

    def done(self, certificate: Certificate) -> list[str]:
        numbers = self.numbers(certificate)
        return [kind for kind, number in toy.REGISTER.done if kind != "register" and number in numbers]


#: Faults that the suite brings about itself, the same for every connector.
OWN = frozenset({Fault.KILLED})
#: Faults that concern a number, and so a registration alone.
OF_A_NUMBER = frozenset(
    {Fault.TYPED_TWICE_DIFFERENTLY, Fault.WRONG_FORM, Fault.WRONG_CERTIFIER, Fault.NUMBER_USED}
)  # fmt: skip


def cases(*, registering: bool) -> list[tuple[str, Fault]]:
    """Every connector with every fault that it declares."""
    found = [(name, fault) for name, kind in [*registry.kinds().items(), ("toy", toy.KIND)] for fault in kind.faults]
    return sorted((name, fault) for name, fault in found if registering or fault not in OF_A_NUMBER)


def on_desk(world: World) -> list[tuple[str, str]]:
    """Operation and state of every call that has not ended."""
    with act_as(world.loop()):
        rows = OidCall.objects.exclude(state__in=[CallState.DONE, CallState.CANCELLED])
        return [(row.operation, row.state) for row in rows]
