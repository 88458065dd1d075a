"""Faults on demand: each shows what it says, and what was committed stays committed."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.oid_store.payloads import call, registration
from tests.oid_store.server import StoreServer


def _registered(store: StoreServer) -> int:
    count: int = store.rows("SELECT count(*) FROM oid_store_certificate")[0][0]
    return count


def test_commit_then_drop_commits_and_answers_not_a_byte(store: StoreServer) -> None:
    store.add_fault("commit_then_drop", operation="register")
    sent = registration()
    with pytest.raises(requests.ConnectionError, match=r"closed connection without response|RemoteDisconnected"):
        store.post("/v1/certificates", sent)
    found = store.get(f"/v1/certificates?reference={sent['reference']}")
    assert found.status_code == 200
    again = store.post("/v1/certificates", sent)
    assert (again.status_code, again.json()["number"]) == (200, found.json()["number"])
    assert _registered(store) == 1
    assert store.rows("SELECT fault, status FROM oid_store_auditentry WHERE fault <> ''") == [("commit_then_drop", 201)]


def test_commit_then_drop_of_a_call_can_be_asked_about(store: StoreServer, record: dict[str, Any]) -> None:
    store.add_fault("commit_then_drop", operation="void")
    sent = call(reason="Not loaded")
    with pytest.raises(requests.ConnectionError):
        store.post(f"/v1/certificates/{record['number']}/void", sent)
    assert store.get(f"/v1/calls/{sent['call_id']}").json()["outcome"] == "applied"


def test_drop_does_nothing_and_answers_nothing(store: StoreServer) -> None:
    store.add_fault("drop", operation="register")
    with pytest.raises(requests.ConnectionError):
        store.post("/v1/certificates", registration())
    assert _registered(store) == 0


def test_latency_before_and_after_the_commit(store: StoreServer) -> None:
    for when, expected in (("before", 0), ("after", 2)):
        store.add_fault("latency", operation="register", params={"seconds": 1.5, "when": when})
        started = time.monotonic()
        with pytest.raises(requests.ReadTimeout):
            store.post("/v1/certificates", registration(), timeout=0.7)
        assert _registered(store) == expected
        # What the caller gave up on is done all the same.
        time.sleep(max(0.0, 2.0 - (time.monotonic() - started)))


def test_rate_limit_fault_names_the_seconds_to_wait(store: StoreServer) -> None:
    store.add_fault("rate_limit_429", params={"retry_after": 7})
    answer = store.post("/v1/certificates", registration())
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (429, "OID-040", "7")
    assert _registered(store) == 0


@pytest.mark.parametrize(("when", "done"), [("before", 0), ("after", 1)])
def test_500_does_not_say_whether_it_was_done(store: StoreServer, when: str, done: int) -> None:
    store.add_fault("error_500", operation="register", params={"when": when})
    answer = store.post("/v1/certificates", registration())
    assert (answer.status_code, answer.json()["code"]) == (500, "OID-042")
    assert _registered(store) == done


def test_malformed_answer_is_committed_and_no_json(store: StoreServer) -> None:
    store.add_fault("malformed", operation="register")
    answer = store.post("/v1/certificates", registration())
    assert answer.status_code == 201
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert _registered(store) == 1


def test_slow_drip_sends_a_whole_answer_in_small_pieces(store: StoreServer, record: dict[str, Any]) -> None:
    store.add_fault("slow_drip", operation="get", params={"bytes": 200, "interval": 0.1})
    started = time.monotonic()
    answer = store.get(f"/v1/certificates/{record['number']}")
    assert answer.json() == record
    assert time.monotonic() - started > 0.1 * (len(answer.content) // 200 - 1)


def test_reject_refuses_with_the_code_asked_for(store: StoreServer, record: dict[str, Any]) -> None:
    store.add_fault("reject", operation="register", params={"code": "OID-106"})
    answer = store.post("/v1/certificates", registration())
    assert (answer.status_code, answer.json()["code"]) == (422, "OID-106")
    store.add_fault("reject", operation="void")
    sent = call(reason="Not loaded")
    answer = store.post(f"/v1/certificates/{record['number']}/void", sent)
    assert (answer.status_code, answer.json()["code"]) == (422, "OID-900")
    assert store.get(f"/v1/calls/{sent['call_id']}").json()["outcome"] == "rejected"


def test_rule_strikes_exactly_the_next_n_calls_among_all_workers(store: StoreServer) -> None:
    store.add_fault("error_500", operation="operations", next=7)
    with ThreadPoolExecutor(10) as pool:
        statuses = list(pool.map(lambda _: store.get("/v1/operations").status_code, range(30)))
    assert sorted(statuses) == [200] * 23 + [500] * 7
    (rule,) = store.get("/v1/_faults").json()["results"]
    assert (rule["next"], rule["hits"]) == (0, 7)


def test_probability_strikes_about_its_share_of_the_calls(store: StoreServer) -> None:
    store.add_fault("error_500", operation="operations", probability=0.5)
    statuses = [store.get("/v1/operations").status_code for _ in range(80)]
    assert 15 < statuses.count(500) < 65


def test_rule_is_for_its_operation_and_certifier_only(store: StoreServer) -> None:
    store.add_fault("error_500", operation="operations", certifier_code="202", probability=1)
    assert store.get("/v1/operations").status_code == 200
    assert store.get("/v1/operations", code="202").status_code == 500
    assert store.get("/v1/certificates", code="202").status_code == 200


def test_star_leaves_health_alone_and_clearing_ends_it_all(store: StoreServer) -> None:
    store.add_fault("error_500", probability=1)
    assert store.get("/v1/operations").status_code == 500
    assert store.healthy()
    store.clear_faults()
    assert store.get("/v1/operations").status_code == 200
    assert store.get("/v1/_faults").json() == {"results": []}


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "meteor"},
        {"kind": "latency", "operation": "dream"},
        {"kind": "latency", "probability": 1.5},
        {"kind": "latency", "next": 0},
        {"kind": "latency", "next": 1, "probability": 0.5},
    ],
)
def test_nonsense_rules_are_refused(store: StoreServer, rule: dict[str, Any]) -> None:
    assert store.post("/v1/_faults", rule).status_code == 422
    assert store.rows("SELECT count(*) FROM oid_store_faultrule") == [(0,)]
