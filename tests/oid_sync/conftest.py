"""A store of its own for these tests, and a certifier that is connected to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.identity import act_as
from core.secrets import encrypt
from oid_sync.models import OidConnection
from tests.oid_store.server import StoreServer
from tests.support.world import World, make_world


@pytest.fixture(scope="session")
def running_store() -> Iterator[StoreServer]:
    """The running store."""
    with StoreServer() as server:
        yield server


@pytest.fixture
def store(running_store: StoreServer) -> StoreServer:
    """The running store, emptied."""
    running_store.empty()
    running_store.clear_faults()
    return running_store


@pytest.fixture
def linked(store: StoreServer, transactional_db: None) -> World:
    """Certifier 101, whose exporter and importer the store's directory knows, connected to the store."""
    world = make_world()
    connect(world, store)
    return world


def connect(world: World, store: StoreServer, *, seconds: int = 3) -> None:
    """Point a world's certifier at the store."""
    with act_as(world.loop()):
        OidConnection(
            certifier=world.certifier, base_url=store.url, encrypted_key=encrypt(store.keys["101"].encode()),
            time_limit_seconds=seconds,
        ).save(force_insert=True)  # fmt: skip
