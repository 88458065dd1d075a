"""Root's project below a closed folder: a readable copy, from which everything runs.

The services run as an ordinary user, who cannot enter a folder such as /root. Nothing is opened up for them; instead the
code is copied to a place of its own below /var/lib, keyed by the project's path, and `./portal` goes on from there, with
its `.portal/` beside the copy.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import sys
from pathlib import Path

from .console import Console
from .errors import PortalError
from .users import service_user

MARK = "PORTAL_MIRROR_OF"
BASE = Path("/var/lib/certportal")
NEEDED = ("manage.py", "certportal", "oid_store", "deploy", "requirements/runtime.txt", "package-lock.json")
LEFT_OUT_AT_TOP = {".portal", ".git", "node_modules"}
LEFT_OUT = {"__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache"}


def needed(root: Path) -> bool:
    """Are we root, in a project that the services' user cannot read?"""
    user = service_user()
    return user.drop and not user.can_enter(root)


def check_complete(root: Path) -> None:
    """Raises PortalError when files without which nothing starts are missing, or (to root's services) unreadable."""
    missing = [name for name in NEEDED if not (root / name).exists()]
    if missing:
        raise PortalError(
            f"{root} is not a complete checkout: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing. "
            "Clone it again, or bring the files back with `git checkout -- .`."
        )
    user = service_user()
    closed = [name for name in NEEDED if not user.can_enter(root / name)]
    if closed:
        raise PortalError(
            f"The services' user {user.name} may not read {', '.join(closed)} in {root}: run `chmod -R o+rX {root}`."
        )


def place(root: Path, base: Path = BASE) -> Path:
    """Where the copy of this project lies."""
    return base / f"{root.name}-{hashlib.sha256(str(root).encode()).hexdigest()[:10]}"


def synchronise(source: Path, target: Path) -> int:
    """Make `target` a readable copy of the code in `source`; returns the number of files that changed."""
    changed = 0
    wanted: set[Path] = set()
    target.mkdir(parents=True, exist_ok=True, mode=0o755)
    for folder, folders, files in os.walk(source):
        here = Path(folder)
        relative = here.relative_to(source)
        skipped = LEFT_OUT | LEFT_OUT_AT_TOP if here == source else LEFT_OUT
        folders[:] = [name for name in folders if name not in skipped and not (here / name).is_symlink()]
        _readable_folder(target / relative)
        for name in files:
            wanted.add(relative / name)
            changed += _copy(here / name, target / relative / name)
    for folder, folders, files in os.walk(target):
        relative = Path(folder).relative_to(target)
        skipped = LEFT_OUT | LEFT_OUT_AT_TOP if not relative.parts else LEFT_OUT
        folders[:] = [name for name in folders if name not in skipped]
        for name in files:
            if relative / name not in wanted and not name.endswith(".mo"):
                (target / relative / name).unlink()
                changed += 1
    return changed


def _readable_folder(path: Path) -> None:
    path.mkdir(exist_ok=True)
    path.chmod(0o755)


def _copy(source: Path, target: Path) -> int:
    """Copy a file that differs in size or time; 1 when it did."""
    old, new = (target.stat() if target.exists() else None), source.stat()
    if old and (old.st_size, old.st_mtime_ns) == (new.st_size, new.st_mtime_ns):
        return 0
    fresh = target.with_name(target.name + ".mirror")
    shutil.copyfile(source, fresh)
    fresh.chmod(0o755 if new.st_mode & stat.S_IXUSR else 0o644)
    os.utime(fresh, ns=(new.st_atime_ns, new.st_mtime_ns))
    fresh.replace(target)
    return 1


def move_over(root: Path, arguments: list[str], console: Console) -> None:
    """Go on from the readable copy when there has to be one; returns only when there need not be."""
    if not needed(root):
        check_complete(root)
        return
    if os.environ.get(MARK):
        raise PortalError(
            f"The services' user cannot enter {root} either: open the folders above it for reading (`chmod o+x`), or start "
            "./portal as an ordinary user."
        )
    copy = place(root)
    BASE.mkdir(parents=True, exist_ok=True, mode=0o755)
    synchronise(root, copy)
    print(f"{root} is closed to the services' user: running from the copy {copy}", file=sys.stderr, flush=True)
    os.chdir(copy)
    os.environ[MARK] = str(root)
    os.execv(sys.executable, [sys.executable, str(copy / "portal"), *arguments])
