"""What the person at the keyboard sees: one line for each step with its seconds, and nothing else unless it fails."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from typing import TextIO

WIDTH = 46


class Console:
    """Lines for people. On a terminal a step shows its name while it works; elsewhere only its closing line."""

    def __init__(self, out: TextIO | None = None) -> None:
        self.out = out or sys.stdout

    def line(self, text: str = "") -> None:
        """One line."""
        self.write(text + "\n")

    def write(self, text: str) -> None:
        """Text as it is. When the reader has gone (`| head`), the work goes on unseen instead of breaking off."""
        try:
            self.out.write(text)
            self.out.flush()
        except BrokenPipeError:
            # kept open for the life of the process, like the standard output that it stands for
            self.out = open(os.devnull, "w")  # noqa: SIM115
            os.dup2(self.out.fileno(), 1)

    @contextlib.contextmanager
    def step(self, name: str, done: str = "done") -> Iterator[None]:
        """A step that takes a while: `name ..... done 3.2 s`, or `FAILED` when the block raises."""
        live = self.out.isatty()
        label = f"  {name} ".ljust(WIDTH, ".")
        if live:
            self.write(f"{label} …")
        start = time.monotonic()
        try:
            yield
        except BaseException:
            self._close(live, f"{label} FAILED {time.monotonic() - start:5.1f} s")
            raise
        self._close(live, f"{label} {done} {time.monotonic() - start:5.1f} s")

    def _close(self, live: bool, text: str) -> None:
        self.line(f"\r\x1b[K{text}" if live else text)
