"""What `./portal` remembers between runs: secrets, ports, the service account. One file, readable by its owner only."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .errors import PortalError


class State:
    """A small JSON file (0600), read whole, written whole and atomically under a lock."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, Any]:
        """All that is remembered; empty before the first run. Raises PortalError when the file is damaged."""
        try:
            value = json.loads(self.path.read_text())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise PortalError(
                f"{self.path} cannot be read ({error}): it holds the passwords of the databases. Run ./portal as the user "
                "who ran it first, or restore the file from a backup."
            ) from error
        if not isinstance(value, dict):
            raise PortalError(f"{self.path} holds no JSON object: restore it from a backup.")
        return value

    def get(self, section: str, name: str, default: Any = None) -> Any:
        """One remembered value."""
        return self.read().get(section, {}).get(name, default)

    def put(self, section: str, **values: Any) -> None:
        """Remember values in a section; None forgets one."""
        with locked(self.path.with_suffix(".lock")):
            everything = self.read()
            part = everything.setdefault(section, {})
            part.update(values)
            everything[section] = {name: value for name, value in part.items() if value is not None}
            self._write(everything)

    def secret(self, name: str, *, fernet: bool = False) -> str:
        """A secret of 256 random bits, made at its first use; `fernet` gives the form that Fernet keys have."""
        with locked(self.path.with_suffix(".lock")):
            everything = self.read()
            known = everything.setdefault("secrets", {})
            if name not in known:
                text = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
                known[name] = text if fernet else text.rstrip("=")
                self._write(everything)
            return str(known[name])

    def _write(self, everything: dict[str, Any]) -> None:
        fresh = self.path.with_suffix(".new")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as out:
            json.dump(everything, out, indent=1, sort_keys=True)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self.path)


@contextlib.contextmanager
def locked(path: Path, *, shared: bool = False, wait: bool = True) -> Iterator[bool]:
    """Hold a lock file for the block; yields False when it is taken and `wait` is off.

    The kernel drops the lock when its holder dies, so there is no stale lock to clean up.
    """
    lock = FileLock(path)
    try:
        yield lock.take(shared=shared, wait=wait)
    finally:
        lock.release()


class FileLock:
    """A lock file held for as long as the object says."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def take(self, *, shared: bool = False, wait: bool = True) -> bool:
        """Take the lock, or change between shared and exclusive; False when taken by others and `wait` is off."""
        if self._handle is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(self._handle, kind if wait else kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Give the lock back."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
