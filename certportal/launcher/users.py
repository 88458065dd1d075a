"""Who runs the services: never root.

Started by root, every service (databases, web, workers, store, mail) runs as an ordinary user that already exists;
started by anybody else, it runs as that person. PostgreSQL refuses root outright, and the others have no need of it.
"""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import PortalError

CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True)
class ServiceUser:
    """The account of the services: its name, numeric user and group; `drop` says that we are root and change to it."""

    name: str
    uid: int
    gid: int
    drop: bool

    def popen(self) -> dict[str, Any]:
        """Arguments for `subprocess.Popen` that start a child as this user."""
        if not self.drop:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, *paths: Path) -> None:
        """Give files or folders (not their content) to this user."""
        if self.drop:
            for path in paths:
                os.chown(path, self.uid, self.gid)

    def own_tree(self, top: Path) -> None:
        """Give a folder and all below it to this user."""
        if not self.drop or not top.exists():
            return
        self.own(top)
        for folder, folders, files in os.walk(top):
            for name in (*folders, *files):
                os.chown(Path(folder) / name, self.uid, self.gid, follow_symlinks=False)

    def folder(self, path: Path, mode: int = 0o700) -> Path:
        """Make a folder that belongs to this user; returns it."""
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(mode)
        self.own(path)
        return path

    def can_enter(self, path: Path) -> bool:
        """Can this user read the file, or list the folder, at `path`?  Every folder above must let it through."""
        if not self.drop:
            return os.access(path, os.R_OK)
        real = path.resolve()
        if not all(self._may(parent, stat.S_IXUSR) for parent in real.parents):
            return False
        need = stat.S_IRUSR | (stat.S_IXUSR if real.is_dir() else 0)
        return self._may(real, need)

    def _may(self, path: Path, need: int) -> bool:
        """Do the permission bits of `path` give this user `need` (given as the owner's bits)?"""
        try:
            info = path.stat()
        except OSError:
            return False
        if info.st_uid == self.uid:
            shift = 0
        elif info.st_gid == self.gid:
            shift = 3
        else:
            shift = 6
        return (info.st_mode << shift) & need == need


def service_user(remembered: str | None = None, candidates: Iterable[str] = CANDIDATES) -> ServiceUser:
    """The account for the services: ourselves, or (as root) the remembered or first existing ordinary user.

    `remembered` is the account that owns the data of an earlier run. Raises PortalError when root finds none.
    """
    if os.geteuid() != 0:
        me = pwd.getpwuid(os.geteuid())
        return ServiceUser(me.pw_name, me.pw_uid, me.pw_gid, drop=False)
    for name in (remembered, *candidates):
        if not name:
            continue
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return ServiceUser(entry.pw_name, entry.pw_uid, entry.pw_gid, drop=True)
    raise PortalError(
        "As root the services need an ordinary user to run as, and neither `postgres` nor `nobody` exists: "
        "run `useradd --system nobody`, or start ./portal as an ordinary user."
    )
