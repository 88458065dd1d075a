"""The scene of the access tests, made once a module in one transaction that is undone at its end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.test import override_settings

from core.identity import NOBODY, assume
from tests.access.scene import Scene, make_scene


@pytest.fixture(autouse=True)
def own_places() -> None:
    """The scene has a data folder of its own, for all tests of a module (see ``tests/conftest.py``)."""


@pytest.fixture(scope="module")
def scene(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The scene. Tests that use it are not marked with ``django_db``: each runs inside :func:`undone`."""
    data = tmp_path_factory.mktemp("access")
    storages = {
        **settings.STORAGES,
        "default": {
            **settings.STORAGES["default"],
            "OPTIONS": {**settings.STORAGES["default"].get("OPTIONS", {}), "location": data / "files"},
        },
    }
    cache.key_prefix = f"test-{data.name}-{id(data)}"
    with (
        override_settings(PORTAL_DATA_DIR=data, STORAGES=storages),
        django_db_blocker.unblock(),
        transaction.atomic(),
    ):
        made = make_scene()
        assume(NOBODY)
        yield made
        transaction.set_rollback(True)


@pytest.fixture
def undone(scene: Scene) -> Iterator[None]:
    """What the test does to the scene is undone."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    assume(NOBODY)
