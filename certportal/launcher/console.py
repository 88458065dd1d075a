"""What the person at the keyboard sees: one line for each step with its seconds, and nothing else unless it fails."""

from __future__ import annotations

import contextlib
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
        print(text, file=self.out, flush=True)

    @contextlib.contextmanager
    def step(self, name: str, done: str = "done") -> Iterator[None]:
        """A step that takes a while: `name ..... done 3.2 s`, or `FAILED` when the block raises."""
        live = self.out.isatty()
        label = f"  {name} ".ljust(WIDTH, ".")
        if live:
            print(f"{label} …", end="", file=self.out, flush=True)
        start = time.monotonic()
        try:
            yield
        except BaseException:
            self._close(live, f"{label} FAILED {time.monotonic() - start:5.1f} s")
            raise
        self._close(live, f"{label} {done} {time.monotonic() - start:5.1f} s")

    def _close(self, live: bool, text: str) -> None:
        self.line(f"\r\x1b[K{text}" if live else text)
