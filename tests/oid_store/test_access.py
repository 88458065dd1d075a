"""Keys: who gets in, and that no certifier sees another's records."""

import hashlib
from typing import Any

import pytest

from tests.oid_store.payloads import call, registration
from tests.oid_store.server import StoreServer

PATHS = (
    ("GET", "/v1/certificates"),
    ("GET", "/v1/certificates/101-1010000011-000001"),
    ("POST", "/v1/certificates"),
    ("POST", "/v1/certificates/101-1010000011-000001/void"),
    ("GET", "/v1/calls/6272a048-bbe6-4ea4-9b03-f04eada2f6b5"),
    ("GET", "/v1/operations"),
    ("GET", "/v1/operations/1010000011"),
    ("GET", "/v1/_faults"),
    ("DELETE", "/v1/_faults"),
)


@pytest.mark.parametrize(("method", "path"), PATHS)
@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({}, "OID-010"),
        ({"Authorization": "Bearer whatever"}, "OID-010"),
        ({"Authorization": "Key"}, "OID-011"),
        ({"Authorization": "Key not-a-key-of-anybody"}, "OID-011"),
        ({"Authorization": "Key ključ"}, "OID-011"),
    ],
)
def test_without_a_good_key_every_call_is_401(
    store: StoreServer, method: str, path: str, header: dict[str, str], code: str
) -> None:
    headers = {name: value.encode() for name, value in header.items()}
    answer = store.request(method, path, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert answer.headers["WWW-Authenticate"] == "Key"


def test_another_certifiers_record_is_not_there(store: StoreServer, record: dict[str, Any]) -> None:
    number = record["number"]
    sent = call(transport={"vessel": "Lima Star"})
    store.post(f"/v1/certificates/{number}/amend", sent).raise_for_status()
    before = store.get(f"/v1/certificates/{number}").json()
    attempts = [
        store.get(f"/v1/certificates/{number}", code="202"),
        store.get(f"/v1/certificates?reference={record['reference']}", code="202"),
        store.get(f"/v1/calls/{sent['call_id']}", code="202"),
        store.post(f"/v1/certificates/{number}/void", call(reason="Mischief"), code="202"),
        store.post(f"/v1/certificates/{number}/amend", call(transport={"vessel": "Y"}), code="202"),
        store.post(f"/v1/certificates/{number}/actuals", call(kind="total", net_weight_kg="0.000"), code="202"),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in attempts} == {(404, "OID-020")}
    unknown = store.get("/v1/certificates/101-1010000011-999999", code="202")
    assert attempts[0].json() == unknown.json()
    assert store.get("/v1/certificates", code="202").json()["results"] == []
    assert store.get(f"/v1/certificates/{number}").json() == before


def test_replacing_another_certifiers_record_is_refused_as_unknown(store: StoreServer, record: dict[str, Any]) -> None:
    sent = registration(certifier_code="202", replaces=record["number"])
    assert store.post("/v1/certificates", sent, code="202").json()["code"] == "OID-150"


def test_only_hashes_of_keys_are_kept(store: StoreServer) -> None:
    for code, key in store.keys.items():
        digest = hashlib.sha256(key.encode()).hexdigest()
        assert store.rows("SELECT certifier_code FROM oid_store_apikey WHERE sha256 = %s", digest) == [(code,)]
        for (row,) in store.rows("SELECT to_jsonb(key)::text FROM oid_store_apikey AS key"):
            assert key not in row


def test_revoked_key_is_refused_and_stays_so_when_keys_are_loaded_again(store: StoreServer) -> None:
    store.execute("UPDATE oid_store_apikey SET revoked_at = now() WHERE certifier_code = '202'")
    try:
        assert store.get("/v1/operations", code="202").json()["code"] == "OID-011"
        assert "keys added: 0" in store.manage("load_keys")
        assert store.get("/v1/operations", code="202").status_code == 401
    finally:
        store.execute("UPDATE oid_store_apikey SET revoked_at = NULL")
    assert store.get("/v1/operations", code="202").status_code == 200


def test_every_call_leaves_an_audit_row_without_the_key(store: StoreServer) -> None:
    sent = registration()
    answer = store.post("/v1/certificates", sent)
    store.post("/v1/certificates", {**sent, "hts": "1"})
    store.get("/v1/certificates/101-1010000011-000099", code="202")
    store.request("GET", "/v1/operations", headers={"Authorization": "Key not-a-key-of-anybody"})
    rows = store.rows("SELECT certifier_code, method, operation, status, code FROM oid_store_auditentry ORDER BY id")
    assert rows == [
        ("101", "POST", "register", 201, ""),
        ("101", "POST", "register", 409, "OID-030"),
        ("202", "GET", "get", 404, "OID-020"),
        ("", "GET", "operations", 401, "OID-011"),
    ]
    (entry, body_sha256) = store.rows(
        "SELECT to_jsonb(entry)::text, body_sha256 FROM oid_store_auditentry AS entry ORDER BY id LIMIT 1"
    )[0]
    assert store.keys["101"] not in entry
    assert body_sha256 == hashlib.sha256(answer.request.body or b"").hexdigest()
    request_id = answer.headers["X-Request-Id"]
    assert request_id in entry
    assert store.rows("SELECT request_id FROM oid_store_change") == [(request_id,)]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "OID-024"),
        ("GET", "/v1/certificates/", 404, "OID-024"),
        ("GET", "/v1/calls/12", 404, "OID-024"),
        ("PUT", "/v1/certificates", 405, "OID-021"),
        ("DELETE", "/v1/certificates/101-1010000011-000001", 405, "OID-021"),
    ],
)
def test_wrong_address_or_method_is_told_apart_from_a_record_that_is_not_there(
    store: StoreServer, method: str, path: str, status: int, code: str
) -> None:
    answer = store.request(method, path, code="101")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("wild", ["%00", "a%00b", "%F0%9F%98%80", "..%2F..", "x" * 3000, "101-1010000011-00000%D9%A1"])
def test_wild_identifiers_are_just_not_there(store: StoreServer, wild: str) -> None:
    answers = [
        store.get(f"/v1/certificates/{wild}"),
        store.get(f"/v1/operations/{wild}"),
        store.post(f"/v1/certificates/{wild}/void", call(reason="Not loaded")),
        store.get(f"/v1/operations?cursor={wild}"),
        store.get(f"/v1/operations?status={wild}"),
        store.get(f"/v1/certificates?reference={wild}"),
    ]
    assert {answer.status_code for answer in answers} <= {400, 404}


def test_too_large_and_wrongly_typed_bodies_are_refused(store: StoreServer) -> None:
    large = store.request(
        "POST", "/v1/certificates", code="101", data=b" " * 2_000_000, headers={"Content-Type": "application/json"}
    )
    assert (large.status_code, large.json()["code"]) == (413, "OID-025")
    form = store.request("POST", "/v1/certificates", code="101", data={"reference": "x"})
    assert (form.status_code, form.json()["code"]) == (415, "OID-022")
