"""Statements that PostgreSQL plans once a connection: for loops that run the same few thousands of times.

Planning a small query on a table with row policies takes longer than running it. The ORM writes the values into the text,
so that no two statements are the same; within :func:`prepared` they go beside it, and what was planned is used again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from django.conf import settings
from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor


@contextlib.contextmanager
def prepared() -> Iterator[None]:
    """The statements within are prepared, and planned once for all values: to be opened in the transaction that runs them.

    For statements that find their rows by key. Nothing changes with ``settings.PREPARE_STATEMENTS`` off (a pooler may
    need it).
    """
    if not settings.PREPARE_STATEMENTS:
        yield
        return
    server = connection.connection
    factory, threshold = server.cursor_factory, server.prepare_threshold
    # one at the second time: names of savepoints make each of their statements another one
    server.cursor_factory, server.prepare_threshold = ServerBindingCursor, 1
    try:
        # until the transaction ends; else the first five runs of each statement would be planned for their own values
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('plan_cache_mode', 'force_generic_plan', true)")
        yield
    finally:
        server.cursor_factory, server.prepare_threshold = factory, threshold
