"""Each act leaves a row in its own transaction, and the row falls with the act."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pytest

from core import audit
from core.identity import act_as
from core.models import AuditRow
from tests.support.world import World, make_world


@pytest.mark.django_db
def test_a_row_says_who_what_on_what_from_where_and_what_changed(world: World) -> None:
    thing = uuid.uuid4()
    with act_as(world.who("manager")) as actor:
        audit.record(
            actor, "thing.changed", "thing", thing,
            before={"kg": Decimal("1.500"), "day": dt.date(2026, 1, 2)}, after={"kg": Decimal("2.000"), "ids": {thing}},
        )  # fmt: skip
        row = AuditRow.objects.get(object_id=str(thing))
    assert (row.actor_id, row.actor_kind, row.certifier_id) == (actor.user_id, "staff", world.certifier.pk)
    assert row.before == {"kg": "1.500", "day": "2026-01-02"}
    assert row.after == {"kg": "2.000", "ids": [str(thing)]}


@pytest.mark.django_db(transaction=True)
def test_a_row_falls_with_its_act() -> None:
    world = make_world()

    def act_that_fails() -> None:
        with act_as(world.who("manager")) as actor:
            audit.record(actor, "thing.changed", "thing", "x")
            raise RuntimeError("roll back")

    with pytest.raises(RuntimeError, match="roll back"):
        act_that_fails()
    with act_as(world.who("manager")):
        assert not AuditRow.objects.filter(act="thing.changed").exists()
