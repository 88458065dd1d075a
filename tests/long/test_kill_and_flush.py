"""A running portal under kill -9, an emptied broker and a store that fails: each approved certificate is issued, once.

Real processes of a portal of its own; the tests speak HTTP as demo people and as the store's certifier.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
import requests

from certportal.launcher.smoke import Smoke, people
from tests.support.portal import RunningPortal

pytestmark = pytest.mark.timeout(900)

CERTIFIER = "101"
ISSUED_SECONDS = 180.0
"""The longest lease (30 s of a call) and a sweep, with much room for a busy machine."""


class Rehearsal:
    """A portal, its store and its log files."""

    def __init__(self, portal: RunningPortal) -> None:
        self.portal = portal
        self.cast = people(portal.url, portal.home / "data" / "demo_accounts.json")
        self.issued: list[Smoke] = []

    def recommended(self) -> Smoke:
        """A request that only waits for the approver."""
        one = Smoke(self.portal.url, self.cast)
        for step in (one.balance, one.draft, one.submit, one.review):
            step()
        return one

    def store(self, method: str, path: str, **how: Any) -> Any:
        """Ask the store with the certifier's key."""
        with requests.Session() as session:
            session.trust_env = False
            session.headers["Authorization"] = f"Key {self.portal.store_key(CERTIFIER)}"
            answer = session.request(method, self.portal.store_url() + path, timeout=30, **how)
        assert answer.ok, answer.text
        return answer.json()

    def fault(self, kind: str, operation: str = "register", **rule: Any) -> None:
        """Let the store fail in its next calls."""
        self.store("POST", "/v1/_faults", json={"kind": kind, "operation": operation, **rule})

    def struck(self) -> int:
        """How often a fault was shown."""
        return sum(rule["hits"] for rule in self.store("GET", "/v1/_faults")["results"])

    def log_size(self, name: str) -> int:
        """Where a program's log ends now."""
        return (self.portal.home / "logs" / f"{name}.log").stat().st_size

    def said_since(self, name: str, offset: int) -> str:
        """What a program has logged since."""
        return (self.portal.home / "logs" / f"{name}.log").read_bytes()[offset:].decode(errors="replace")

    def restarts(self, name: str) -> int:
        """How often the supervisor started a program again."""
        return int(self.portal.processes()[name]["restarts"])

    def await_issued(self, *requested: Smoke) -> None:
        """All are issued in time, and the store has each once."""
        end = time.monotonic() + ISSUED_SECONDS
        for one in requested:
            while one.look()["state"] != "issued":
                assert time.monotonic() < end, f"{one.certificate}\n{self.portal.log_tails()}"
                time.sleep(0.5)
            self.issued.append(one)
        self.assert_each_once()

    def assert_each_once(self) -> None:
        """One record in the store for each certificate: asked by reference, and counted over all that it ever logged."""
        records = self.all_records()
        doubled = {reference: n for reference, n in Counter(records.values()).items() if n > 1}
        assert not doubled
        for one in self.issued:
            found = self.store("GET", "/v1/certificates", params={"reference": one.certificate["id"]})
            assert found["number"] == one.certificate["number"]
            assert records[found["number"]] == one.certificate["id"]

    def all_records(self) -> dict[str, str]:
        """Number and reference of every record of the certifier."""
        records: dict[str, str] = {}
        cursor, more = "", True
        while more:
            page = self.store("GET", "/v1/certificates", params={"cursor": cursor} if cursor else {})
            for row in page["results"]:
                record = row.get("record", row)
                records[record["number"]] = str(record["reference"])
            cursor, more = page["next_cursor"], page["has_more"]
        return records


def soon(what: str, probe: Callable[[], bool], seconds: float = 60.0, pause: float = 0.05) -> None:
    """Wait for something that must come."""
    end = time.monotonic() + seconds
    while not probe():
        assert time.monotonic() < end, what
        time.sleep(pause)


@pytest.fixture(scope="module")
def running() -> Iterator[Rehearsal]:
    with RunningPortal(OID_STORE_FAULTS="1", PORTAL_DOCUMENT_LEASE_SECONDS="20", PORTAL_SWEEP_SECONDS="3") as portal:
        yield Rehearsal(portal)


@pytest.fixture(autouse=True)
def no_faults(running: Rehearsal) -> Iterator[None]:
    """No test leaves a fault behind."""
    yield
    running.store("DELETE", "/v1/_faults")


@pytest.mark.parametrize("when", ["before", "after"])
def test_worker_killed_while_the_store_registers(running: Rehearsal, when: str) -> None:
    """The store does its work, late or at once; whoever asked is gone and never hears the answer."""
    one = running.recommended()
    before = running.restarts("oid")
    running.fault("latency", next=1, params={"seconds": 6, "when": when})
    one.approve()
    soon("a registration in flight", lambda: running.struck() > 0)
    running.portal.kill("oid")
    assert not one.look().get("number")
    running.await_issued(one)
    assert running.restarts("oid") > before


def test_documents_worker_killed_while_it_renders(running: Rehearsal) -> None:
    """Whoever is killed at work leaves a lease; the document is made when it has ended."""
    for _ in range(3):
        one = running.recommended()
        offset = running.log_size("documents")
        before = running.restarts("documents")
        one.approve()
        soon("the documents task", lambda at=offset: "make_document" in running.said_since("documents", at), pause=0.01)
        time.sleep(0.1)
        running.portal.kill("documents")
        interrupted = one.look()["state"] != "issued"
        running.await_issued(one)
        soon("the documents worker again", lambda was=before: running.restarts("documents") > was)
        if interrupted:
            return
    pytest.fail("no rendering was interrupted")


def test_broker_emptied_while_requests_are_approved(running: Rehearsal) -> None:
    """The rows are the record, the broker only wakes."""
    waiting = [running.recommended() for _ in range(2)]
    with redis.Redis.from_url(running.portal.redis_url()) as valkey:
        for one in waiting:
            one.approve()
            valkey.flushall()
    running.await_issued(*waiting)


def test_store_commits_and_drops_the_connection(running: Rehearsal) -> None:
    """An unclear answer is asked about before it is repeated."""
    one = running.recommended()
    running.fault("commit_then_drop", next=1)
    one.approve()
    soon("the fault", lambda: running.struck() > 0)
    running.await_issued(one)
