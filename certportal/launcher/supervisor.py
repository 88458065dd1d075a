"""A small supervisor: ordered start, restart of what crashed, ordered stop.

It runs in the process of `./portal up` (or of a test), which the programs do not outlive: the kernel tells them when it dies.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import PortalError
from .processes import Identity, die_with_parent, open_log
from .programs import Program
from .provision import last_line
from .users import ServiceUser

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds before the first restart, doubled for each further crash up to the longest."""

STEADY_SECONDS = 60.0
"""A program that ran this long starts again with the first pause."""

POLL_SECONDS = 0.2


@dataclass
class Child:
    """One program and its process, if it runs. `wanted` is off while somebody keeps it down on purpose."""

    program: Program
    process: subprocess.Popen[bytes] | None = None
    identity: Identity | None = None
    started: float = 0.0
    crashes: int = 0
    restarts: int = 0
    next_try: float = 0.0
    wanted: bool = True
    said: list[str] = field(default_factory=list)

    def alive(self) -> bool:
        """Does the process run?"""
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Runs stages of programs as `user`, with their output in `logs`."""

    def __init__(
        self,
        stages: list[list[Program]],
        *,
        user: ServiceUser,
        root: Path,
        logs: Path,
        say: Callable[[str], None] = lambda text: None,
        changed: Callable[[dict[str, Any]], None] = lambda record: None,
    ) -> None:
        self.stages = [[Child(program) for program in stage] for stage in stages if stage]
        self.children = {child.program.name: child for stage in self.stages for child in stage}
        self.user = user
        self.root = root
        self.logs = logs
        self.say = say
        self.changed = changed
        self.stopping = threading.Event()
        self._lock = threading.RLock()

    # -- start ------------------------------------------------------------------------------------------------------

    def start(self, announce: Callable[[str], contextlib.AbstractContextManager[None]] | None = None) -> None:
        """Start stage by stage; each is ready before the next begins. Raises PortalError when one does not come up."""
        for stage in self.stages:
            names = ", ".join(child.program.name for child in stage)
            with announce(f"Starting {names}") if announce else contextlib.nullcontext():
                for child in stage:
                    self._launch(child)
                for child in stage:
                    self._await_ready(child)

    def _launch(self, child: Child) -> None:
        program = child.program
        with self._lock, open_log(self.log(program.name)) as log:
            for sign in program.signs:
                sign.unlink(missing_ok=True)
            child.started = time.time()
            # preexec_fn only calls prctl: no lock of another thread can be taken in it
            child.process = subprocess.Popen(
                program.argv, cwd=self.root, env=dict(program.env), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=die_with_parent(program.polite),  # noqa: PLW1509
                **self.user.popen(),
            )  # fmt: skip
            child.identity = Identity.of(child.process.pid)
        self.changed(self.record())

    def _await_ready(self, child: Child) -> None:
        program = child.program
        end = time.monotonic() + program.ready_seconds
        while not program.ready(child.started):
            if self.stopping.is_set():
                raise KeyboardInterrupt
            log = self.log(program.name)
            if not child.alive():
                raise PortalError(f"{program.name} stopped while it started: {last_line(log)}", log=log)
            if time.monotonic() > end:
                raise PortalError(
                    f"{program.name} was not ready after {program.ready_seconds:.0f} s: {last_line(log)}", log=log
                )
            time.sleep(0.1)
        # whoever else answers at that port, ours must be alive
        if not child.alive():
            log = self.log(program.name)
            raise PortalError(f"{program.name} stopped while it started: {last_line(log)}", log=log)

    def log(self, name: str) -> Path:
        """The log file of a program."""
        return self.logs / f"{name}.log"

    # -- watch ------------------------------------------------------------------------------------------------------

    def watch(self, tend: Callable[[], None] = lambda: None) -> None:
        """Restart what crashes until `stopping` is set; `tend` is called about every second (for the engines)."""
        last = time.monotonic()
        while not self.stopping.wait(POLL_SECONDS):
            self.check()
            if time.monotonic() - last >= 1.0:
                tend()
                last = time.monotonic()

    def check(self) -> None:
        """Look once at every program; restart those that are due."""
        with self._lock:
            for child in self.children.values():
                if self.stopping.is_set():
                    return
                if child.process is None or not child.wanted or child.alive():
                    continue
                if child.next_try == 0.0:
                    self._note_crash(child)
                elif time.monotonic() >= child.next_try:
                    child.next_try = 0.0
                    child.restarts += 1
                    self._launch(child)

    def _note_crash(self, child: Child) -> None:
        if time.time() - child.started > STEADY_SECONDS:
            child.crashes = 0
        pause = min(FIRST_PAUSE * 2**child.crashes, LONGEST_PAUSE)
        child.crashes += 1
        child.next_try = time.monotonic() + pause
        assert child.process is not None
        self.say(
            f"{child.program.name} {ending(child.process.returncode)}; starting it again in {pause:.1f} s "
            f"({self.log(child.program.name)})"
        )
        self.changed(self.record())

    # -- one program ------------------------------------------------------------------------------------------------

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to a program and all its children, as an operator or a crash would. It is restarted."""
        with self._lock:
            child = self.children[name]
            if child.process is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.process.pid, number)
                if number == signal.SIGKILL:
                    child.process.wait(10)

    def stop_one(self, name: str) -> None:
        """Stop a program in good order and keep it down."""
        with self._lock:
            child = self.children[name]
            child.wanted = False
            self._end(child)

    def start_one(self, name: str) -> None:
        """Start a program that is down, and wait until it is ready."""
        child = self.children[name]
        with self._lock:
            child.wanted = True
            child.next_try = 0.0
            if not child.alive():
                self._launch(child)
        self._await_ready(child)

    def await_ready(self, name: str) -> None:
        """Wait until a program (restarted after a crash, say) is ready."""
        child = self.children[name]
        end = time.monotonic() + LONGEST_PAUSE
        while not child.alive() and time.monotonic() < end:
            time.sleep(POLL_SECONDS)
        self._await_ready(child)

    # -- stop -------------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Stop everything in reverse order of the start; a stage is gone before the one below it is asked."""
        self.stopping.set()
        with self._lock:
            for stage in reversed(self.stages):
                for child in reversed(stage):
                    self._ask(child)
                for child in reversed(stage):
                    self._end(child)

    def _ask(self, child: Child) -> None:
        if child.alive() and child.process is not None:
            with contextlib.suppress(ProcessLookupError):
                child.process.send_signal(child.program.polite)

    def _end(self, child: Child) -> None:
        if child.process is None:
            return
        self._ask(child)
        try:
            child.process.wait(child.program.patience)
        except subprocess.TimeoutExpired:
            self.say(f"{child.program.name} did not stop within {child.program.patience:.0f} s and is ended")
        # whatever is left of its group goes too: pool processes of a worker that was killed, for example
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait(10)
        self.changed(self.record())

    def record(self) -> dict[str, Any]:
        """What runs, as data for `./portal status` and for cleaning up after a kill -9."""
        return {
            name: {
                "pid": child.identity.pid,
                "started": child.identity.started,
                "since": child.started,
                "restarts": child.restarts,
                "alive": child.alive(),
            }
            for name, child in self.children.items()
            if child.identity is not None
        }


def ending(code: int | None) -> str:
    """How a process ended, in words."""
    if code is None:
        return "is gone"
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"stopped with exit code {code}"
