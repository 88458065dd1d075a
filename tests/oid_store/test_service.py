"""The server itself: directory, limits, maintenance, health, outage, settings that refuse, the document, the page."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from tests.oid_store.payloads import COFFEE_EXPORTER, SUSPENDED, call, registration
from tests.oid_store.server import ROOT, StoreServer

# -- directory ------------------------------------------------------------------------------------------------


def test_operation_is_found_by_its_nop_id(store: StoreServer) -> None:
    body = store.get(f"/v1/operations/{COFFEE_EXPORTER}").json()
    assert (body["nop_id"], body["status"], body["address"]["country"]) == (COFFEE_EXPORTER, "Certified", "PE")
    assert store.get("/v1/operations/1019999999").json()["code"] == "OID-020"


def test_directory_is_paged_and_filtered(store: StoreServer) -> None:
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = store.get(f"/v1/operations?limit=2&cursor={cursor}").json()
        seen += [each["nop_id"] for each in page["results"]]
        cursor = page["next_cursor"]
    assert seen == sorted(nop_id for (nop_id,) in store.rows("SELECT nop_id FROM oid_store_operation"))
    suspended = store.get("/v1/operations?status=Suspended").json()["results"]
    assert [each["nop_id"] for each in suspended] == [SUSPENDED]
    assert store.get("/v1/operations?status=Happy").json()["code"] == "OID-051"
    assert store.get("/v1/operations?cursor=x").json()["code"] == "OID-050"


def test_suspension_counts_from_the_next_registration_on(store: StoreServer) -> None:
    store.set_operation_status(COFFEE_EXPORTER, "Suspended")
    try:
        answer = store.post("/v1/certificates", registration())
        assert answer.json()["code"] == "OID-103"
    finally:
        store.set_operation_status(COFFEE_EXPORTER, "Certified")
    assert store.post("/v1/certificates", registration()).status_code == 201


def test_loading_the_directory_again_changes_only_what_differs(store: StoreServer) -> None:
    store.manage("load_operations")
    assert "added: 0, changed: 0" in store.manage("load_operations")
    store.execute("UPDATE oid_store_operation SET name = 'Old name' WHERE nop_id = %s", COFFEE_EXPORTER)
    assert "added: 0, changed: 1" in store.manage("load_operations")


# -- maintenance, health, outage ------------------------------------------------------------------------------


def test_maintenance_answers_503_with_the_seconds_left_and_health_says_so(store: StoreServer) -> None:
    store.manage("maintenance", "--minutes", "5")
    answer = store.post("/v1/certificates", registration())
    assert (answer.status_code, answer.json()["code"]) == (503, "OID-041")
    assert 240 < int(answer.headers["Retry-After"]) <= 300
    health = store.request("GET", "/health")
    assert (health.status_code, health.json()["maintenance"]) == (200, True)
    store.manage("maintenance", "--end")
    assert store.post("/v1/certificates", registration()).status_code == 201


def test_planned_maintenance_does_not_begin_early(store: StoreServer) -> None:
    store.manage("maintenance", "--minutes", "5", "--from", "2090-01-01T00:00:00Z")
    assert store.get("/v1/operations").status_code == 200


def test_records_outlive_a_restart(store: StoreServer, record: dict[str, Any]) -> None:
    store.stop()
    with pytest.raises(requests.ConnectionError):
        store.get("/v1/operations")
    store.start()
    assert store.get(f"/v1/certificates/{record['number']}").json() == record


@pytest.mark.long
def test_lost_database_is_said_by_health_and_every_call_and_comes_back_by_itself(
    store: StoreServer, record: dict[str, Any]
) -> None:
    store.lock_database_out()
    try:
        health = store.request("GET", "/health")
        assert (health.status_code, health.json()["status"]) == (503, "failing")
        answer = store.post("/v1/certificates", registration())
        assert answer.status_code in {500, 503}
        assert answer.json()["code"] in {"OID-042", "OID-043"}
    finally:
        store.let_database_in()
    until = time.monotonic() + 30
    while not store.healthy() and time.monotonic() < until:
        time.sleep(0.2)
    assert store.get(f"/v1/certificates/{record['number']}").json() == record


def test_call_that_waits_for_a_lock_too_long_is_503_and_not_done(store: StoreServer, record: dict[str, Any]) -> None:
    sent = call(reason="Not loaded")
    with psycopg.connect(store.dsn) as holder:
        holder.execute("SELECT 1 FROM oid_store_certificate FOR UPDATE")
        answer = store.post(f"/v1/certificates/{record['number']}/void", sent)
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, "OID-043", "1")
    assert store.get(f"/v1/calls/{sent['call_id']}").status_code == 404


# -- a store with narrow limits, and without faults -----------------------------------------------------------


@pytest.fixture(scope="module")
def narrow_store() -> Iterator[StoreServer]:
    """Five calls a minute, three without a key, no faults, strict about NOP IDs."""
    env = {
        "OID_STORE_RATE_PER_MINUTE": "5",
        "OID_STORE_ANONYMOUS_RATE_PER_MINUTE": "3",
        "OID_STORE_NOP_PREFIX_RULE": "reject",
    }
    with StoreServer(faults=False, workers=2, threads=2, env=env) as server:
        yield server


def test_calls_above_the_rate_are_429_for_that_key_only(narrow_store: StoreServer) -> None:
    narrow_store.empty()
    answers = [narrow_store.get("/v1/operations?limit=1") for _ in range(15)]
    statuses = [answer.status_code for answer in answers]
    assert statuses[:5] == [200] * 5
    assert 429 in statuses
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["code"] == "OID-040"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert narrow_store.get("/v1/operations?limit=1", code="202").status_code == 200


def test_guessing_keys_is_slowed_down(narrow_store: StoreServer) -> None:
    narrow_store.empty()
    statuses = [
        narrow_store.request("GET", "/v1/operations", headers={"Authorization": f"Key guess-{n}"}).status_code
        for n in range(10)
    ]
    assert statuses[:3] == [401] * 3
    assert 429 in statuses


def test_nop_prefix_can_be_a_rejection_by_setting(narrow_store: StoreServer) -> None:
    narrow_store.empty()
    sent = registration(exporter={"nop_id": "2020000011", "name": "Aguacates"})
    assert narrow_store.post("/v1/certificates", sent).json()["code"] == "OID-104"


def test_without_the_switch_there_are_no_faults(narrow_store: StoreServer) -> None:
    narrow_store.empty()
    assert narrow_store.get("/v1/_faults").json()["code"] == "OID-024"
    # Not even when a rule is in the database.
    narrow_store.execute(
        "INSERT INTO oid_store_faultrule (kind, operation, certifier_code, probability, params, hits, created_at) "
        "VALUES ('error_500', '*', '', 1, '{}', 0, now())"
    )
    assert narrow_store.get("/v1/operations?limit=1").status_code == 200


# -- settings -------------------------------------------------------------------------------------------------

GOOD_PRODUCTION = {
    "PORTAL_ENV": "production",
    "OID_STORE_SECRET_KEY": "a-secret-that-is-long-enough-for-a-test-of-settings-0123456789",
    "OID_STORE_ALLOWED_HOSTS": "oid.example",
    "OID_STORE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
}


def _check(env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "oid_store", "check"],
        check=False,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **env},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_production_settings_start() -> None:
    done = _check(GOOD_PRODUCTION)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({"OID_STORE_FAULTS": "1"}, "OID_STORE_FAULTS"),
        ({"OID_STORE_SECRET_KEY": ""}, "OID_STORE_SECRET_KEY"),
        ({"OID_STORE_ALLOWED_HOSTS": ""}, "OID_STORE_ALLOWED_HOSTS"),
        ({"OID_STORE_DATABASE_URL": ""}, "OID_STORE_DATABASE_URL"),
        ({"OID_STORE_DATABASE_URL": "sqlite:///x.db"}, "postgresql://"),
        ({"PORTAL_ENV": "prod"}, "PORTAL_ENV"),
    ],
)
def test_production_refuses_to_start_with_faults_or_gaps(env: dict[str, str], says: str) -> None:
    done = _check({**GOOD_PRODUCTION, **env})
    assert done.returncode != 0
    assert says in done.stderr


def test_bad_key_list_is_refused_without_repeating_the_key(store: StoreServer) -> None:
    env = {
        "OID_STORE_DATABASE_URL": store.dsn,
        "OID_STORE_API_KEYS": "secret-secret-secret-secret:9",
        "PATH": os.environ["PATH"],
    }
    done = subprocess.run(
        [sys.executable, "-m", "oid_store", "load_keys"],
        check=False,
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0
    assert "entry 1" in done.stderr
    assert "secret-secret" not in done.stderr


# -- document, page, README -----------------------------------------------------------------------------------


def test_schema_names_every_operation(store: StoreServer) -> None:
    document = store.request("GET", "/v1/schema").json()
    assert document["openapi"].startswith("3.1")
    operations = {each["operationId"] for path in document["paths"].values() for each in path.values()}
    assert operations >= {
        "register", "find_or_list", "get", "report_actuals", "amend", "void", "call", "operation",
        "operations", "health",
    }  # fmt: skip
    assert document["components"]["securitySchemes"]["key"]["name"] == "Authorization"


def test_schema_is_made_without_a_warning(store: StoreServer) -> None:
    store.manage("spectacular", "--validate", "--fail-on-warn", "--file", os.devnull)


def _look_up(store: StoreServer, number: str, key: str = "") -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        page = session.get(store.url, timeout=10)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token is not None
        fields = {"csrfmiddlewaretoken": token[1], "number": number, "key": key}
        return session.post(f"{store.url}/", data=fields, timeout=10)


def test_page_shows_the_state_to_anybody_and_the_record_to_its_certifier(
    store: StoreServer, record: dict[str, Any]
) -> None:
    stranger = _look_up(store, record["number"])
    assert stranger.status_code == 200
    assert record["number"] in stranger.text
    assert "live" in stranger.text
    for text in ("Valle del Sisa", "18000.000", record["reference"], "VS-26-014"):
        assert text not in stranger.text
    other = _look_up(store, record["number"], store.keys["202"])
    assert "Valle del Sisa" not in other.text
    own = _look_up(store, record["number"], store.keys["101"])
    for text in ("Valle del Sisa", "18000.000", record["reference"], "VS-26-014"):
        assert text in own.text
    assert store.keys["101"] not in own.text


def test_page_shows_a_void_record_as_void(store: StoreServer, record: dict[str, Any]) -> None:
    store.post(f"/v1/certificates/{record['number']}/void", call(reason="Not loaded")).raise_for_status()
    assert 'class="status void"' in _look_up(store, record["number"]).text


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (COFFEE_EXPORTER, "This is a NOP ID, not a certificate number."),
        ("DRAFT-0001", "Draft numbers are not valid."),
        ("101", "000-0000000000-000000"),
        ("101-1010000011-000099", "No record has this number."),
    ],
)
def test_page_says_what_is_wrong_with_a_number(store: StoreServer, number: str, says: str) -> None:
    answer = _look_up(store, number)
    assert answer.status_code == 404
    assert says in answer.text


def test_page_has_a_strict_policy_and_its_style_is_served(store: StoreServer) -> None:
    page = store.request("GET", "/")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "<script" not in page.text
    assert " style=" not in page.text
    style = store.request("GET", "/static/oid_store/store.css")
    assert (style.status_code, style.headers["Content-Type"].split(";")[0]) == (200, "text/css")


def test_page_post_without_its_token_is_refused(store: StoreServer) -> None:
    assert store.request("POST", "/", data={"number": "101-1010000011-000001"}).status_code == 403


README = (ROOT / "oid_store" / "README.md").read_text(encoding="utf-8")


def test_readme_has_the_table_of_codes_as_the_code_has_it(store: StoreServer) -> None:
    table = store.manage("codes").strip()
    assert table in README
    codes = re.findall(r"^\| (OID-\d{3})", table, re.MULTILINE)
    assert len(codes) == len(set(codes)) > 50


def test_readme_lists_every_setting_and_command() -> None:
    settings = (ROOT / "oid_store/settings.py").read_text(encoding="utf-8")
    names = set(re.findall(r'env\.\w+\(\s*"(\w+)"', settings))
    assert names
    assert [name for name in sorted(names) if name not in README] == []
    commands = {path.stem for path in (ROOT / "oid_store/management/commands").glob("[a-z]*.py")}
    assert [name for name in sorted(commands) if name not in README] == []


# -- apart ----------------------------------------------------------------------------------------------------

PORTAL = ("core", "organizations", "pvf", "requests_app", "certificates", "review", "oid_sync", "certportal")


def _imported(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.rglob("*.py")):
        for module in re.findall(r"^\s*(?:from|import)\s+([\w.]+)", path.read_text(encoding="utf-8"), re.MULTILINE):
            yield path, module.partition(".")[0]


def test_store_and_portal_import_nothing_of_each_other() -> None:
    wrong = [(path, name) for path, name in _imported(ROOT / "oid_store") if name in PORTAL]
    wrong += [(path, name) for app in PORTAL for path, name in _imported(ROOT / app) if name == "oid_store"]
    assert wrong == []
