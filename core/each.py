"""One loop for work on many: what breaks at one keeps none of the others waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import structlog

log = structlog.get_logger(__name__)
T = TypeVar("T")
R = TypeVar("R")


def each(items: Iterable[T], work: Callable[[T], R], *, event: str) -> list[R]:
    """Do ``work`` for every item, whatever happens at one of them; the results of those that went well, in order.

    What breaks is logged as ``event`` with the item; the next sweep finds it again.
    """
    done = []
    for item in items:
        try:
            done.append(work(item))
        except Exception:
            log.exception(event, of=str(item))
    return done
