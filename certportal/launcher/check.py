"""`./portal check`: what is missing or misconfigured, one line each; nothing is installed or changed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import interpreter, system
from .console import Console
from .environment import REFUSED_IN_PRODUCTION, describe, production, production_faults, wanted_engines
from .errors import PortalError
from .install import Installer
from .places import Places
from .provision import last_line
from .runtime import RunFile, Runtime
from .users import ServiceUser, service_user

LEAST_FREE_BYTES = 2 * 1024**3
SECONDS = 180
ISSUE = re.compile(r"^\S*: \([\w.]+\) ")


@dataclass(frozen=True)
class Finding:
    """One line: `ok`, `note` (works without it) or `fault` (the portal does not start, or not as configured)."""

    level: str
    text: str


def ok(text: str) -> Finding:
    """Nothing to do."""
    return Finding("ok", text)


def fault(text: str) -> Finding:
    """Something to mend; the text says how."""
    return Finding("fault", text)


class Check:
    """Looks at the machine, the set-up, the settings, then at the servers and the portal itself."""

    def __init__(self, places: Places, console: Console, *, deploy: bool = False) -> None:
        self.places = places
        self.console = console
        self.deploy = deploy
        self.faults = 0

    def run(self) -> int:
        """Print every finding; 1 when there is a fault."""
        user = service_user()
        self._show(self._machine(user) + self._settings())
        if self.faults == 0:
            try:
                self._show(self._servers())
            except PortalError as error:
                self._show([fault(str(error))])
        self._show([self._portal()])
        self.console.line(
            f"{self.faults} fault{'s' if self.faults != 1 else ''}." if self.faults else "Everything is in order."
        )
        return 1 if self.faults else 0

    def _show(self, findings: list[Finding]) -> None:
        for finding in findings:
            self.console.line(f"  {finding.level:<6} {finding.text}")
            self.faults += finding.level == "fault"

    # -- the machine ------------------------------------------------------------------------------------------------

    def _machine(self, user: ServiceUser) -> list[Finding]:
        found = [self._environment(user), *self._packages(user)]
        missing = system.missing_libraries()
        found.append(
            fault(f"libraries for PDF are missing: run `apt-get install -y {' '.join(missing)}`")
            if missing
            else ok("libraries for PDF")
        )
        found.append(
            ok("Chromium for the browser tests")
            if system.browser()
            else Finding("note", "no Chromium: ./portal test installs it, or run `apt-get install -y chromium`")
        )
        unread = system.missing_ocr()
        found.append(
            Finding("note", f"scanned documents are not read: run `apt-get install -y {' '.join(unread)}`")
            if unread
            else ok("Tesseract for scanned documents")
        )
        free = shutil.disk_usage(self.places.root).free
        enough = free >= LEAST_FREE_BYTES
        text = f"{free / 1024**3:.1f} GiB free on the disk"
        found.append(ok(text) if enough else fault(text + ": make room, PostgreSQL stops when the disk is full"))
        who = f"as {user.name}, not as root" if user.drop else f"as {user.name}"
        return [*found, ok(f"services run {who}")]

    def _environment(self, user: ServiceUser) -> Finding:
        if interpreter.serves(self.places.python, user):
            return ok(f"virtual environment {self.places.venv}")
        if not self.places.venv.exists():
            return fault("no virtual environment yet: run ./portal up")
        return fault(
            f"{self.places.python} cannot be started by the user {user.name}: run ./portal up, which makes it anew"
        )

    def _packages(self, user: ServiceUser) -> list[Finding]:
        installer = Installer(self.places, user, self.console)
        packages = installer.current("runtime")
        assets = installer.front_end_current()
        return [
            ok("locked packages") if packages else fault("packages are not as locked: run ./portal up"),
            ok("front-end files") if assets else fault("front-end files are not as locked: run ./portal up"),
        ]

    # -- settings ---------------------------------------------------------------------------------------------------

    def _settings(self) -> list[Finding]:
        found = []
        try:
            wanted = wanted_engines(os.environ)
            found.append(ok("embedded " + " and ".join(wanted) if wanted else "servers given by the environment"))
        except PortalError as error:
            found.append(fault(str(error)))
        if production(os.environ):
            faults = production_faults(os.environ)
            found += [fault(f"PORTAL_ENV=production: {text}") for text in faults]
            if not faults:
                found.append(ok(f"production settings; {', '.join(REFUSED_IN_PRODUCTION)} are off"))
        return found

    # -- servers ----------------------------------------------------------------------------------------------------

    def _servers(self) -> list[Finding]:
        with Runtime(self.places) as runtime:
            environment = runtime.environment()
            env = environment.manage(runtime.known_addresses())
            deploy = ["--deploy"] if environment.production or self.deploy else []
            questions = [
                (f"database {describe(env['DATABASE_URL'])}", ["manage.py", "check", "--database", "default"], ""),
                ("Valkey", ["-c", "import os, redis; redis.from_url(os.environ['REDIS_URL']).ping()"], ""),
                ("settings", ["manage.py", "check", *deploy, "--fail-level", "WARNING"], ""),
                ("migrations", ["manage.py", "migrate", "--check"], "run ./portal up, which migrates"),
                ("start-up conditions", ["-c", "import certportal.wsgi"], ""),
            ]
            return [found for question in questions for found in self._ask(runtime, env, *question)]

    def _ask(
        self, runtime: Runtime, env: dict[str, str], name: str, arguments: list[str], remedy: str
    ) -> list[Finding]:
        """Run a question in the environment's interpreter: a fault for each issue, or for its last line, when it fails."""
        if "migrate" in arguments:
            env = env | {"PORTAL_DB_ROLE": "owner"}
        log = self.places.logs / "check.log"
        with log.open("wb") as out:
            done = subprocess.run(
                [self.places.python, *arguments], cwd=self.places.root, env=env, stdout=out, stderr=out, check=False,
                timeout=SECONDS, stdin=subprocess.DEVNULL, **runtime.user.popen(),
            )  # fmt: skip
        if done.returncode == 0:
            return [ok(name)]
        said = [remedy] if remedy else issues(log) or [last_line(log)]
        return [fault(f"{name}: {text}") for text in said]

    def _portal(self) -> Finding:
        run_file = RunFile(self.places.home)
        record = run_file.read()
        if run_file.supervisor() is None:
            return Finding("note", "the portal is not running")
        if record.get("phase") != "healthy":
            return Finding("note", f"the portal is {record.get('phase')}")
        down = [name for name, known in record.get("processes", {}).items() if not known["alive"]]
        if down:
            return fault(f"not running: {', '.join(down)}; read {self.places.logs}/{down[0]}.log")
        return ok(f"the portal runs: {record['urls']['url']}/")


def issues(log: Path) -> list[str]:
    """What Django's system check found, a line for each; empty when it found nothing."""
    return [line.strip() for line in log.read_text(errors="replace").splitlines() if ISSUE.match(line)]


def check(places: Places, console: Console, *, deploy: bool = False) -> int:
    """The whole check; with ``deploy`` also what is unsafe in a deployment, as it is in production without asking."""
    return Check(places, console, deploy=deploy).run()
