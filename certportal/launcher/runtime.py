"""One portal at work: its engines, databases, environment and addresses, for the length of a command."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .environment import Addresses, Environment, wanted_engines
from .errors import PortalError
from .places import Places
from .ports import free_port, is_free
from .processes import Identity, stop, wait_gone
from .provision import resolve_databases
from .services import EmbeddedServices
from .state import FileLock

DEFAULT_WEB_PORT = 8000


class RunFile:
    """`run.json`: what the supervisor of this home runs now. Holds no secret."""

    def __init__(self, home: Path) -> None:
        self.path = home / "run.json"
        self.lock = FileLock(home / "up.lock")

    def read(self) -> dict[str, Any]:
        """The record; empty when there is none."""
        try:
            value = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return {}
        return value if isinstance(value, dict) else {}

    def write(self, **values: Any) -> None:
        """Change the record, atomically."""
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(self.read() | values, indent=1))
        fresh.replace(self.path)

    def forget(self) -> None:
        """No supervisor runs any more."""
        self.path.unlink(missing_ok=True)

    def supervisor(self) -> Identity | None:
        """The living supervisor, if any."""
        known = self.read().get("supervisor")
        who = Identity(known["pid"], known["started"]) if known else None
        return who if who is not None and who.alive() else None

    def end_leftovers(self) -> int:
        """End processes that a supervisor killed with -9 left behind; returns how many had to be ended."""
        ended = 0
        for known in self.read().get("processes", {}).values():
            who = Identity(known["pid"], known["started"])
            # they were told by the kernel already and are mostly on their way out
            if who.alive() and not wait_gone(who, 3.0):
                stop(who, polite=signal.SIGTERM, patience=5.0)
                ended += 1
        return ended


class Runtime:
    """The engines in use, and what follows from them. Use as a context manager."""

    def __init__(self, places: Places, caller: Mapping[str, str] | None = None) -> None:
        self.places = places
        self.caller = dict(os.environ if caller is None else caller)
        self.services = EmbeddedServices(places, wanted=wanted_engines(self.caller))
        self.state = self.services.state
        self.user = self.services.user
        self._environment: Environment | None = None

    def __enter__(self) -> Self:
        self.make_folders()
        self.services.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.services.release()

    def make_folders(self) -> None:
        """The folders that the services write to."""
        for folder in (self.places.home / "run", self.places.mail):
            self.user.folder(folder)
        if not self.user.can_enter(self.places.home / "run"):
            raise PortalError(
                f"PORTAL_HOME is {self.places.home}, which the user {self.user.name} cannot enter: choose a folder "
                "that user may enter, for example below /var/lib."
            )
        self.user.folder(self.places.logs, 0o755)
        if self.places.data_dir is None:
            self.user.folder(self.places.data)
        elif not self.user.can_enter(self.places.data):
            raise PortalError(
                f"PORTAL_DATA_DIR is {self.places.data}, which the user {self.user.name} cannot enter: make it and give it "
                f"to that user (`mkdir -p` and `chown {self.user.name}`)."
            )

    def environment(self) -> Environment:
        """The environment; roles and databases are made at its first use where that is ours to do."""
        if self._environment is None:
            databases = resolve_databases(self.places, self.services, self.caller)
            redis = self.caller.get("REDIS_URL") or self.services.redis_url()
            self._environment = Environment(self.places, self.state, self.user, databases, redis, self.caller)
        return self._environment

    def known_addresses(self) -> Addresses:
        """The addresses of the last start, or the ones the next start would like."""
        ports = self.state.read().get("ports", {})
        return Addresses(
            web=ports.get("web", DEFAULT_WEB_PORT),
            oid_store=ports.get("oid_store", 0),
            smtp=ports.get("smtp", 0),
            mail=ports.get("mail", 0),
        )

    def choose_addresses(self, web: int | None = None) -> Addresses:
        """Free ports, the remembered ones first. Raises PortalError when the port asked for is taken."""
        if web and not is_free(web):
            raise PortalError(
                f"Port {web} of 127.0.0.1 is in use by another program: choose another one with --port, or leave --port out."
            )
        known = self.state.read().get("ports", {})
        chosen: dict[str, int] = {}
        for name in ("web", "oid_store", "smtp", "mail"):
            wishes = [web, known.get(name), DEFAULT_WEB_PORT] if name == "web" else [known.get(name)]
            chosen[name] = free_port(*(port for port in wishes if port not in chosen.values()))
        self.state.put("ports", **chosen)
        return Addresses(**chosen)

    def give_back_data(self) -> None:
        """After a command that ran as root: what it wrote to the data folder belongs to the services' user."""
        if self.places.data_dir is None:
            self.user.own_tree(self.places.data)
