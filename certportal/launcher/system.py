"""System packages: brought by apt where we may, otherwise the one command is named."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from pathlib import Path

from .errors import PortalError

LIBRARIES = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
"""What WeasyPrint loads, and the Debian package that carries it."""

OCR_LANGUAGES = {"eng": "tesseract-ocr", "spa": "tesseract-ocr-spa"}
"""Languages in which documents without text are read, and the Debian package that carries each. The portal runs without."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def missing_libraries() -> list[str]:
    """Debian packages of the libraries that cannot be loaded."""
    return [package for library, package in LIBRARIES.items() if not _loads(library)]


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def missing_ocr() -> list[str]:
    """Debian packages that reading letters in pictures of pages needs and that are not here."""
    program = shutil.which("tesseract")
    if program is None:
        return list(OCR_LANGUAGES.values())
    said = subprocess.run([program, "--list-langs"], capture_output=True, text=True, check=False, timeout=20)
    return [package for language, package in OCR_LANGUAGES.items() if language not in said.stdout.split()]


def browser() -> str | None:
    """The Chromium for the browser tests: PORTAL_CHROMIUM, or the one on the path."""
    chosen = os.environ.get("PORTAL_CHROMIUM")
    return chosen or next((found for name in BROWSERS if (found := shutil.which(name))), None)


def may_install() -> bool:
    """Whether Debian packages can be brought without asking anybody."""
    return _prefix() is not None


def _prefix() -> list[str] | None:
    """What to write before apt-get: nothing as root, `sudo -n` where it asks for no password, None where we may not."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False, timeout=20).returncode == 0:
        return [sudo, "-n", "-E"]
    return None


def install(packages: list[str], purpose: str, log: Path) -> None:
    """Bring Debian packages, with the caller's environment (proxy and certificate variables).

    Raises PortalError that names the one command when we may not, or when apt fails.
    """
    command = "apt-get install -y --no-install-recommends " + " ".join(packages)
    prefix = _prefix()
    if prefix is None:
        names = ", ".join(packages)
        raise PortalError(
            f"Missing for {purpose}: {names}. Run `sudo {command}`, then the same ./portal command again."
        )
    if _apt([*prefix, *command.split()], log) == 0:
        return
    # a fresh machine has no package lists at all
    _apt([*prefix, "apt-get", "update"], log)
    if _apt([*prefix, *command.split()], log) != 0:
        raise PortalError(
            f"apt could not install {', '.join(packages)} (for {purpose}): run `{command}` by hand to see why.", log=log
        )


def _apt(command: list[str], log: Path) -> int:
    with log.open("ab") as out:
        out.write(f"$ {' '.join(command)}\n".encode())
        out.flush()
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        return subprocess.run(
            command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=environment, check=False, timeout=1200
        ).returncode
