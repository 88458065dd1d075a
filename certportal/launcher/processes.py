"""Processes that outlive us: who they are, whether they live, how they end."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Identity:
    """A process as (number, start mark): a number alone may have gone to a stranger since."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> Identity:
        """The identity of a living process (the mark is empty where the system shows none)."""
        return cls(pid, start_mark(pid) or "")

    def alive(self) -> bool:
        """Does this very process still run?  One that ended and was not yet collected counts as gone."""
        mark = start_mark(self.pid)
        return mark is not None and (not self.started or mark == self.started)


def start_mark(pid: int) -> str | None:
    """The kernel's start time of a process in clock ticks, as text; None when there is no such living process."""
    collect(pid)
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        if Path("/proc/self/stat").exists():
            return None
        return _start_mark_without_proc(pid)
    # the command's name is in brackets and may hold blanks and brackets itself
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else fields[19]


def _start_mark_without_proc(pid: int) -> str | None:
    """The start mark on systems without /proc: `ps` knows it."""
    shown = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    return shown.stdout.strip() or None


def collect(pid: int) -> None:
    """Collect the exit status of a child of ours, so that it leaves no zombie; harmless for strangers."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except OSError:
        return


def die_with_parent(number: int) -> Callable[[], None]:
    """A `preexec_fn`: the kernel sends signal `number` to the child when the supervisor dies, even by kill -9."""
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def arrange() -> None:
        if hasattr(libc, "prctl"):
            libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return arrange


def open_log(path: Path) -> IO[bytes]:
    """A log file to append to."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("ab")


def send(who: Identity, number: int, *, group: bool = False) -> None:
    """Send a signal to a process, or to its whole group; nothing happens when it is gone."""
    if not who.alive():
        return
    try:
        if group:
            os.killpg(who.pid, number)
        else:
            os.kill(who.pid, number)
    except ProcessLookupError:
        return


def wait_gone(who: Identity, seconds: float) -> bool:
    """Wait until a process is gone; False when it still runs after `seconds`."""
    end = time.monotonic() + seconds
    while who.alive():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def stop(who: Identity, *, polite: int = signal.SIGTERM, patience: float = 15.0) -> bool:
    """End a process: ask, wait `patience` seconds, then kill its group. True when asking was enough."""
    send(who, polite)
    if wait_gone(who, patience):
        return True
    send(who, signal.SIGKILL, group=True)
    wait_gone(who, 5.0)
    return False
