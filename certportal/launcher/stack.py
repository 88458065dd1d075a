"""A whole portal for a test: its own databases, its own Valkey, its own free ports, the real processes.

    with Stack() as stack:
        requests.get(stack.urls["web"])
        stack.kill("worker", signal.SIGKILL)

PostgreSQL is the cluster that `./portal test` started (or the given server); everything else belongs to the stack
and is gone after `stop()`.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .environment import COMPOSED, Addresses, Environment, wanted_engines
from .places import Places
from .ports import free_port
from .programs import ALL, Programs
from .provision import Provisioner, ask_databases, resolve_databases
from .services import EmbeddedServices
from .supervisor import Supervisor

SERVICES = ALL


class Stack:
    """`run_dir` holds logs, stored files and mail (below `.portal/stacks/` when not given: the services' user must be able
    to enter it). `env` adds to or overrides the environment of all processes. `services` names the processes to run.
    `seed` loads the demo; `restart` starts crashed processes again, as `./portal up` does.
    """

    def __init__(
        self,
        run_dir: Path | None = None,
        env: Mapping[str, str] | None = None,
        services: tuple[str, ...] = SERVICES,
        *,
        seed: bool = True,
        restart: bool = True,
    ) -> None:
        self.project = Places.here()
        self.token = secrets.token_hex(4)
        self._own_folder = run_dir is None
        home = run_dir or self.project.home / "stacks" / self.token
        self.places = replace(self.project, home=home, data_dir=None)
        self.extra = dict(env or {})
        self.services = services
        self.seed = seed
        self.restart = restart
        self.supervisor: Supervisor | None = None
        self.addresses: Addresses | None = None
        self.databases: dict[str, str] = {}
        self._environment: Environment | None = None
        self._cluster: EmbeddedServices | None = None
        self._valkey: EmbeddedServices | None = None
        self._watch: threading.Thread | None = None

    # -- life -------------------------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Databases, migrations, demo, processes; returns when all are ready. Leaves only its logs behind when it fails."""
        try:
            self._start()
        except BaseException:
            self._own_folder = False
            self.stop()
            raise
        return self

    def _start(self) -> None:
        caller = dict(os.environ)
        self._cluster = EmbeddedServices(
            self.project, wanted=tuple(name for name in wanted_engines(caller) if name == "postgres")
        )
        self._cluster.acquire()
        user = self._cluster.user
        self.places.home.mkdir(parents=True, exist_ok=True)
        for folder in (self.places.home / "run", self.places.mail, self.places.data):
            user.folder(folder)
        user.folder(self.places.logs, 0o755)
        self._valkey = EmbeddedServices(self.places, wanted=("valkey",), user=user)
        self._valkey.acquire()
        self._make_databases(resolve_databases(self.project, self._cluster, caller))
        self._build_environment(caller)
        provisioner = self._provisioner()
        provisioner.static_files()
        provisioner.migrate()
        if self.seed:
            provisioner.seed()
        self._start_programs()

    def _build_environment(self, caller: Mapping[str, str]) -> None:
        assert self._valkey is not None
        # the addresses and keys of the portal under `./portal test` are not ours: they are composed anew
        values = {name: value for name, value in caller.items() if name not in COMPOSED}
        values = values | {"PORTAL_ENV": "development"} | self.extra
        self._environment = Environment(
            self.places, self._valkey.state, self._valkey.user, self.databases, self._valkey.redis_url(), values
        )
        ports: list[int] = []
        while len(ports) < 4:
            port = free_port()
            if port not in ports:
                ports.append(port)
        self.addresses = Addresses(*ports)

    def _provisioner(self) -> Provisioner:
        assert self._environment is not None and self.addresses is not None and self._valkey is not None
        return Provisioner(self._environment, self.addresses, self._valkey.state)

    def _start_programs(self) -> None:
        assert self._environment is not None and self.addresses is not None
        programs = Programs(self._environment, self.addresses)
        self.supervisor = Supervisor(
            programs.stages(self.services),
            user=self._environment.user,
            root=self.places.root,
            logs=self.places.logs,
        )
        self.supervisor.start()
        if self.restart:
            self._watch = threading.Thread(target=self.supervisor.watch, name="stack-watch", daemon=True)
            self._watch.start()

    def stop(self) -> None:
        """Stop the processes in order, drop the databases, remove the folder."""
        if self.supervisor is not None:
            self.supervisor.stop()
            self.supervisor = None
        if self._watch is not None:
            self._watch.join(30)
            self._watch = None
        if self._valkey is not None:
            self._valkey.release()
            self._valkey = None
        self._drop_databases()
        if self._cluster is not None:
            self._cluster.release()
            self._cluster = None
        if self._own_folder:
            shutil.rmtree(self.places.home, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # -- databases --------------------------------------------------------------------------------------------------

    def _make_databases(self, urls: Mapping[str, str]) -> None:
        """Two fresh databases, made by their owners beside the given ones."""
        order = {"do": "copies", "urls": dict(urls), "suffix": self.token}
        self.databases = ask_databases(self.project, order | {"url": urls["DATABASE_OWNER_URL"]})

    def _drop_databases(self) -> None:
        if self.databases:
            order = {"do": "drop", "urls": self.databases, "url": self.databases["DATABASE_OWNER_URL"]}
            self.databases = {}
            ask_databases(self.project, order)

    # -- what a test asks -------------------------------------------------------------------------------------------

    @property
    def urls(self) -> dict[str, str]:
        """Addresses: `web`, `oid_store`, `mail` (its page; `/messages.json` lists what was caught), `redis`."""
        assert self.addresses is not None and self._valkey is not None
        return {
            "web": self.addresses.web_url,
            "oid_store": self.addresses.store_url,
            "mail": self.addresses.mail_url,
            "redis": self._valkey.redis_url(),
        }

    @property
    def env(self) -> dict[str, str]:
        """The environment of management commands: as web has it, and the owner's and the store's URLs."""
        assert self._environment is not None
        return self._environment.manage(self.addresses)

    def accounts(self) -> list[dict[str, str]]:
        """The demo accounts: role, email, password, organisation."""
        return self._provisioner().accounts()

    def manage(self, *arguments: str, owner: bool = False, seconds: int = 300) -> str:
        """Run a management command as the services' user; returns what it printed. Raises CalledProcessError."""
        assert self._environment is not None
        env = self.env | ({"PORTAL_DB_ROLE": "owner"} if owner else {})
        done = subprocess.run(
            [self.places.python, "manage.py", *arguments], cwd=self.places.root, env=env, capture_output=True, text=True,
            check=True, timeout=seconds, stdin=subprocess.DEVNULL, **self._environment.user.popen(),
        )  # fmt: skip
        return str(done.stdout)

    def kill(self, service: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to a process and all its children; with `valkey`, to the stack's own Valkey."""
        if service == "valkey":
            assert self._valkey is not None
            who = self._valkey.identity("valkey")
            if who is not None:
                os.kill(who.pid, number)
            return
        self._running().kill(service, number)

    def stop_service(self, service: str) -> None:
        """Stop one process in good order and keep it down."""
        self._running().stop_one(service)

    def start_service(self, service: str) -> None:
        """Start one process that is down (with `valkey`: the stack's own Valkey); returns when it is ready."""
        if service == "valkey":
            assert self._valkey is not None
            self._valkey.restart_dead()
            return
        self._running().start_one(service)

    def restart_service(self, service: str) -> None:
        """Stop one process in good order and start it again."""
        self.stop_service(service)
        self.start_service(service)

    def await_ready(self, service: str) -> None:
        """Wait until a process is back after a crash."""
        self._running().await_ready(service)

    def log(self, service: str) -> str:
        """What a process has said."""
        return (self.places.logs / f"{service}.log").read_text(errors="replace")

    def processes(self) -> dict[str, Any]:
        """Number, start and restarts of each process."""
        return self._running().record()

    def _running(self) -> Supervisor:
        assert self.supervisor is not None, "the stack is not started"
        return self.supervisor
