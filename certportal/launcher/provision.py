"""From "engines run" to "databases are ready": roles, databases, migrations, static files, the demo."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .environment import DATABASES, Addresses, Environment, describe, production
from .errors import PortalError
from .places import Places
from .processes import open_log
from .services import EmbeddedServices
from .state import State

ROLES = ("certportal_owner", "certportal_app", "oid_store")
STEP_SECONDS = 900
UNUSED_STATIC = (
    *("scss", "theme", "components", "material-icons", "material-icons-deprecated", "uswds-icons", "public-sans"),
    "redoc",
)
"""Folders of the packages that no page uses. Left out of collecting, together with what settings.py says of compression,
they bring a first start from 80 to 10 seconds on two cores."""


def ask_databases(places: Places, order: Mapping[str, Any]) -> Any:
    """Have `certportal.launcher.databases` do something with the environment's own interpreter; returns its answer.

    Raises PortalError with what the server said.
    """
    done = subprocess.run(
        [places.python, "-m", "certportal.launcher.databases"],
        input=json.dumps(order), capture_output=True, text=True, cwd=places.root, check=False, timeout=120,
    )  # fmt: skip
    try:
        reply = json.loads(done.stdout)
    except ValueError as error:
        raise PortalError(f"The databases could not be prepared: {done.stderr.strip().splitlines()[-1:]}") from error
    if "error" in reply:
        server = describe(order["url"])
        raise PortalError(f"The database server {server} refused: {reply['error']}.")
    return reply["answer"]


def resolve_databases(places: Places, services: EmbeddedServices, caller: Mapping[str, str]) -> dict[str, str]:
    """The three database URLs: given ones as they are, otherwise made with an administrator's rights."""
    given = {name: caller[name] for name in DATABASES if caller.get(name)}
    if "DATABASE_OWNER_URL" in given:
        if "OID_STORE_DATABASE_URL" not in given and not production(caller) and not caller.get("OID_STORE_URL"):
            raise PortalError(
                "OID_STORE_DATABASE_URL is not set: give the OID-style store a database of its own, or name another store "
                "with OID_STORE_URL."
            )
        return given
    if not given:
        return ensure_roles(places, services.state, services.admin_url(), reset=True)
    if not ask_databases(places, {"do": "may_administer", "url": given["DATABASE_URL"]}):
        raise PortalError(
            "DATABASE_URL names a role that may not make roles and databases: set DATABASE_OWNER_URL (and "
            "OID_STORE_DATABASE_URL) as well, or give an administrator's URL (superuser, or CREATEROLE and CREATEDB)."
        )
    reset = caller.get("PORTAL_RESET_ROLES") == "1"
    return ensure_roles(places, services.state, given["DATABASE_URL"], reset=reset) | {
        name: url for name, url in given.items() if name != "DATABASE_URL"
    }


def ensure_roles(
    places: Places,
    state: State,
    admin_url: str,
    *,
    reset: bool = False,
    portal: str = "certportal",
    store: str = "oid_store",
) -> dict[str, str]:
    """Roles and databases on a server; passwords are made once and remembered. Returns the three URLs."""
    passwords = {role: state.secret(f"role_{role}") for role in ROLES}
    order = {
        "do": "ensure",
        "url": admin_url,
        "passwords": passwords,
        "portal": portal,
        "store": store,
        "reset": reset,
    }
    answer = ask_databases(places, order)
    return {str(name): str(url) for name, url in answer.items()}


