"""The statements that a piece of work asks the database, also round requests of Django's test client.

``CaptureQueriesContext`` sees none of those: the log that it reads is emptied when a request begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def asked() -> Iterator[list[str]]:
    """The statements of this thread's connection, with their values, while the block runs."""
    found: list[str] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        done = execute(sql, params, many, context)
        found.append(sql if many else connection.ops.last_executed_query(context["cursor"], sql, params))
        return done

    with connection.execute_wrapper(note):
        yield found
