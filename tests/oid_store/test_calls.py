"""Actual weights, amendments and voids: each call once, whatever is repeated, and always to be asked about."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.oid_store.payloads import call, day, registration
from tests.oid_store.server import StoreServer


def _shipment(ref: str, kg: str, **more: Any) -> dict[str, Any]:
    return call(shipment_ref=ref, shipped_on=day(0), net_weight_kg=kg, **more)


def _path(record: dict[str, Any], what: str) -> str:
    return f"/v1/certificates/{record['number']}/{what}"


def test_actual_weight_is_booked_and_shown(store: StoreServer, record: dict[str, Any]) -> None:
    answer = store.post(_path(record, "actuals"), _shipment("S1", "17500.250", entry_number="231-1234567-8"))
    assert answer.status_code == 200
    body = answer.json()
    assert (body["outcome"], body["kind"], body["number"]) == ("applied", "actuals", record["number"])
    actuals = store.get(f"/v1/certificates/{record['number']}").json()["actuals"]
    assert actuals == body["record"]["actuals"]
    assert actuals["total_kg"] == "17500.250"
    assert [(each["shipment_ref"], each["net_weight_kg"]) for each in actuals["shipments"]] == [("S1", "17500.250")]


def test_repeated_call_gets_the_first_answer_and_books_nothing(store: StoreServer, record: dict[str, Any]) -> None:
    sent = _shipment("S1", "1000.000")
    first = store.post(_path(record, "actuals"), sent)
    store.post(_path(record, "actuals"), _shipment("S2", "500.000")).raise_for_status()
    again = store.post(_path(record, "actuals"), sent)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["Idempotent-Replay"] == "true"
    assert store.get(f"/v1/certificates/{record['number']}").json()["actuals"]["total_kg"] == "1500.000"


def test_one_call_sent_at_once_is_booked_once(store: StoreServer, record: dict[str, Any]) -> None:
    sent = call(net_weight_kg="17000.000", lots=[])
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: store.post(_path(record, "amend"), sent), range(16)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert store.get(f"/v1/certificates/{record['number']}").json()["version"] == 2


def test_call_id_with_other_data_or_another_record_is_409(store: StoreServer, record: dict[str, Any]) -> None:
    sent = call(reason="Cargo was never loaded")
    store.post(_path(record, "void"), sent).raise_for_status()
    other = store.post("/v1/certificates", registration()).json()
    for path, body in (
        (_path(record, "void"), {**sent, "reason": "Another reason"}),
        (_path(other, "void"), sent),
        (_path(record, "amend"), {"call_id": sent["call_id"], "net_weight_kg": "1.000"}),
    ):
        answer = store.post(path, body)
        assert (answer.status_code, answer.json()["code"]) == (409, "OID-031")
    assert store.get(f"/v1/certificates/{other['number']}").json()["status"] == "live"


def test_call_can_be_asked_about(store: StoreServer, record: dict[str, Any]) -> None:
    sent = _shipment("S1", "1000.000")
    assert store.get(f"/v1/calls/{sent['call_id']}").json()["code"] == "OID-020"
    answer = store.post(_path(record, "actuals"), sent)
    asked = store.get(f"/v1/calls/{sent['call_id']}")
    assert asked.status_code == 200
    body = asked.json()
    assert (body["outcome"], body["status"], body["answer"]) == ("applied", 200, answer.json())


def test_rejected_call_stays_rejected_even_when_it_would_now_pass(store: StoreServer, record: dict[str, Any]) -> None:
    store.post(_path(record, "actuals"), _shipment("S1", "10000.000")).raise_for_status()
    sent = call(net_weight_kg="9000.000", lots=[])
    first = store.post(_path(record, "amend"), sent)
    assert (first.status_code, first.json()["code"]) == (422, "OID-211")
    correction = call(kind="correction", shipment_ref="S1", net_weight_kg="8000.000")
    store.post(_path(record, "actuals"), correction).raise_for_status()
    late_copy = store.post(_path(record, "amend"), sent)
    assert (late_copy.status_code, late_copy.content) == (422, first.content)
    asked = store.get(f"/v1/calls/{sent['call_id']}").json()
    assert (asked["outcome"], asked["status"], asked["answer"]) == ("rejected", 422, first.json())
    assert store.post(_path(record, "amend"), {**sent, "call_id": str(uuid.uuid4())}).status_code == 200


REJECTED_ACTUALS: list[tuple[dict[str, Any], str]] = [
    (_shipment("S2", "8000.001"), "OID-221"),
    (_shipment("S2", "0.000"), "OID-220"),
    (_shipment("S2", "-1.000"), "OID-220"),
    (_shipment("S1", "1.000"), "OID-224"),
    (call(kind="correction", shipment_ref="S9", net_weight_kg="1.000"), "OID-225"),
    (call(kind="correction", shipment_ref="S1", net_weight_kg="18000.001"), "OID-221"),
    (call(kind="total", net_weight_kg="9999.999"), "OID-226"),
    (call(shipment_ref="S2", shipped_on=day(3), net_weight_kg="1.000"), "OID-228"),
    (call(shipment_ref="S2", shipped_on=day(-1), net_weight_kg="1.000"), "OID-222"),
    (call(shipment_ref="S2", net_weight_kg="1.000"), "OID-002"),
    (call(kind="gift", shipment_ref="S2", net_weight_kg="1.000"), "OID-003"),
]


@pytest.mark.parametrize(("sent", "code"), REJECTED_ACTUALS)
def test_actual_weight_is_rejected_with_its_code(
    store: StoreServer, record: dict[str, Any], sent: dict[str, Any], code: str
) -> None:
    store.post(_path(record, "actuals"), _shipment("S1", "10000.000")).raise_for_status()
    sent = {**sent, "call_id": str(uuid.uuid4())}
    answer = store.post(_path(record, "actuals"), sent)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert store.get(f"/v1/certificates/{record['number']}").json()["actuals"]["total_kg"] == "10000.000"


def test_correction_to_nothing_and_declared_total(store: StoreServer, record: dict[str, Any]) -> None:
    path = _path(record, "actuals")
    store.post(path, _shipment("S1", "18000.000")).raise_for_status()
    store.post(path, call(kind="correction", shipment_ref="S1", net_weight_kg="0.000")).raise_for_status()
    store.post(path, _shipment("S2", "17900.000")).raise_for_status()
    total = store.post(path, call(kind="total", net_weight_kg="17900.000")).json()["record"]["actuals"]
    assert (total["total_kg"], total["declared_total_kg"]) == ("17900.000", "17900.000")
    reopened = store.post(path, _shipment("S3", "100.000")).json()["record"]["actuals"]
    assert (reopened["total_kg"], reopened["declared_total_kg"]) == ("18000.000", None)


def test_actual_weights_sent_at_once_never_exceed_the_certified_weight(
    store: StoreServer, record: dict[str, Any]
) -> None:
    shipments = [_shipment(f"S{number}", "1000.000") for number in range(30)]
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda sent: store.post(_path(record, "actuals"), sent), shipments))
    assert sorted(answer.status_code for answer in answers) == [200] * 18 + [422] * 12
    assert store.get(f"/v1/certificates/{record['number']}").json()["actuals"]["total_kg"] == "18000.000"


def test_actual_weights_are_due_soon_after_the_end(store: StoreServer, record: dict[str, Any]) -> None:
    _move_period(store, record, start=-60, end=-7)
    sent = call(shipment_ref="S1", shipped_on=day(-10), net_weight_kg="1.000")
    assert store.post(_path(record, "actuals"), sent).status_code == 200
    _move_period(store, record, start=-60, end=-9)
    sent = call(shipment_ref="S2", shipped_on=day(-10), net_weight_kg="1.000")
    assert store.post(_path(record, "actuals"), sent).json()["code"] == "OID-223"


def _move_period(store: StoreServer, record: dict[str, Any], start: int, end: int) -> None:
    store.execute(
        "UPDATE oid_store_certificate SET start_date = %s, end_date = %s WHERE number = %s",
        day(start),
        day(end),
        record["number"],
    )


def test_weight_goes_down_with_its_lots_and_transport_is_merged(store: StoreServer, record: dict[str, Any]) -> None:
    lots = [{"lot": "VS-26-014", "kg": "12000.000"}]
    sent = call(net_weight_kg="12000.000", lots=lots, transport={"vessel": "Lima Star"}, departure_date=day(12))
    body = store.post(_path(record, "amend"), sent).json()["record"]
    assert (body["net_weight_kg"], body["lots"], body["version"]) == ("12000.000", lots, 2)
    assert body["transport"] == {**record["transport"], "vessel": "Lima Star"}
    assert body["departure_date"] == day(12)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "OID-213"),
        ({"net_weight_kg": "18000.000"}, "OID-210"),
        ({"net_weight_kg": "18000.001"}, "OID-210"),
        ({"net_weight_kg": "17000.000"}, "OID-142"),
        ({"net_weight_kg": "0.000", "lots": []}, "OID-140"),
        ({"departure_date": day(301)}, "OID-135"),
        ({"product_label": "Other"}, "OID-004"),
    ],
)
def test_amendment_is_rejected_with_its_code(
    store: StoreServer, record: dict[str, Any], fields: dict[str, Any], code: str
) -> None:
    answer = store.post(_path(record, "amend"), call(**fields))
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert store.get(f"/v1/certificates/{record['number']}").json() == record


def test_expired_record_says_so_and_is_not_amended(store: StoreServer, record: dict[str, Any]) -> None:
    _move_period(store, record, start=-60, end=-3)
    assert store.get(f"/v1/certificates/{record['number']}").json()["status"] == "expired"
    assert store.post(_path(record, "amend"), call(transport={"vessel": "X"})).json()["code"] == "OID-202"


def test_void_needs_a_reason_and_ends_the_record(store: StoreServer, record: dict[str, Any]) -> None:
    assert store.post(_path(record, "void"), call(reason="")).json()["code"] == "OID-002"
    body = store.post(_path(record, "void"), call(reason="Cargo was never loaded")).json()["record"]
    assert (body["status"], body["void"]["reason"], body["void"]["by"]) == (
        "void",
        "Cargo was never loaded",
        "certifier",
    )
    for what, sent in (
        ("void", call(reason="Again")),
        ("amend", call(transport={"vessel": "X"})),
        ("actuals", _shipment("S1", "1.000")),
    ):
        assert store.post(_path(record, what), sent).json()["code"] == "OID-201"


def test_call_about_an_unknown_record_is_404_and_leaves_nothing(store: StoreServer) -> None:
    sent = call(reason="No such thing")
    answer = store.post("/v1/certificates/101-1010000011-000077/void", sent)
    assert (answer.status_code, answer.json()["code"]) == (404, "OID-020")
    assert store.get(f"/v1/calls/{sent['call_id']}").status_code == 404
