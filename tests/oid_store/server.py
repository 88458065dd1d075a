"""A real OID-style store for tests: its own fresh database, its own gunicorn, reached over HTTP only.

    with StoreServer() as store:
        requests.get(f"{store.url}/v1/certificates", headers=store.auth("101"), timeout=5)

The database is made on the server of ``OID_STORE_DATABASE_URL`` (its role may create databases) and dropped at the end.
Nothing of ``oid_store`` is imported: it has settings of its own.
"""

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

import psycopg
import requests
from psycopg import sql

ROOT = Path(__file__).resolve().parents[2]
CERTIFIERS = ("101", "202")
START_SECONDS = 30.0
# Nothing of the portal's environment, and no caller's proxy, gets into the store or between it and the tests.
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH")


class StoreServer:
    """A running store. ``keys``: {certifier code: key}; ``operations``: a directory instead of the demo's.

    ``env`` adds to the store's environment (``OID_STORE_RATE_PER_MINUTE`` …). With ``faults`` the address
    ``/v1/_faults`` exists. ``stop`` and ``start`` (same port, same records) rehearse an outage.
    """

    def __init__(
        self,
        *,
        keys: Mapping[str, str] | None = None,
        operations: Iterable[Mapping[str, Any]] | None = None,
        faults: bool = True,
        workers: int = 2,
        threads: int = 8,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.keys = dict(keys or {code: f"test-{code}-{secrets.token_urlsafe(24)}" for code in CERTIFIERS})
        self.operations = None if operations is None else list(operations)
        self.database = f"oid_store_test_{os.getpid()}_{secrets.token_hex(4)}"
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None
        self._server_url = os.environ.get("OID_STORE_DATABASE_URL", "")
        self._folder = tempfile.TemporaryDirectory(prefix="oid-store-test-")
        self.log = Path(self._folder.name) / "store.log"
        self._options = {
            "PORTAL_ENV": "test",
            "OID_STORE_FAULTS": "1" if faults else "0",
            "OID_STORE_WORKERS": str(workers),
            "OID_STORE_THREADS": str(threads),
            "OID_STORE_RATE_PER_MINUTE": "0",
            **(env or {}),
        }

    # -- where it is --------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Base address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def dsn(self) -> str:
        """The store's database, for tests that look at its rows or hold a transaction open."""
        parts = urlsplit(self._server_url)
        return urlunsplit((parts.scheme.replace("postgres:", "postgresql:"), parts.netloc, f"/{self.database}", "", ""))

    @property
    def api_keys(self) -> str:
        """The keys as ``OID_STORE_API_KEYS`` has them."""
        return ",".join(f"{key}:{code}" for code, key in self.keys.items())

    def auth(self, code: str = CERTIFIERS[0]) -> dict[str, str]:
        """The header of a certifier."""
        return {"Authorization": f"Key {self.keys[code]}"}

    # -- life -----------------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        """Make the database, migrate, start."""
        if not self._server_url:
            raise RuntimeError("OID_STORE_DATABASE_URL is not set: run the tests with ./portal test")
        self._admin("CREATE DATABASE {}")
        try:
            self._prepare()
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop and drop the database."""
        self.stop()
        self._admin("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        self._folder.cleanup()

    def start(self) -> None:
        """Start gunicorn (again) and wait until it is healthy."""
        self.port = self.port or _free_port()
        config = ROOT / "deploy" / "oid_store_gunicorn.conf.py"
        command = [sys.executable, "-m", "gunicorn", "-c", str(config), "--bind", f"127.0.0.1:{self.port}"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "oid_store.wsgi:application"], cwd=ROOT, env=self._env(), stdout=log, stderr=log
            )
        until = time.monotonic() + START_SECONDS
        while not self.healthy():
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the store did not start:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.05)

    def healthy(self) -> bool:
        """Whether /health answers 200."""
        try:
            return self.request("GET", "/health", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def stop(self) -> None:
        """Stop gunicorn in order; the records stay."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def manage(self, *arguments: str) -> str:
        """Run ``python -m oid_store …`` on the store's database and return what it said."""
        done = subprocess.run(
            [sys.executable, "-m", "oid_store", *arguments],
            check=False,
            cwd=ROOT,
            env=self._env(),
            capture_output=True,
            text=True,
            timeout=60,
        )
        if done.returncode:
            raise RuntimeError(f"oid_store {' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
        return done.stdout

    def set_operation_status(self, nop_id: str, status: str) -> None:
        """Give an operation of the directory another status."""
        self.manage("set_operation_status", nop_id, status)

    def void_as_nop(self, number: str, reason: str = "Voided by NOP") -> None:
        """Void a record over its certifier's head."""
        self.manage("void_certificate", number, "--reason", reason)

    # -- asking it ----------------------------------------------------------------------------------------------------

    def request(
        self, method: str, path: str, *, code: str | None = None, json: Any = None, timeout: float = 15, **more: Any
    ) -> requests.Response:
        """One call, with the key of certifier ``code`` (None: without a key), never through a proxy."""
        headers = {**(self.auth(code) if code else {}), **more.pop("headers", {})}
        with requests.Session() as session:
            session.trust_env = False
            return session.request(method, self.url + path, headers=headers, json=json, timeout=timeout, **more)

    def get(self, path: str, code: str = CERTIFIERS[0], **more: Any) -> requests.Response:
        """GET with a key."""
        return self.request("GET", path, code=code, **more)

    def post(self, path: str, json: Any, code: str = CERTIFIERS[0], **more: Any) -> requests.Response:
        """POST with a key."""
        return self.request("POST", path, code=code, json=json, **more)

    def add_fault(self, kind: str, **rule: Any) -> dict[str, Any]:
        """Add a fault rule (``operation``, ``next`` or ``probability``, ``params``)."""
        answer = self.post("/v1/_faults", {"kind": kind, **rule})
        answer.raise_for_status()
        body: dict[str, Any] = answer.json()
        return body

    def clear_faults(self) -> None:
        """Clear all fault rules."""
        self.request("DELETE", "/v1/_faults", code=CERTIFIERS[0]).raise_for_status()

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of the store's database: what is really there."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            return connection.execute(query, values).fetchall()  # type: ignore[arg-type]

    def execute(self, statement: str, *values: Any) -> None:
        """Change the store's rows behind its back."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(statement, values)  # type: ignore[arg-type]

    def lock_database_out(self) -> None:
        """Rehearse a lost database: no connection is taken and those that are open end."""
        self._admin("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false")
        with psycopg.connect(self._server_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (self.database,)
            )

    def let_database_in(self) -> None:
        """The database takes connections again."""
        self._admin("ALTER DATABASE {} WITH ALLOW_CONNECTIONS true")

    def empty(self) -> None:
        """Take all certificates, calls, changes, faults and windows away; keys and the directory stay.

        First what a fault holds up must have come in: given up by its caller, it would else be done to the next test's
        record, which may have the same number.
        """
        self._await_held_up()
        self.execute(
            "TRUNCATE oid_store_certificate, oid_store_serial, oid_store_call, oid_store_actual, oid_store_change, "
            "oid_store_auditentry, oid_store_faultrule, oid_store_maintenancewindow, oid_store_ratewindow"
        )

    def _await_held_up(self) -> None:
        held_up = "FROM oid_store_faultrule WHERE kind = 'latency' AND operation <> 'list'"
        struck, seconds = self.rows(f"SELECT sum(hits), max((params ->> 'seconds')::float) {held_up}")[0]
        end = time.monotonic() + float(seconds or 0) + 2
        answered = "SELECT count(*) FROM oid_store_auditentry WHERE fault LIKE '%%latency%%' AND operation <> 'list'"
        while struck and self.rows(answered)[0][0] < struck and time.monotonic() < end:
            time.sleep(0.05)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        if self.operations is None:
            self.manage("prepare")
            return
        path = Path(self._folder.name) / "operations.json"
        path.write_text(json.dumps(self.operations), encoding="utf-8")
        self.manage("prepare", "--operations", str(path))

    def _env(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        return {
            **kept,
            "PYTHONUNBUFFERED": "1",
            "OID_STORE_DATABASE_URL": self.dsn,
            "OID_STORE_API_KEYS": self.api_keys,
            **self._options,
        }

    def _admin(self, statement: str) -> None:
        with psycopg.connect(self._server_url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(self.database)))  # type: ignore[arg-type]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