class Provisioner:
    """Runs the management commands that a start needs, each with its own log."""

    def __init__(self, environment: Environment, addresses: Addresses, state: State) -> None:
        self.environment = environment
        self.addresses = addresses
        self.state = state
        self.places = environment.places

    def migrate(self) -> None:
        """Bring both databases to the present schema, side by side. As the owner, which no running process is."""
        portal = self._start(
            "migrate", ["manage.py", "migrate", "--noinput"], self._manage() | {"PORTAL_DB_ROLE": "owner"}
        )
        running = [("migrate", portal, "The portal's database could not be migrated")]
        if self.environment.runs_store:
            store = self._start("migrate-store", ["-m", "oid_store", "prepare"], self._store())
            running.append(("migrate-store", store, "The store's database could not be migrated"))
        children = [child for _, child, _ in running]
        codes = wait_all(children)
        for (name, _, failure), code in zip(running, codes, strict=True):
            self._check(code, name, failure)

    def static_files(self) -> None:
        """Collect the static files when one of them changed. Written by the caller, who owns the project folder."""
        mark, marker = self._static_mark(), self.places.static.with_name("static.mark")
        if self.places.static.exists() and marker.exists() and marker.read_text() == mark:
            return
        env = self._manage() | {"PORTAL_MANIFEST_STATIC": "1"}
        ignore = [word for name in UNUSED_STATIC for word in ("--ignore", name)]
        child = self._start("collectstatic", ["manage.py", "collectstatic", "--noinput", *ignore], env, drop=False)
        self._check(wait_all([child])[0], "collectstatic", "The static files could not be collected")
        self._readable(self.places.static)
        marker.write_text(mark)

    @staticmethod
    def _readable(top: Path) -> None:
        """Static files are public; the strict mode of uploads, which Django gives them too, hides them from the web process."""
        for folder, _, files in os.walk(top):
            Path(folder).chmod(0o755)
            for name in files:
                (Path(folder) / name).chmod(0o644)

    def _static_mark(self) -> str:
        """A mark that changes when a static file of ours, or a locked package, changes."""
        root = self.places.root
        seen = hashlib.sha256()
        for lock in ("package-lock.json", "requirements/runtime.txt"):
            if (root / lock).exists():
                seen.update((root / lock).read_bytes())
        for top in sorted({root / "static", *root.glob("[!.]*/static")}):
            for path in sorted(p for p in top.rglob("*") if p.is_file()):
                info = path.stat()
                seen.update(f"{path.relative_to(root)} {info.st_size} {info.st_mtime_ns}\n".encode())
        return seen.hexdigest()

    def seed_needed(self) -> bool:
        """Has this database not been given its demo yet?"""
        return self.state.get("done", "seeded") != self._seed_mark() or not self.accounts_file.exists()

    def seed(self) -> None:
        """The demo, once for a database. It is refused in production by `seed_demo` itself as well."""
        child = self._start("seed", ["manage.py", "seed_demo"], self._manage())
        self._check(wait_all([child])[0], "seed", "The demo could not be loaded")
        self.state.put("done", seeded=self._seed_mark())

    def _seed_mark(self) -> str:
        return hashlib.sha256(self.environment.databases["DATABASE_URL"].encode()).hexdigest()

    @property
    def accounts_file(self) -> Path:
        """The list of demo accounts that `seed_demo` writes."""
        return self.places.data / "demo_accounts.json"

    def accounts(self) -> list[dict[str, str]]:
        """The sign-ins that `seed_demo` wrote down: role, organisation, email, password, token."""
        return read_accounts(self.accounts_file)

    # -- one command ------------------------------------------------------------------------------------------------

    def _manage(self) -> dict[str, str]:
        return self.environment.manage(self.addresses)

    def _store(self) -> dict[str, str]:
        return self.environment.store(self.addresses)

    def _start(
        self, name: str, arguments: list[str], env: dict[str, str], *, drop: bool = True
    ) -> subprocess.Popen[bytes]:
        who = self.environment.user.popen() if drop else {}
        with open_log(self.places.logs / f"{name}.log") as log:
            return subprocess.Popen(
                [self.places.python, *arguments], cwd=self.places.root, env=env, stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, start_new_session=True, **who,
            )  # fmt: skip

    def _check(self, code: int, name: str, failure: str) -> None:
        if code:
            log = self.places.logs / f"{name}.log"
            raise PortalError(f"{failure}: {last_line(log)}", log=log)


def wait_all(children: list[subprocess.Popen[bytes]]) -> list[int]:
    """Exit codes of children; when we are interrupted, or one takes too long, none is left running."""
    try:
        return [child.wait(STEP_SECONDS) for child in children]
    except subprocess.TimeoutExpired:
        return [-1 if (code := child.poll()) is None else code for child in children]
    finally:
        for child in children:
            if child.poll() is None:
                child.terminate()
                child.wait(10)


def read_accounts(path: Path) -> list[dict[str, str]]:
    """The demo accounts in `{"accounts": [{role, organisation, email, password, token}, …]}`; empty when there are none."""
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError):
        return []
    known = value.get("accounts") if isinstance(value, dict) else None
    return [account for account in known if isinstance(account, dict)] if isinstance(known, list) else []


FAULT = re.compile(r"^(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Configured|Refused|Exists|Exit)\b")


def last_line(log: Path) -> str:
    """The line of a log that names the fault: the last exception in its last lines, else the last line."""
    try:
        with log.open("rb") as text:
            text.seek(max(0, os.path.getsize(log) - 8192))
            lines = [line.strip() for line in text.read().decode(errors="replace").split("\n") if line.strip()]
    except OSError:
        return "no log was written"
    faults = [line for line in lines[-40:] if FAULT.match(line)]
    return (faults or lines or ["it said nothing"])[-1]
