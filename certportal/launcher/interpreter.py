"""Chooses the Python that the virtual environment is made from.

The services run as an ordinary user, who must be able to start that interpreter: root's own Python below a closed
home folder will not do, however good it is for root.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from .errors import PortalError
from .users import ServiceUser

NEWEST, OLDEST = 14, 11
QUESTION = "import sys; assert sys.version_info >= (3, 11); import venv, ensurepip; print(sys.version_info[1])"


def own_interpreter() -> Path:
    """The interpreter that runs us, outside any virtual environment."""
    return Path(getattr(sys, "_base_executable", "") or sys.executable).resolve()


def _others() -> list[Path]:
    """Other interpreters on the machine, the likeliest first."""
    names = ["python3", *(f"python3.{minor}" for minor in range(NEWEST, OLDEST - 1, -1))]
    folders = ["/usr/bin", "/usr/local/bin"]
    found = [Path(folder) / name for name in names for folder in folders]
    found += [Path(where) for name in names if (where := shutil.which(name))]
    return [path.resolve() for path in found if path.exists()]


def has_venv(python: Path) -> bool:
    """Can this interpreter make virtual environments, pip included?  (Debian packs that apart.)"""
    asked = subprocess.run([python, "-I", "-c", QUESTION], capture_output=True, check=False, timeout=60)
    return asked.returncode == 0


def reachable(user: ServiceUser) -> list[Path]:
    """Interpreters that the services' user can start, ours first."""
    return [path for path in dict.fromkeys([own_interpreter(), *_others()]) if user.can_enter(path)]


def choose(user: ServiceUser) -> Path | None:
    """The interpreter to use, or None when every reachable one lacks venv (python3-venv has to be installed)."""
    candidates = reachable(user)
    if not candidates:
        raise PortalError(
            f"The services run as the user {user.name}, who cannot start {own_interpreter()}, and no other Python 3.11 or "
            "later is on this machine: run `apt-get install -y python3 python3-venv`, then ./portal up again."
        )
    return next((path for path in candidates if has_venv(path)), None)


def serves(python: Path, user: ServiceUser) -> bool:
    """Is the interpreter of an existing virtual environment still there, and may the services' user start it?"""
    return os.access(python, os.X_OK) and user.can_enter(python)
