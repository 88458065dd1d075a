"""Row security switched off in the test databases of one run: a plugin of pytest (``-p tests.long.row_security_off``).

The owner switches it off on every table of each clone; policies, grants and the tests' role stay. Databases are thrown
away afterwards, nothing else is touched.
"""

from __future__ import annotations

import psycopg
from psycopg import sql

from tests.support import databases


def pytest_sessionstart() -> None:
    """From now on every clone is without row security."""
    clone = databases.clone

    def clone_without(name: str) -> str:
        made = clone(name)
        url = databases.on_database(databases.owner_url(), made)
        with psycopg.connect(url, autocommit=True, connect_timeout=10) as owner:
            tables = owner.execute(
                "SELECT relname FROM pg_class WHERE relrowsecurity AND relnamespace = 'public'::regnamespace"
            ).fetchall()
            if len(tables) < 40:
                raise RuntimeError(f"row security was to be switched off, and only {len(tables)} tables have it")
            for (table,) in tables:
                owner.execute(sql.SQL("ALTER TABLE {} DISABLE ROW LEVEL SECURITY").format(sql.Identifier(table)))
        return made

    databases.clone = clone_without
