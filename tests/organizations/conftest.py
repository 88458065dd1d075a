"""A certifier's identity provider for tests, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.identity_provider import IdentityProvider, running
from tests.support.sign_on import set_up
from tests.support.world import World


@pytest.fixture
def idp(settings: Any) -> Iterator[IdentityProvider]:
    settings.SIGN_ON_PRIVATE_HOSTS = ["127.0.0.1"]
    settings.SIGN_ON_SECONDS = 1
    with running() as provider:
        yield provider


@pytest.fixture
def ready(world: World, idp: IdentityProvider) -> World:
    set_up(world, idp)
    idp.person |= {"email": world.members["reviewer"].user.email, "amr": ["pwd", "mfa"]}
    return world
