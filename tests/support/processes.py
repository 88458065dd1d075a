"""Real processes of the portal on a test's or a bench's database, with a Valkey of their own: they can be killed and measured.

The commands are those of `./portal up`. Nothing here reaches the portal or the Valkey of whoever started the tests.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import redis

from certportal.launcher.engines import ping, valkey_binary
from certportal.launcher.ports import LOOPBACK, free_port
from certportal.launcher.programs import OID_POOL, OID_THREADS, celery_worker

ROOT = Path(__file__).resolve().parents[2]
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


class Valkey:
    """A Valkey server that keeps nothing on disk; ``url``, ``flush``."""

    def __init__(self, folder: Path) -> None:
        self.password = secrets.token_urlsafe(24)
        self.port = free_port()
        settings = {
            "bind": LOOPBACK, "port": self.port, "requirepass": self.password, "daemonize": "no", "appendonly": "no",
            "save": '""', "dir": folder,
        }  # fmt: skip
        text = "".join(f"{name} {value}\n" for name, value in settings.items())
        binary = valkey_binary(Path(sysconfig.get_paths()["purelib"]))
        self.process = subprocess.Popen(
            [binary, "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
        )
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode())
        self.process.stdin.close()
        until(lambda: ping(self.port, self.password), "Valkey", 20)

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    def flush(self) -> None:
        """Lose every message and everything cached."""
        with redis.Redis.from_url(self.url) as server:
            server.flushall()

    def stop(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()


class Process:
    """One process with its children, in a session of its own; what it says goes to a log file."""

    def __init__(self, name: str, argv: tuple[str, ...], env: Mapping[str, str], folder: Path) -> None:
        self.name, self.argv = name, argv
        self.sign = folder / f"{name}.ready"
        self.env = {**env, "PORTAL_HEARTBEAT_FILE": str(self.sign), "PYTHONUNBUFFERED": "1"}
        self.log = folder / f"{name}.log"
        self.running: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id of the parent."""
        assert self.running is not None
        return self.running.pid

    def start(self) -> Self:
        """Start it (again)."""
        self.sign.unlink(missing_ok=True)
        with self.log.open("ab") as log:
            self.running = subprocess.Popen(
                self.argv, cwd=ROOT, env=self.env, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
        return self

    def await_ready(self, seconds: float = 60) -> Self:
        """Wait for a worker's sign of life."""
        until(self.sign.exists, f"{self.name}\n{self.tail()}", seconds)
        return self

    def kill(self) -> None:
        """kill -9 of the whole group."""
        if self.running is not None:
            os.killpg(self.running.pid, signal.SIGKILL)
            self.running.wait()

    def stop(self, seconds: float = 30) -> None:
        """Ask it to end; kill it when it does not."""
        if self.running is None:
            return
        self.running.terminate()
        try:
            self.running.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
        self.running = None

    def tail(self, lines: int = 40) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""

    def members(self) -> list[int]:
        """It and its living children."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [self.pid, *(int(child) for child in children)]

    def cpu_seconds(self) -> float:
        """User and system time of it and its children, those that have ended included."""
        total = 0
        for pid in self.members():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            # utime, stime of each; of the parent also those of children that it has waited for
            total += sum(int(value) for value in fields[11 : 15 if pid == self.pid else 13])
        return total / TICKS

    def resident(self) -> dict[int, int]:
        """Resident bytes of each child, by process id."""
        pids = self.members()[1:]
        return {pid: int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE for pid in pids}


class Processes:
    """The Valkey and the processes of one run; all are gone at the end. ``env`` names database and data folder."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.valkey = Valkey(folder)
        own = {"REDIS_URL": self.valkey.url, "CELERY_KEY_PREFIX": "", "DJANGO_SETTINGS_MODULE": "certportal.settings"}
        self.env = {**env, **own}
        self.all: dict[str, Process] = {}

    def __enter__(self) -> Self:
        # who is asked to end (by a time limit, say) leaves none of them behind
        self.before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.signal(signal.SIGTERM, self.before)
        for process in reversed(self.all.values()):
            process.stop(10)
        self.valkey.stop()

    def _add(self, name: str, *argv: str) -> Process:
        self.all[name] = process = Process(name, argv, self.env, self.folder)
        return process

    def worker(self, name: str, queue: str, *pool: str) -> Process:
        """A worker, not started yet."""
        return self._add(name, *celery_worker(sys.executable, name, queue, *pool))

    def oid(self) -> Process:
        """The worker for OID, not started yet."""
        return self.worker("oid", "oid", *OID_POOL, OID_THREADS)

    def documents(self, processes: int) -> Process:
        """The documents worker, not started yet."""
        return self.worker(f"documents-{processes}", "documents", "-c", str(processes))

    def beat(self) -> Process:
        """Beat, not started yet."""
        place = self.folder / "celerybeat-schedule"
        return self._add(
            "beat", sys.executable, "-m", "celery", "-A", "certportal", "beat", "-s", str(place), "--pidfile="
        )

    def python(self, name: str, *argv: str) -> Process:
        """Any other program of ours with the same servers, not started yet."""
        return self._add(name, sys.executable, *argv)

    def tails(self) -> str:
        """The ends of all logs, for the message of a failure."""
        return "\n".join(f"--- {name}\n{process.tail()}" for name, process in self.all.items())


def until(probe: object, what: str, seconds: float, pause: float = 0.05) -> None:
    """Wait for something that must come; ``AssertionError`` with ``what`` when it does not."""
    assert callable(probe)
    end = time.monotonic() + seconds
    while not probe():
        assert time.monotonic() < end, what
        time.sleep(pause)
