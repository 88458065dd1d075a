"""Test databases: the owner migrates one template, each test process works on a clone as the restricted role.

The template's name holds a hash of everything that shapes the schema (migrations, policies, SQL files), so it is made
anew only when one of them changed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "portal_test_"
MIGRATE_SECONDS = 300
LEAVE_SECONDS = 15.0
#: Templates of other states of the code that stay: who goes back and forth between two branches waits for neither.
KEPT_TEMPLATES = 5


def on_database(url: str, name: str) -> str:
    """``url`` with another database."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme.replace("postgres:", "postgresql:"), parts.netloc, f"/{name}", "", ""))


def owner_url() -> str:
    """The owner's URL. Raises ``RuntimeError`` where the tests were not started by ``./portal test``."""
    url = os.environ.get("DATABASE_OWNER_URL", "")
    if not url:
        raise RuntimeError("DATABASE_OWNER_URL is not set: run the tests by ./portal test")
    return url


def schema_hash() -> str:
    """A hash over every file that shapes the schema."""
    digest = hashlib.sha256()
    for pattern in ("*/migrations/*.py", "*/policies.py", "*/sql/*.sql", "core/policy.py", "requirements/runtime.txt"):
        for path in sorted(ROOT.glob(pattern)):
            if "oid_store" not in path.parts:
                digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    path = Path(tempfile.gettempdir()) / f"portal-test-template-{os.getuid()}.lock"
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _admin() -> Iterator[psycopg.Connection]:
    with psycopg.connect(owner_url(), autocommit=True, connect_timeout=10) as connection:
        yield connection


def _exists(connection: psycopg.Connection, name: str) -> bool:
    return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def drop(name: str) -> None:
    """Drop a test database once everybody has left it (the owner may not end the connections of another role)."""
    with _admin() as connection:
        end = time.monotonic() + LEAVE_SECONDS
        while True:
            try:
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
            except psycopg.errors.ObjectInUse:
                if time.monotonic() > end + LEAVE_SECONDS:
                    raise
                if time.monotonic() > end:
                    _turn_out(name)
                time.sleep(0.2)
            else:
                return


def _turn_out(name: str) -> None:
    """End the sessions of the portal's role, as that role: a thread of a server that a test left may keep one."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, connect_timeout=10) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])


def _make_template(connection: psycopg.Connection, name: str) -> None:
    rough = f"{name}_new"
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(rough)))
    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(rough)))
    env = os.environ | {"DATABASE_OWNER_URL": on_database(owner_url(), rough), "PORTAL_DB_ROLE": "owner"}
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=MIGRATE_SECONDS,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"the test database could not be migrated:\n{done.stdout}{done.stderr}")
    connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(rough), sql.Identifier(name)))


def template() -> str:
    """The name of the template for the present code; made when it is not there, older ones dropped."""
    name = f"{PREFIX}template_{schema_hash()}"
    with _one_at_a_time(), _admin() as connection:
        if not _exists(connection, name):
            old = connection.execute(
                "SELECT datname FROM pg_database WHERE datname LIKE %s ORDER BY oid DESC OFFSET %s",
                [f"{PREFIX}template_%", KEPT_TEMPLATES],
            ).fetchall()
            for (stale,) in old:
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(stale)))
            _make_template(connection, name)
    return name


def clone(name: str) -> str:
    """A fresh database ``name`` from the template; returns the name."""
    source = template()
    with _one_at_a_time(), _admin() as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(source))
        )
    return name


KEPT_TABLES = ("django_migrations", "django_content_type", "auth_permission")


def empty(name: str) -> None:
    """Empty every table of a test database, as the owner (the portal's own role has no right to).

    Most tables are empty, and TRUNCATE makes new files for each and its indexes, written to or not: row by row what a
    test left is gone in a tenth of the time.
    """
    with psycopg.connect(on_database(owner_url(), name), autocommit=True, connect_timeout=10) as connection:
        rows = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL(%s)", [list(KEPT_TABLES)]
        ).fetchall()
        looks = [
            sql.SQL("SELECT {} WHERE EXISTS (SELECT 1 FROM {})").format(sql.Literal(table), sql.Identifier(table))
            for (table,) in rows
        ]
        written = [sql.Identifier(row[0]) for row in connection.execute(sql.SQL(" UNION ALL ").join(looks)).fetchall()]
        if not written:
            return
        # what is only ever added to refuses to be deleted, until the rows are gone; foreign keys wait for the commit
        _each(connection, "ALTER TABLE {} DISABLE TRIGGER USER", written)
        try:
            _each(connection, "DELETE FROM {}", written)
        finally:
            _each(connection, "ALTER TABLE {} ENABLE TRIGGER USER", written)


def _each(connection: psycopg.Connection, statement: str, tables: list[sql.Identifier]) -> None:
    with connection.transaction():
        connection.execute(sql.SQL("; ").join(sql.SQL(statement).format(table) for table in tables))
