"""One store for all tests of this folder; each test starts with no records and no faults."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.oid_store.payloads import registration
from tests.oid_store.server import StoreServer


@pytest.fixture(scope="session")
def running_store() -> Iterator[StoreServer]:
    """The running store."""
    with StoreServer() as server:
        yield server


@pytest.fixture
def store(running_store: StoreServer) -> StoreServer:
    """The running store, emptied."""
    running_store.empty()
    return running_store


@pytest.fixture
def record(store: StoreServer) -> dict[str, Any]:
    """A registered certificate of certifier 101."""
    answer = store.post("/v1/certificates", registration())
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body
