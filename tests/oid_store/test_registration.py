"""Registering: one record a reference, numbers that never meet, rejections as a government gives them."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.oid_store.payloads import (
    AVOCADO_EXPORTER,
    COFFEE_EXPORTER,
    REVOKED_IMPORTER,
    SUSPENDED,
    call,
    day,
    registration,
)
from tests.oid_store.server import StoreServer


def test_first_registration_is_201_with_a_number_and_everything_that_was_sent(store: StoreServer) -> None:
    sent = registration()
    answer = store.post("/v1/certificates", sent)
    assert answer.status_code == 201
    body = answer.json()
    assert body["number"] == f"101-{COFFEE_EXPORTER}-000001"
    assert {name: body[name] for name in sent} == sent
    assert (body["status"], body["version"], body["warnings"]) == ("live", 1, [])
    assert store.get(f"/v1/certificates/{body['number']}").json() == body
    assert store.get(f"/v1/certificates?reference={sent['reference']}").json() == body


def test_repeated_reference_gets_the_first_answer_even_after_the_record_changed(store: StoreServer) -> None:
    sent = registration()
    first = store.post("/v1/certificates", sent)
    store.post(f"/v1/certificates/{first.json()['number']}/void", call(reason="Shipment cancelled")).raise_for_status()
    again = store.post("/v1/certificates", sent)
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["Idempotent-Replay"] == "true"
    assert store.rows("SELECT count(*) FROM oid_store_certificate") == [(1,)]


def test_reference_with_other_data_is_409(store: StoreServer) -> None:
    sent = registration()
    store.post("/v1/certificates", sent).raise_for_status()
    answer = store.post("/v1/certificates", {**sent, "product_label": "Another"})
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (409, "OID-030", "reference")


def test_two_certifiers_may_use_the_same_reference(store: StoreServer) -> None:
    reference = str(uuid.uuid4())
    store.post("/v1/certificates", registration(reference=reference)).raise_for_status()
    other = registration(reference=reference, certifier_code="202", exporter=_exporter(AVOCADO_EXPORTER))
    assert store.post("/v1/certificates", other, code="202").status_code == 201


def _exporter(nop_id: str) -> dict[str, str]:
    return {"nop_id": nop_id, "name": "Some name"}


def test_numbers_of_parallel_registrations_are_distinct_and_without_gap(store: StoreServer) -> None:
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: store.post("/v1/certificates", registration()), range(40)))
    assert {answer.status_code for answer in answers} == {201}
    serials = sorted(int(answer.json()["number"][-6:]) for answer in answers)
    assert serials == list(range(1, 41))


def test_one_reference_sent_at_once_makes_one_record_and_one_answer(store: StoreServer) -> None:
    sent = registration()
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: store.post("/v1/certificates", sent), range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert len({answer.content for answer in answers}) == 1
    assert store.rows("SELECT count(*), max(number) FROM oid_store_certificate") == [
        (1, f"101-{COFFEE_EXPORTER}-000001")
    ]
    # The twins that lost gave their serial back.
    assert store.rows("SELECT last FROM oid_store_serial") == [(1,)]


REJECTED: list[tuple[dict[str, Any], str, str]] = [
    ({"certifier_code": "202"}, "OID-101", "certifier_code"),
    ({"exporter": _exporter("1019999999")}, "OID-102", "exporter.nop_id"),
    ({"exporter": _exporter(SUSPENDED)}, "OID-103", "exporter.nop_id"),
    ({"importer": _exporter("3039999999")}, "OID-105", "importer.nop_id"),
    ({"importer": _exporter(REVOKED_IMPORTER)}, "OID-106", "importer.nop_id"),
    ({"final_handler": {"nop_id": "1019999999"}}, "OID-107", "final_handler.nop_id"),
    ({"final_handler": {"nop_id": SUSPENDED}}, "OID-108", "final_handler.nop_id"),
    ({"hts": "090111001"}, "OID-120", "hts"),
    ({"hts": "0901.11.0015"}, "OID-120", "hts"),
    ({"origin": "XX"}, "OID-121", "origin"),
    ({"origin": "pe"}, "OID-121", "origin"),
    ({"destination": {"city": "Oakland", "state": "QQ"}}, "OID-122", "destination.state"),
    ({"standard": "GLOBALGAP"}, "OID-123", "standard"),
    ({"start_date": day(9), "end_date": day(8), "departure_date": None}, "OID-130", "end_date"),
    ({"end_date": day(600)}, "OID-131", "end_date"),
    ({"start_date": day(-40)}, "OID-132", "start_date"),
    ({"start_date": day(-20), "end_date": day(-5), "departure_date": None}, "OID-133", "end_date"),
    ({"start_date": day(-5), "departure_date": day(-3)}, "OID-134", "departure_date"),
    ({"end_date": day(5)}, "OID-135", "departure_date"),
    ({"net_weight_kg": "0.000", "lots": []}, "OID-140", "net_weight_kg"),
    ({"net_weight_kg": "-1.000", "lots": []}, "OID-140", "net_weight_kg"),
    ({"net_weight_kg": "17999.999"}, "OID-142", "lots"),
    ({"lots": [{"lot": "A", "kg": "0.000"}]}, "OID-143", "lots.0.kg"),
    ({"lots": [{"lot": "A", "kg": "1.000"}, {"lot": "A", "kg": "2.000"}]}, "OID-144", "lots.1.lot"),
    ({"replaces": f"101-{COFFEE_EXPORTER}-000099"}, "OID-150", "replaces"),
    ({"consignee": None}, "OID-002", "consignee"),
    ({"consignee": " "}, "OID-002", "consignee"),
    ({"net_weight_kg": 18000}, "OID-003", "net_weight_kg"),
    ({"net_weight_kg": "18000.0000"}, "OID-003", "net_weight_kg"),
    ({"net_weight_kg": "٣.000"}, "OID-003", "net_weight_kg"),
    ({"lots": [{"lot": "A", "kg": 1.5}]}, "OID-003", "lots.0.kg"),
    ({"exporter": {"nop_id": "101-1", "name": "X"}}, "OID-003", "exporter.nop_id"),
    ({"snapshot_sha256": "0" * 63}, "OID-003", "snapshot_sha256"),
    ({"start_date": "25/11/2026"}, "OID-003", "start_date"),
    ({"nett_weight": "1.000"}, "OID-004", "nett_weight"),
]


@pytest.mark.parametrize(("changed", "code", "field"), REJECTED)
def test_registration_is_rejected_with_its_code(
    store: StoreServer, changed: dict[str, Any], code: str, field: str
) -> None:
    answer = store.post("/v1/certificates", registration(**changed))
    body = answer.json()
    assert (answer.status_code, body["code"], body["field"]) == (422, code, field), body
    assert "{" not in body["message"]
    assert store.rows("SELECT count(*) FROM oid_store_certificate") == [(0,)]


@pytest.mark.parametrize(
    "changed",
    [
        {"start_date": day(0), "end_date": day(540)},
        {"start_date": day(-29)},
        {"departure_date": day(-1), "start_date": day(-5)},
        {"lots": [{"lot": "A", "kg": "18000.000"}]},
        {"lots": [{"lot": "A", "kg": "1.000"}, {"lot": "B", "kg": None}]},
        {"lots": None},
        {"final_handler": None, "transport": None, "departure_date": None},
        {"net_weight_kg": "99999999999.999"},
    ],
)
def test_registration_at_the_edge_of_a_rule_is_accepted(store: StoreServer, changed: dict[str, Any]) -> None:
    answer = store.post("/v1/certificates", registration(**changed))
    assert answer.status_code == 201, answer.text


def test_all_findings_stand_in_the_answer(store: StoreServer) -> None:
    answer = store.post("/v1/certificates", registration(hts="1", origin="XX", end_date=day(900)))
    assert [each["code"] for each in answer.json()["errors"]] == ["OID-120", "OID-121", "OID-131"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"null", b"\xff"])
def test_body_that_is_no_object_is_refused_without_harm(store: StoreServer, body: bytes) -> None:
    answer = store.request(
        "POST", "/v1/certificates", code="101", data=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in {400, 422}
    assert answer.json()["code"] in {"OID-001", "OID-002", "OID-003"}


def test_rejected_registration_binds_nothing_so_that_it_can_be_mended_and_sent_again(store: StoreServer) -> None:
    sent = registration(hts="1")
    assert store.post("/v1/certificates", sent).status_code == 422
    assert store.get(f"/v1/certificates?reference={sent['reference']}").status_code == 404
    assert store.post("/v1/certificates", {**sent, "hts": "0901110015"}).status_code == 201


def test_nop_id_of_another_certifier_and_a_differing_name_are_warnings(store: StoreServer) -> None:
    answer = store.post("/v1/certificates", registration(exporter=_exporter(AVOCADO_EXPORTER)))
    assert answer.status_code == 201
    body = answer.json()
    assert body["number"].startswith(f"101-{AVOCADO_EXPORTER}-")
    assert [(each["code"], each["field"]) for each in body["warnings"]] == [
        ("OID-109", "exporter.name"),
        ("OID-104", "exporter.nop_id"),
    ]


def test_replacement_marks_the_old_record_which_then_takes_no_amendment(
    store: StoreServer, record: dict[str, Any]
) -> None:
    old = record["number"]
    new = store.post("/v1/certificates", registration(replaces=old))
    assert (new.status_code, new.json()["replaces"]) == (201, old)
    shown = store.get(f"/v1/certificates/{old}").json()
    assert (shown["status"], shown["replaced_by"]) == ("replaced", new.json()["number"])
    assert store.post(f"/v1/certificates/{old}/void", call(reason="No")).json()["code"] == "OID-201"
    assert store.post("/v1/certificates", registration(replaces=old)).json()["code"] == "OID-151"


def test_serials_end_at_six_digits(store: StoreServer, record: dict[str, Any]) -> None:
    store.execute("UPDATE oid_store_serial SET last = 999999")
    assert store.post("/v1/certificates", registration()).json()["code"] == "OID-160"
