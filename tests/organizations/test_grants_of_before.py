"""Grants that were given before they had scopes keep what they allowed: the certificates, and an importer's the receipts."""

from __future__ import annotations

import datetime as dt
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
import pytest

from core import clock
from core.identity import act_as
from organizations.models import Delegation
from tests.support.world import World, make_world


@pytest.mark.django_db(transaction=True)
def test_they_keep_what_they_allowed_and_learn_whose_they_are(owner_connection: psycopg.Connection[Any]) -> None:
    world: World = make_world()
    today = clock.now().date()
    days = {"valid_from": today, "valid_until": today + dt.timedelta(days=9)}
    parties: dict[str, dict[str, Any]] = {
        "importer": {"operation": world.importer},
        "signatory": {"certifier": world.certifier, "client": world.client},
    }
    for role, party in parties.items():
        with act_as(world.who(role)):
            Delegation(broker=world.broker, **days, **party).save(force_insert=True)
    (migration,) = [
        name for name in _migrations() if hasattr(import_module(f"organizations.migrations.{name}"), "BACKFILL")
    ]
    owner_connection.execute(import_module(f"organizations.migrations.{migration}").BACKFILL)
    found = {}
    for role in parties:
        with act_as(world.who(role)):
            row = Delegation.objects.get()
            found[role] = (row.grantor_name, row.scopes)
    assert found == {
        "importer": (world.importer.name, ["certificates", "receipts"]),
        "signatory": (world.client.operation.name, ["certificates"]),
    }


def _migrations() -> list[str]:
    """Names of the migrations of organizations; the number in front may change when branches meet."""
    folder = Path(import_module("organizations.migrations").__path__[0])
    return sorted(path.stem for path in folder.glob("0*.py"))
