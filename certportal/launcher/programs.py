"""The portal's own processes: how each is started, how one knows that it is ready, how long it may take to stop."""

from __future__ import annotations

import os
import signal
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .environment import Addresses, Environment
from .ports import LOOPBACK

Probe = Callable[[float], bool]
"""Given the wall-clock second of the start: is the process ready?"""

WEB, WORKER, OID, DOCUMENTS, BEAT, STORE, MAIL = "web", "worker", "oid", "documents", "beat", "oid_store", "mail"
STAGES = ((STORE, MAIL), (WEB,), (WORKER, OID, DOCUMENTS, BEAT))
"""Start order; the processes of one stage start side by side. They stop in reverse."""

ALL = tuple(name for stage in STAGES for name in stage)


@dataclass(frozen=True)
class Program:
    """One long-running process."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    ready: Probe
    ready_seconds: float = 90.0
    patience: float = 15.0
    polite: int = signal.SIGTERM
    signs: tuple[Path, ...] = ()
    """Files by which the process shows that it is ready; those of an earlier run are removed before it starts."""


def http_ready(url: str, host: str | None = None) -> Probe:
    """Ready when the address answers 200, asked under the name `host`. Without any proxy: it is on this machine."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    # in the question itself: among the opener's own headers it would come after the one that urllib sets
    question = urllib.request.Request(url, headers={"Host": host} if host else {})

    def probe(started: float) -> bool:
        try:
            with opener.open(question, timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, ValueError):
            return False

    return probe


def first_host(allowed: str) -> str | None:
    """The name under which a server is asked: in production it answers to its public names only. None: any will do."""
    host = allowed.partition(",")[0].strip().lstrip(".")
    return host if host not in ("", "*") else None


def file_ready(path: Path) -> Probe:
    """Ready when the process has written the file since its start."""

    def probe(started: float) -> bool:
        try:
            return path.stat().st_mtime >= started - 1
        except OSError:
            return False

    return probe


def celery_worker(python: str, name: str, queue: str, *pool: str) -> tuple[str, ...]:
    """The command of a worker for one queue."""
    return (
        *(python, "-m", "celery", "-A", "certportal", "worker", "-Q", queue, *pool),
        *("-n", f"{name}@%h", "-l", "INFO", "--without-gossip", "--without-mingle"),
        *("-I", "certportal.launcher.heartbeat"),
    )


OID_POOL = ("-P", "threads", "-c")
"""The pool of the worker for OID, whose tasks wait for answers; the number of threads follows."""
OID_THREADS = "24"
"""Half as many again as calls are under way by default: the others prepare calls and record answers meanwhile."""


class Programs:
    """Builds the programs of one portal."""

    def __init__(self, environment: Environment, addresses: Addresses) -> None:
        self.environment = environment
        self.addresses = addresses
        self.root = environment.places.root
        self.run = environment.places.home / "run"
        self.python = str(environment.places.python)

    def stages(self, names: tuple[str, ...] = ALL) -> list[list[Program]]:
        """The named programs in start order."""
        build: dict[str, Callable[[], Program]] = {
            STORE: self._store, MAIL: self._mail, WEB: self._web, WORKER: self._worker, OID: self._oid,
            DOCUMENTS: self._documents, BEAT: self._beat,
        }  # fmt: skip
        return [[build[name]() for name in stage if name in names] for stage in STAGES]

    def names(self) -> tuple[str, ...]:
        """The programs that this environment calls for: in production no mail catcher, and no store of our own."""
        skipped = set()
        if not self.environment.catches_mail:
            skipped.add(MAIL)
        if not self.environment.runs_store:
            skipped.add(STORE)
        return tuple(name for name in ALL if name not in skipped)

    # -- web servers ------------------------------------------------------------------------------------------------

    def _gunicorn(self, name: str, config: str, app: str, env: dict[str, str], ready: Probe) -> Program:
        argv = (self.python, "-m", "gunicorn", "-c", str(self.root / "deploy" / config), app)
        return Program(name, argv, env, ready, patience=35.0)

    def _web(self) -> Program:
        env = self.environment.portal(self.addresses)
        env["PORTAL_BIND"] = f"{LOOPBACK}:{self.addresses.web}"
        ready = http_ready(f"{self.addresses.web_url}/healthz", first_host(env["PORTAL_ALLOWED_HOSTS"]))
        return self._gunicorn(WEB, "gunicorn.conf.py", "certportal.wsgi:application", env, ready)

    def _store(self) -> Program:
        env = self.environment.store(self.addresses)
        ready = http_ready(f"{self.addresses.store_url}/health", first_host(env.get("OID_STORE_ALLOWED_HOSTS", "")))
        return self._gunicorn(STORE, "oid_store_gunicorn.conf.py", "oid_store.wsgi:application", env, ready)

    def _mail(self) -> Program:
        base = self.environment.base()
        env = {name: value for name, value in base.items() if name in ("PATH", "HOME", "LANG", "PYTHONUNBUFFERED")}
        argv = (
            *(self.python, "-m", "certportal.launcher.mailcatcher", "--smtp-port", str(self.addresses.smtp)),
            *("--web-port", str(self.addresses.mail), "--folder", str(self.environment.places.mail)),
        )
        return Program(MAIL, argv, env, http_ready(self.addresses.mail_url + "/health"), patience=5.0)

    # -- Celery -----------------------------------------------------------------------------------------------------

    def _celery_worker(self, name: str, queue: str, *pool: str) -> Program:
        beat_file = self.run / f"{name}.ready"
        env = self.environment.portal(self.addresses) | {"PORTAL_HEARTBEAT_FILE": str(beat_file)}
        argv = celery_worker(self.python, name, queue, *pool)
        # a warm shutdown lets running tasks end; past that the rows and the sweeps take over
        return Program(name, argv, env, file_ready(beat_file), patience=25.0, signs=(beat_file,))

    def _worker(self) -> Program:
        return self._celery_worker(WORKER, "default", "-c", os.environ.get("PORTAL_WORKER_PROCESSES", "2"))

    def _oid(self) -> Program:
        return self._celery_worker(OID, "oid", *OID_POOL, os.environ.get("PORTAL_OID_THREADS", OID_THREADS))

    def _documents(self) -> Program:
        processes = os.environ.get("PORTAL_DOCUMENT_PROCESSES", "1")
        return self._celery_worker(DOCUMENTS, "documents", "-c", processes)

    def _beat(self) -> Program:
        note = self.run / "beat.pid"
        env = self.environment.portal(self.addresses)
        argv = (
            *(self.python, "-m", "celery", "-A", "certportal", "beat", "-l", "INFO"),
            *("-s", str(self.run / "celerybeat-schedule"), f"--pidfile={note}"),
        )
        return Program(BEAT, argv, env, file_ready(note), patience=10.0, signs=(note,))
