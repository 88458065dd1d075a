"""Embedded PostgreSQL and Valkey: started once, shared by every command, stopped by the last one that uses them.

The engines run detached. Each command that needs them holds a shared lock on `users.lock`; whoever leaves and finds nobody
else there stops them. A command killed with -9 loses its lock at once, so the next one finds the engines and takes
them over: nothing has to be cleaned up by hand.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from .engines import (
    POLITE,
    SUPERUSER,
    Postgres,
    Valkey,
    ping,
    postgres_binaries,
    valkey_binary,
)
from .errors import PortalError
from .places import Places
from .ports import LOOPBACK, answers, is_free
from .processes import Identity, stop
from .state import FileLock, State, locked
from .users import ServiceUser, service_user

ANSWER_SECONDS = 20.0
PORT_SECONDS = 20.0
STOP_SECONDS = {"postgres": 60.0, "valkey": 20.0}


class EmbeddedServices:
    """The two engines of one `.portal/` folder. `wanted` names those that are not given from outside."""

    def __init__(
        self,
        places: Places,
        *,
        wanted: tuple[str, ...] = ("postgres", "valkey"),
        user: ServiceUser | None = None,
    ) -> None:
        self.places = places
        self.wanted = wanted
        self.state = State(places.state)
        places.home.mkdir(parents=True, exist_ok=True)
        self.user = user or service_user(self.state.get("run", "service_user"))
        self._users = FileLock(places.home / "users.lock")

    # -- life -------------------------------------------------------------------------------------------------------

    def acquire(self) -> None:
        """Start what does not run yet, and count ourselves among the users."""
        with locked(self.places.home / "services.lock"):
            try:
                self.ensure_running()
            except BaseException:
                self._leave()
                raise
            self._users.take(shared=True)

    def release(self) -> bool:
        """Stop using the engines; stops them when nobody else does. True when they were stopped."""
        with locked(self.places.home / "services.lock"):
            return self._leave()

    def _leave(self) -> bool:
        last = self._users.take(wait=False)
        if last:
            self._stop_all()
        self._users.release()
        return last

    @contextlib.contextmanager
    def used(self) -> Iterator[EmbeddedServices]:
        """The engines for the length of a block."""
        self.acquire()
        try:
            yield self
        finally:
            self.release()

    def stop_if_unused(self) -> bool:
        """Stop engines that a killed command left running; False when somebody uses them."""
        return self.release()

    def ensure_running(self, *, same_port: bool = False) -> list[str]:
        """Start each wanted engine that does not run; returns the names of those started."""
        if self.state.get("run", "service_user") != self.user.name:
            self.state.put("run", service_user=self.user.name)
        self.user.folder(self.places.logs, 0o755)
        return [name for name in self.wanted if not self.is_running(name) and self._start(name, same_port)]

    def restart_dead(self) -> list[str]:
        """Start engines again that died, on their old ports, since the portal's processes know no other."""
        if all((who := self.identity(name)) is not None and who.alive() for name in self.wanted):
            return []
        with locked(self.places.home / "services.lock"):
            return self.ensure_running(same_port=True)

    def is_running(self, name: str) -> bool:
        """Does the remembered process live and answer?  A busy one is given time before it counts as stuck."""
        who, port = self.identity(name), self.port(name)
        if who is None or port is None:
            return False
        password = self.state.secret("valkey")
        end = time.monotonic() + ANSWER_SECONDS
        while who.alive():
            if ping(port, password) if name == "valkey" else answers(port):
                return True
            if time.monotonic() > end:
                return False
            time.sleep(0.2)
        return False

    # -- addresses --------------------------------------------------------------------------------------------------

    def admin_url(self) -> str:
        """URL of the embedded PostgreSQL for its superuser, who makes roles and databases and is used by no process."""
        password = self.state.secret("postgres_superuser")
        return f"postgresql://{SUPERUSER}:{password}@{LOOPBACK}:{self._need('postgres')}/postgres"

    def redis_url(self, database: int = 0) -> str:
        """URL of the embedded Valkey."""
        return f"redis://:{self.state.secret('valkey')}@{LOOPBACK}:{self._need('valkey')}/{database}"

    def identity(self, name: str) -> Identity | None:
        """The remembered process of an engine."""
        known = self.state.get("engines", name)
        return Identity(known["pid"], known["started"]) if known else None

    def port(self, name: str) -> int | None:
        """The remembered port of an engine."""
        known = self.state.get("engines", name)
        return int(known["port"]) if known else None

    def _need(self, name: str) -> int:
        port = self.port(name)
        if port is None:
            raise PortalError(f"The embedded {name} has never been started: run `./portal up`.")
        return port

    # -- one engine -------------------------------------------------------------------------------------------------

    def log(self, name: str) -> Path:
        """The log file of an engine."""
        return self.places.logs / f"{name}.log"

    def _start(self, name: str, same_port: bool) -> bool:
        self._clear_leftover(name)
        known = self.port(name)
        if same_port and known is not None:
            self._await_free(name, known)
        who, port = self._start_postgres() if name == "postgres" else self._start_valkey()
        self.state.put("engines", **{name: {"pid": who.pid, "started": who.started, "port": port}})
        return True

    def _await_free(self, name: str, port: int) -> None:
        end = time.monotonic() + PORT_SECONDS
        while not is_free(port):
            if time.monotonic() > end:
                raise PortalError(
                    f"{name} stopped and another program has taken its port {port}: run ./portal up again, it will use another."
                )
            time.sleep(0.2)

    def _postgres(self) -> Postgres:
        binaries = postgres_binaries(self.places.site_packages)
        return Postgres(binaries, self.places.postgres, self.log("postgres"), self.user)

    def _start_postgres(self) -> tuple[Identity, int]:
        server = self._postgres()
        self._check_reach(server.binaries / "initdb")
        server.create(self.state.secret("postgres_superuser"))
        return server.start(self.port("postgres"))

    def _start_valkey(self) -> tuple[Identity, int]:
        binary = valkey_binary(self.places.site_packages)
        self._check_reach(binary)
        self.user.folder(self.places.valkey)
        server = Valkey(binary, self.places.valkey, self.log("valkey"), self.user)
        return server.start(self.port("valkey"), self.state.secret("valkey"))

    def _check_reach(self, program: Path) -> None:
        if not self.user.can_enter(program):
            raise PortalError(
                f"The services run as the user {self.user.name}, who cannot reach {program}: move the project to a folder that "
                "every user may enter (for example below /srv), or start ./portal as an ordinary user."
            )

    def _clear_leftover(self, name: str) -> None:
        """End an engine that lives but does not answer, or that we have lost sight of."""
        leftover = self.identity(name)
        if name == "postgres" and (leftover is None or not leftover.alive()):
            leftover = self._postgres().running() if self.places.postgres.exists() else None
        if leftover is not None and leftover.alive():
            stop(leftover, polite=POLITE[name], patience=STOP_SECONDS[name])

    def _stop_all(self) -> None:
        for name in reversed(self.wanted):
            who = self.identity(name)
            if who is not None:
                stop(who, polite=POLITE[name], patience=STOP_SECONDS[name])
