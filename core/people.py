"""What core asks of the floor above, which registers the answer: the certifiers there are, and the people to tell.

Imports run downwards only, so the floor that knows people (``organizations``) hands itself in when Django is ready.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Collection, Iterable, Sequence
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

    def time_zone(self, certifier_id: uuid.UUID) -> str:
        """The certifier's time zone (IANA)."""
        ...

    def names(self, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
        """The names of people by id; who is not known is left out."""
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


def names_of(ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, str]:
    """The names of people by id, in one query; rows name people by id only."""
    wanted = {person for person in ids if person is not None}
    return people().names(wanted) if wanted else {}
