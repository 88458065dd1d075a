"""What core asks of the floor above, which registers the answer: the certifiers there are, and the people to tell.

Imports run downwards only, so the floor that knows people (``organizations``) hands itself in when Django is ready.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Sequence
from typing import Protocol

from core.models import Notification


@dataclasses.dataclass(frozen=True, slots=True)
class Recipient:
    """One person (or bare address) who is told; ``language`` is the language they read."""

    email: str
    language: str = "en"
    user_id: uuid.UUID | None = None


class People(Protocol):
    """The questions."""

    def certifiers(self) -> Sequence[uuid.UUID]:
        """Ids of every certifier."""
        ...

    def certifier_name(self, certifier_id: uuid.UUID | None) -> str:
        """The certifier's name; empty for none."""
        ...

    def recipients(self, notification: Notification) -> Sequence[Recipient]:
        """Everybody a notification is for, each address once. Needs the identity of the certifier's loop."""
        ...


_registered: list[People] = []


def register(people: People) -> None:
    """Take the one source of answers (the last one registered counts)."""
    _registered[:] = [people]


def people() -> People:
    """The registered source. Raises ``RuntimeError`` where the floor above was not loaded."""
    if not _registered:
        raise RuntimeError("nobody registered core.people: is the app organizations installed?")
    return _registered[0]
