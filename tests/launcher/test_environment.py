"""Each process gets what it needs and no more; production demands its secrets and has no demo."""

import json
import os
import pwd
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from certportal.launcher.environment import (
    Addresses,
    Environment,
    production_faults,
    wanted_engines,
)
from certportal.launcher.errors import PortalError
from certportal.launcher.places import Places
from certportal.launcher.programs import Programs, first_host, http_ready
from certportal.launcher.state import FileLock, State
from certportal.launcher.users import ServiceUser

URLS = {
    "DATABASE_URL": "postgresql://certportal_app:a@127.0.0.1:1/certportal",
    "DATABASE_OWNER_URL": "postgresql://certportal_owner:o@127.0.0.1:1/certportal",
    "OID_STORE_DATABASE_URL": "postgresql://oid_store:s@127.0.0.1:1/oid_store",
}
PRODUCTION = {
    "PORTAL_ENV": "production",
    "SECRET_KEY": "x" * 50,
    "FIELD_ENCRYPTION_KEY": "f",
    "PORTAL_PUBLIC_ORIGIN": "https://certificates.example.org",
    "PORTAL_ALLOWED_HOSTS": "certificates.example.org",
    "PORTAL_MAIL_FROM": "portal@example.org",
    "EMAIL_HOST": "mail.example.org",
}


@pytest.fixture
def here(tmp_path: Path) -> Places:
    return Places(home=tmp_path)


def build(places: Places, **caller: str) -> Environment:
    me = pwd.getpwuid(os.geteuid())
    user = ServiceUser(me.pw_name, me.pw_uid, me.pw_gid, drop=False)
    return Environment(places, State(places.state), user, dict(URLS), "redis://127.0.0.1:2/0", caller)


ADDRESSES = Addresses(web=8001, oid_store=8002, smtp=8003, mail=8004)


def test_no_running_process_knows_the_owner(here: Places) -> None:
    environment = build(here, DATABASE_OWNER_URL=URLS["DATABASE_OWNER_URL"])
    programs = Programs(environment, ADDRESSES)
    for stage in programs.stages():
        for program in stage:
            assert "certportal_owner" not in json.dumps(dict(program.env)), program.name


def test_store_sees_nothing_of_the_portal(here: Places) -> None:
    values = build(here, SECRET_KEY="portal-secret").store(ADDRESSES)
    assert values["OID_STORE_DATABASE_URL"] == URLS["OID_STORE_DATABASE_URL"]
    assert not {"DATABASE_URL", "SECRET_KEY", "FIELD_ENCRYPTION_KEY", "REDIS_URL"} & set(values)


def test_everything_listens_on_loopback_only(here: Places) -> None:
    programs = Programs(build(here), ADDRESSES)
    bound = {
        name: value
        for stage in programs.stages()
        for program in stage
        for name, value in program.env.items()
        if name in ("PORTAL_BIND", "OID_STORE_BIND")
    }
    assert bound == {"PORTAL_BIND": "127.0.0.1:8001", "OID_STORE_BIND": "127.0.0.1:8002"}


def test_development_gets_demo_keys_and_production_none(here: Places) -> None:
    assert build(here).manage(ADDRESSES)["OID_STORE_API_KEYS"]
    assert build(here).demo
    production = build(here, **PRODUCTION)
    values = production.manage(ADDRESSES)
    assert "OID_STORE_API_KEYS" not in values
    assert "DOCUMENT_DEMO_KEY" not in values
    assert not production.demo
    assert not production.catches_mail


def test_secrets_are_made_once_and_kept_from_others(here: Places) -> None:
    first = build(here).base()["SECRET_KEY"]
    assert build(here).base()["SECRET_KEY"] == first
    assert here.state.stat().st_mode & 0o777 == 0o600


def test_production_names_everything_that_is_missing() -> None:
    faults = production_faults({"PORTAL_ENV": "production", "OID_STORE_FAULTS": "1"})
    text = " ".join(faults)
    for name in ("SECRET_KEY", "FIELD_ENCRYPTION_KEY", "PORTAL_PUBLIC_ORIGIN", "EMAIL_HOST", "OID_STORE_FAULTS"):
        assert name in text
    assert production_faults(PRODUCTION) == []


def test_given_servers_are_used_and_not_started() -> None:
    assert wanted_engines({}) == ("postgres", "valkey")
    assert wanted_engines({"DATABASE_URL": URLS["DATABASE_URL"]}) == ("valkey",)
    assert wanted_engines({**URLS, "REDIS_URL": "redis://127.0.0.1:2/0"}) == ()
    with pytest.raises(PortalError, match="DATABASE_URL is not"):
        wanted_engines({"DATABASE_OWNER_URL": URLS["DATABASE_OWNER_URL"]})


def test_store_of_our_own_in_production_needs_its_database_and_its_secrets(here: Places) -> None:
    assert not build(here, **PRODUCTION).runs_store
    with_store = PRODUCTION | {"OID_STORE_DATABASE_URL": URLS["OID_STORE_DATABASE_URL"]}
    assert build(here, **with_store).runs_store
    assert any("OID_STORE_SECRET_KEY" in fault for fault in production_faults(with_store))


def test_readiness_is_asked_under_the_public_name() -> None:
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers["Host"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/healthz"
    try:
        assert http_ready(url, first_host("certificates.example.org,other"))(0.0)
        assert http_ready(url, first_host("*"))(0.0)
    finally:
        server.shutdown()
        server.server_close()
    assert asked == ["certificates.example.org", f"127.0.0.1:{server.server_port}"]


def test_damaged_state_is_said_and_not_overwritten(here: Places) -> None:
    here.state.write_text("{")
    with pytest.raises(PortalError, match="cannot be read"):
        State(here.state).secret("secret_key")
    assert here.state.read_text() == "{"


def test_lock_is_free_again_when_its_holder_is_gone(tmp_path: Path) -> None:
    holder, other = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert holder.take()
    assert not other.take(wait=False)
    holder.release()
    assert other.take(wait=False)
    other.release()
