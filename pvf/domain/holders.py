"""What holds kilograms, as people know it: a request's reference, a certificate's number.

Requests and certificates live on floors above, which register here how their rows are called when Django is ready.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable

from pvf.models import Holder

#: From keys to names, of those rows that the present identity may see.
Names = Callable[[Collection[uuid.UUID]], dict[uuid.UUID, str]]

_registered: dict[str, Names] = {}


def register(holder: Holder, names: Names) -> None:
    """Take the source of names for one kind of holder (the last one registered counts)."""
    _registered[holder.value] = names


def names_of(holders: Iterable[tuple[str, uuid.UUID | None]]) -> dict[tuple[str, uuid.UUID], str]:
    """The names of holders, one query for each kind; who is not known or not visible is left out."""
    wanted: dict[str, set[uuid.UUID]] = {}
    for kind, key in holders:
        if kind and key is not None:
            wanted.setdefault(kind, set()).add(key)
    found: dict[tuple[str, uuid.UUID], str] = {}
    for kind, keys in sorted(wanted.items()):
        source = _registered.get(kind)
        if source is not None:
            found |= {(kind, key): name for key, name in source(keys).items()}
    return found
