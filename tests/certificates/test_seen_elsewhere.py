"""DUP-2: the same goods at another certifier are seen by staff alone, and nothing else of them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import psycopg
import pytest

from certificates.domain import marks
from core.checks import Moment, Outcome
from core.identity import act_as
from requests_app.domain import checking, drafts
from requests_app.models import Request
from tests.support import stages
from tests.support.drafts import complete_draft
from tests.support.world import World, make_world

pytestmark = pytest.mark.django_db
BOX = "CPDU0000012"


def with_box(world: World, lot: str) -> Request:
    draft = complete_draft(world, "1000", lot=lot)
    signatory = world.who("signatory")
    with act_as(signatory):
        boxes = [{"number": BOX, "seal": ""}]
        return drafts.replace_rows(signatory, draft.pk, "containers", boxes, expected_version=draft.version)


def dup_2(world: World, request: Request, moment: Moment, role: str = "reviewer") -> list[str]:
    actor = world.who(role)
    with act_as(actor):
        seen = Request.objects.get(pk=request.pk)
        return [item.outcome for item in checking.findings(actor, seen, moment) if item.code == "DUP-2"]


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> World:
    """Another certifier that has certified lot L-7 in our container."""
    other = make_world(2)
    monkeypatch.setattr(stages, "complete_draft", lambda world, kg, **how: with_box(world, "L-7"))
    stages.approved(other)
    return other


def test_the_same_lot_in_the_same_container_is_seen(world: World, elsewhere: World):
    request = with_box(world, "l 7")
    assert dup_2(world, request, Moment.REVIEW) == [Outcome.WARN]


def test_another_lot_in_the_same_container_is_normal(world: World, elsewhere: World):
    assert dup_2(world, with_box(world, "L-8"), Moment.REVIEW) == [Outcome.PASS]


def test_an_exporter_never_learns_of_it(world: World, elsewhere: World):
    request = with_box(world, "L-7")
    for moment in (Moment.DRAFT, Moment.SUBMIT, Moment.REVIEW):
        assert dup_2(world, request, moment, "signatory") == []
    with act_as(world.who("signatory")):
        assert marks.seen_elsewhere(marks.marks_of(["L-7"], [BOX])) is False


def test_one_s_own_certificates_do_not_count(elsewhere: World):
    with act_as(elsewhere.who("reviewer")):
        assert marks.seen_elsewhere(marks.marks_of(["L-7"], [BOX])) is False


@pytest.mark.django_db(transaction=True)
def test_after_sixty_days_it_is_forgotten(world: World, elsewhere: World, owner_connection: psycopg.Connection[Any]):
    owner_connection.execute("UPDATE certificates_goodsmark SET made_at = made_at - %s", [dt.timedelta(days=61)])
    assert dup_2(world, with_box(world, "L-7"), Moment.REVIEW) == [Outcome.PASS]


def test_no_mark_without_a_place():
    assert marks.marks_of(["L-7"], [""]) == []
    assert marks.marks_of(["L-7"], ["cpdu 000001-2"]) == marks.marks_of(["l7"], [BOX])
