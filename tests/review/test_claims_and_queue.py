"""Claiming, handing back, recommending; the order of the queue; the second net under it."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from core import clock
from core.errors import Conflict, InvalidInput, NotPermitted, NotVisible
from core.identity import act_as
from organizations import tenancy
from requests_app.domain import questions
from requests_app.models import Request, RequestState
from review.domain import claims, queue, recommendations
from review.models import Recommendation
from tests.review.support import in_review, recommended, submitted
from tests.support.world import World, make_world

pytestmark = pytest.mark.django_db


def test_claiming_twice_is_once_and_a_colleague_is_told_who_has_it(world: World):
    request = in_review(world)
    with act_as(world.who("reviewer")) as reviewer:
        assert claims.claim(reviewer, request.pk).claimed_at == request.claimed_at
    with act_as(world.who("approver")) as approver, pytest.raises(Conflict) as refused:
        claims.claim(approver, request.pk)
    assert refused.value.code == "CLAIMED"
    assert "Reviewer-1" in str(refused.value.message)


def test_only_who_has_it_or_a_manager_hands_back(world: World):
    request = in_review(world)
    with act_as(world.who("approver")) as approver, pytest.raises(NotPermitted):
        claims.hand_back(approver, request.pk)
    with act_as(world.who("manager")) as manager:
        back = claims.hand_back(manager, request.pk)
        assert (back.state, back.claimed_by) == (RequestState.SUBMITTED, None)
        assert claims.hand_back(manager, request.pk).state == RequestState.SUBMITTED


def test_exporters_auditors_and_strangers_do_not_claim(world: World):
    request = submitted(world)
    for role in ("auditor", "signatory"):
        with act_as(world.who(role)) as actor, pytest.raises(NotPermitted):
            claims.claim(actor, request.pk)
    with act_as(make_world(2).who("reviewer")) as stranger, pytest.raises(NotVisible):
        claims.claim(stranger, request.pk)


def test_a_recommendation_is_for_one_version_and_repeated_is_once(world: World):
    request = in_review(world)
    with act_as(world.who("reviewer")) as reviewer:
        first = recommendations.recommend(reviewer, request.pk, approve=True, note="fits")
        assert recommendations.recommend(reviewer, request.pk, approve=True, note="fits").pk == first.pk
        assert recommendations.recommend(reviewer, request.pk, approve=False, note="no, it does not").pk != first.pk
        with pytest.raises(InvalidInput):
            recommendations.recommend(reviewer, request.pk, approve=False)
        with pytest.raises(Conflict):
            recommendations.recommend(reviewer, request.pk, approve=True, expected_version=request.version - 1)


def test_nobody_recommends_what_nobody_has_claimed(world: World):
    request = submitted(world)
    with act_as(world.who("reviewer")) as reviewer, pytest.raises(Conflict):
        recommendations.recommend(reviewer, request.pk, approve=True)


def test_the_queue_is_ordered_by_safe_decision_time_and_a_stopped_clock_is_not_overdue(world: World):
    first, second, third = submitted(world, "10"), submitted(world, "20"), in_review(world, "30")
    past = clock.now() - dt.timedelta(days=1)
    with act_as(world.who("reviewer")) as reviewer:
        questions.ask(reviewer, third.pk, text="Which lot?", fields=["lots"], document_kinds=[])
    with act_as(world.loop()):
        Request.objects.filter(pk=second.pk).update(decide_by=past)
        Request.objects.filter(pk=third.pk).update(decide_by=past - dt.timedelta(days=1))
        Request.objects.filter(pk=first.pk).update(decide_by=None)
    with act_as(world.who("reviewer")) as reviewer:
        assert [row.pk for row in queue.rows(reviewer)] == [third.pk, second.pk, first.pk]
        overdue = queue.rows(reviewer, queue.QueueFilter(overdue=True))
        assert [row.pk for row in overdue] == [second.pk]
        backwards = queue.rows(reviewer, queue.QueueFilter(sort="-decide_by"))
        assert [row.pk for row in backwards] == [second.pk, third.pk, first.pk]


def test_the_queue_shows_an_exporter_nothing(world: World):
    submitted(world)
    with act_as(world.who("signatory")) as exporter:
        assert list(queue.rows(exporter)) == []


def test_row_policies_hold_where_the_application_forgets(world: World, monkeypatch: pytest.MonkeyPatch):
    recommended(world)
    everything = dataclasses.make_dataclass(
        "Everything", [], namespace={"condition": lambda _self, _actor: tenancy.Q()}
    )
    monkeypatch.setattr(Request, "tenancy", everything())
    monkeypatch.setattr(Recommendation, "tenancy", everything())
    with act_as(make_world(2).who("manager")) as stranger:
        assert list(Request.objects.visible_to(stranger)) == []
        assert list(Recommendation.objects.visible_to(stranger)) == []
    with act_as(world.who("signatory")) as exporter:
        assert list(Recommendation.objects.visible_to(exporter)) == []
