"""The one error of the launcher: a sentence for the person at the keyboard."""

from __future__ import annotations

from pathlib import Path


class PortalError(Exception):
    """A step that failed, said in one sentence that tells what to do.

    `log` names the file that holds the details, when there is one.
    """

    def __init__(self, message: str, *, log: Path | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.log = log

    def __str__(self) -> str:
        return f"{self.message} (details: {self.log})" if self.log else self.message
