"""Tests run on PostgreSQL as the restricted role, as the portal does; the owner makes and empties their database.

``@pytest.mark.django_db``: one transaction, rolled back. ``@pytest.mark.django_db(transaction=True)``: real commits,
tables emptied by the owner afterwards.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

os.environ.setdefault("PORTAL_ENV", "test")
# each test process has queues of its own: the messages of the tests beside it are not its business
os.environ["CELERY_KEY_PREFIX"] = f"test-{os.getpid()}:"

from django.core.cache import cache
from django.core.cache.backends.redis import RedisCache
from django.db import connections
from django.test import TransactionTestCase

from tests.support import databases
from tests.support.browser import chromium, site  # noqa: F401 - fixtures of every browser test
from tests.support.world import World, make_world

#: All in here belongs to the long suite; elsewhere it is what bears the mark.
LONG = Path(__file__).parent / "long"
#: Files that take longest, started first: one of them begun last would leave every other process waiting for it.
LONGEST = (
    "story/test_main_job.py", "browser/", "oid_sync/test_reconciliation", "core/test_styleguide_in_browser.py",
    "long/test_chaos_500.py", "long/test_all_pages_axe.py", "oid_sync/contract/", "document/test_tampering.py",
)  # fmt: skip


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the long suite; order the tests so that several processes end together (needs xdist's own order off)."""
    for item in items:
        if item.path.is_relative_to(LONG):
            item.add_marker("long")
    items.sort(key=lambda item: not any(part in item.path.as_posix() for part in LONGEST))


def _teardown_as_owner(self: TransactionTestCase) -> None:
    """Instead of Django's flush, which needs rights that the portal's role has not."""
    connection = connections["default"]
    databases.empty(connection.settings_dict["NAME"])


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    """A database of this process's own, cloned from the owner's template; ``default`` stays the restricted role."""
    name = databases.clone(f"{databases.PREFIX}{os.getpid()}_{secrets.token_hex(3)}")
    connection = connections["default"]
    before = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = name
    connection.settings_dict["CONN_MAX_AGE"] = 0
    original = TransactionTestCase._fixture_teardown
    TransactionTestCase._fixture_teardown = _teardown_as_owner  # type: ignore[method-assign]
    try:
        yield
    finally:
        TransactionTestCase._fixture_teardown = original  # type: ignore[method-assign]
        with django_db_blocker.unblock():
            connection.close()
        connection.settings_dict["NAME"] = before
        databases.drop(name)


@pytest.fixture
def database_name(db: None) -> str:
    """The name of this process's test database."""
    return str(connections["default"].settings_dict["NAME"])


@pytest.fixture
def owner_connection(database_name: str) -> Iterator[psycopg.Connection]:
    """The owner's own connection to the test database (autocommit): sees every row, obeys no policy."""
    url = databases.on_database(databases.owner_url(), database_name)
    with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
        yield connection


@pytest.fixture
def process_env(database_name: str, tmp_path: Path) -> dict[str, str]:
    """The environment for a process of the portal on this test database (use with real commits), queues of its own."""
    return os.environ | {
        "DATABASE_URL": databases.on_database(os.environ["DATABASE_URL"], database_name),
        "DATABASE_OWNER_URL": databases.on_database(databases.owner_url(), database_name),
        "CELERY_KEY_PREFIX": f"{database_name}:",
        "PORTAL_DATA_DIR": str(tmp_path / "data"),
    }


def _clear_refused(_: RedisCache) -> None:
    raise AssertionError(
        "cache.clear() is FLUSHDB: it would empty the limits and sessions of the tests beside this one"
    )


@pytest.fixture(autouse=True)
def own_places(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a data folder and a cache of its own, which it may not clear: that empties every process's."""
    data = tmp_path / "data"
    settings.PORTAL_DATA_DIR = data
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            **settings.STORAGES["default"],
            "OPTIONS": {**settings.STORAGES["default"].get("OPTIONS", {}), "location": data / "files"},
        },
    }
    monkeypatch.setattr(RedisCache, "clear", _clear_refused)
    cache.key_prefix = f"test-{os.getpid()}-{secrets.token_hex(4)}"


@pytest.fixture
def world(db: None) -> World:
    """A certifier with its people, an exporter with an approved PVF line, an importer, a broker."""
    return make_world()
