"""Fixtures of the suite: the other side of the connector in ``request.param``, and a certifier connected to it."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from tests.oid_store.server import StoreServer
from tests.oid_sync.contract.sides import AssistedSide, HttpSide, Side, ToySide
from tests.support.world import World, make_world


@pytest.fixture
def side(request: pytest.FixtureRequest, settings: Settings) -> Side:
    settings.OID_CONNECTORS = [*settings.OID_CONNECTORS, "tests.oid_sync.toy_connector"]
    name = request.param
    if name == "http":
        store: StoreServer = request.getfixturevalue("store")
        return HttpSide(store)
    return AssistedSide() if name == "assisted" else ToySide()


@pytest.fixture
def connected(side: Side, transactional_db: None) -> World:
    world = make_world()
    side.set_up(world)
    return world
