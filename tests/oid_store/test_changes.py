"""The change log: complete, in order, and nothing slips behind a reader."""

import threading
from typing import Any

import psycopg
import pytest

from tests.oid_store.payloads import AVOCADO_EXPORTER, call, registration
from tests.oid_store.server import StoreServer


def _follow(store: StoreServer, cursor: str = "", limit: int = 100, code: str = "101") -> tuple[list[Any], str]:
    results: list[Any] = []
    while True:
        page = store.get(f"/v1/certificates?limit={limit}&cursor={cursor}", code=code).json()
        results += page["results"]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            return results, cursor


def test_every_change_is_listed_once_in_order_whatever_the_page_size(store: StoreServer) -> None:
    numbers = [store.post("/v1/certificates", registration()).json()["number"] for _ in range(5)]
    store.post(f"/v1/certificates/{numbers[2]}/amend", call(transport={"vessel": "Lima Star"})).raise_for_status()
    store.post(f"/v1/certificates/{numbers[0]}/void", call(reason="Not loaded")).raise_for_status()
    expected = [*((number, "registered") for number in numbers), (numbers[2], "amended"), (numbers[0], "voided")]
    for limit in (1, 2, 7, 100):
        results, _ = _follow(store, limit=limit)
        assert [(each["record"]["number"], each["change"]["kind"]) for each in results] == expected
    assert {each["record"]["status"] for each in results if each["record"]["number"] == numbers[0]} == {"void"}


def test_cursor_at_the_end_goes_on_with_what_comes_later(store: StoreServer) -> None:
    _, cursor = _follow(store)
    assert _follow(store, cursor)[0] == []
    number = store.post("/v1/certificates", registration()).json()["number"]
    results, cursor = _follow(store, cursor)
    assert [each["record"]["number"] for each in results] == [number]
    assert _follow(store, cursor)[0] == []


def test_other_certifiers_changes_are_passed_over(store: StoreServer) -> None:
    store.post("/v1/certificates", registration()).raise_for_status()
    other = registration(certifier_code="202", exporter={"nop_id": AVOCADO_EXPORTER, "name": "Avocado"})
    store.post("/v1/certificates", other, code="202").raise_for_status()
    results, _ = _follow(store, code="202")
    assert [each["record"]["certifier_code"] for each in results] == ["202"]


_LATE_CHANGE = """
    INSERT INTO oid_store_change (certificate_id, certifier_code, kind, actor, request_id, after, at)
    SELECT id, certifier_code, 'amended', 'late', '', '{}', clock_timestamp()
    FROM oid_store_certificate WHERE number = %s
    RETURNING id
"""


def test_change_that_commits_late_is_not_skipped(store: StoreServer, record: dict[str, Any]) -> None:
    with psycopg.connect(store.dsn) as held_open:
        row = held_open.execute(_LATE_CHANGE, (record["number"],)).fetchone()
        assert row is not None
        # While it is open a later change commits and a reader passes it.
        later = store.post("/v1/certificates", registration()).json()["number"]
        seen, cursor = _follow(store)
        assert [each["record"]["number"] for each in seen] == [record["number"], later]
        # By row id alone the open change lies behind the reader: a cursor over ids would lose it.
        assert row[0] < max(id_ for (id_,) in store.rows("SELECT id FROM oid_store_change"))
        held_open.commit()
    results, _ = _follow(store, cursor)
    assert [(each["change"]["by"], each["record"]["number"]) for each in results] == [("late", record["number"])]


def test_open_transaction_of_somebody_else_does_not_hold_the_log_up(store: StoreServer) -> None:
    with psycopg.connect(store.dsn) as held_open:
        held_open.execute("SELECT pg_current_xact_id()")
        number = store.post("/v1/certificates", registration()).json()["number"]
        assert [each["record"]["number"] for each in _follow(store)[0]] == [number]
        held_open.rollback()


def test_reader_that_runs_beside_many_writers_misses_nothing(store: StoreServer) -> None:
    seen: list[str] = []
    done = threading.Event()

    def read() -> None:
        cursor = ""
        while True:
            last_round = done.is_set()
            results, cursor = _follow(store, cursor, limit=3)
            seen.extend(each["record"]["number"] for each in results)
            if last_round:
                return

    def write() -> None:
        for _ in range(10):
            store.post("/v1/certificates", registration()).raise_for_status()

    reader = threading.Thread(target=read)
    reader.start()
    writers = [threading.Thread(target=write) for _ in range(5)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    done.set()
    reader.join()
    assert len(seen) == 50
    assert set(seen) == {number for (number,) in store.rows("SELECT number FROM oid_store_certificate")}


def test_changed_since_starts_a_listing_in_the_middle(store: StoreServer) -> None:
    store.post("/v1/certificates", registration()).raise_for_status()
    second = store.post("/v1/certificates", registration()).json()
    page = store.get(f"/v1/certificates?changed_since={second['registered_at']}").json()
    assert [each["record"]["number"] for each in page["results"]] == [second["number"]]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("cursor=nonsense", 400, "OID-050"),
        ("cursor=%C3%A9", 400, "OID-050"),
        ("limit=0", 400, "OID-051"),
        ("limit=501", 400, "OID-051"),
        ("limit=-1", 400, "OID-051"),
        ("changed_since=yesterday", 400, "OID-051"),
        ("changed_since=2026-01-01T00:00:00", 400, "OID-051"),
        ("changed_since=2026-13-01T00:00:00Z", 400, "OID-051"),
        ("reference=12", 400, "OID-051"),
    ],
)
def test_bad_filters_are_refused(store: StoreServer, query: str, status: int, code: str) -> None:
    answer = store.get(f"/v1/certificates?{query}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_cursor_of_another_log_is_refused_so_that_a_wiped_store_is_noticed(
    store: StoreServer, record: dict[str, Any]
) -> None:
    _, cursor = _follow(store)
    (old,) = store.rows("SELECT log_id FROM oid_store_changehead")[0]
    try:
        store.execute("UPDATE oid_store_changehead SET log_id = gen_random_uuid()")
        answer = store.get(f"/v1/certificates?cursor={cursor}")
    finally:
        store.execute("UPDATE oid_store_changehead SET log_id = %s", old)
    assert (answer.status_code, answer.json()["code"]) == (410, "OID-052")


def test_change_log_is_append_only_and_a_position_is_given_once(store: StoreServer, record: dict[str, Any]) -> None:
    _follow(store)
    for statement in (
        "UPDATE oid_store_change SET kind = 'voided'",
        "UPDATE oid_store_change SET position = position + 1000",
        "DELETE FROM oid_store_change",
        "UPDATE oid_store_auditentry SET status = 200",
        "DELETE FROM oid_store_auditentry",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            store.execute(statement)


def test_void_by_nop_itself_appears_in_the_log(store: StoreServer, record: dict[str, Any]) -> None:
    _, cursor = _follow(store)
    store.void_as_nop(record["number"], "Found fraudulent")
    results, _ = _follow(store, cursor)
    assert [(each["change"]["by"], each["record"]["void"]["by"]) for each in results] == [("NOP", "NOP")]
