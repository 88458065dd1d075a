"""Every pair of states, allowed or forbidden; the picture in the documentation is the table."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from core.errors import Conflict, NotPermitted
from core.identity import act_as
from requests_app.domain import transitions
from requests_app.domain.diagram import markdown
from requests_app.models import Request, RequestState
from tests.support import stages
from tests.support.world import World

S = RequestState
ALLOWED = {
    (S.DRAFT, S.SUBMITTED), (S.DRAFT, S.WITHDRAWN), (S.SUBMITTED, S.IN_REVIEW), (S.SUBMITTED, S.WITHDRAWN),
    (S.IN_REVIEW, S.SUBMITTED), (S.IN_REVIEW, S.INFORMATION_REQUESTED), (S.IN_REVIEW, S.APPROVED),
    (S.IN_REVIEW, S.REJECTED), (S.IN_REVIEW, S.WITHDRAWN), (S.INFORMATION_REQUESTED, S.IN_REVIEW),
    (S.INFORMATION_REQUESTED, S.LAPSED), (S.INFORMATION_REQUESTED, S.WITHDRAWN), (S.APPROVED, S.IN_REVIEW),
}  # fmt: skip
PAGE = Path(__file__).resolve().parents[2] / "docs" / "request-states.md"


@pytest.mark.django_db
@pytest.mark.parametrize(("source", "target"), list(product(S, S)))
def test_every_pair_of_states(world: World, source: RequestState, target: RequestState):
    request = stages.submitted(world)
    loop = world.loop()
    with act_as(loop):
        request = Request.objects.get(pk=request.pk)
        request.state = source
        if (source, target) in ALLOWED:
            assert transitions.apply(loop, request, target).state == target
        else:
            with pytest.raises(Conflict) as refused:
                transitions.apply(loop, request, target)
            assert refused.value.code == "REQUEST-STATE"


@pytest.mark.django_db
@pytest.mark.parametrize("step", transitions.TABLE, ids=lambda step: f"{step.source}-{step.target}")
def test_each_step_is_refused_to_every_other_role(world: World, step: transitions.Transition):
    request = stages.submitted(world)
    for role in world.members:
        actor = world.who(role)
        holds = not actor.roles.isdisjoint(set(step.roles))
        request.state = step.source
        if holds:
            assert transitions.require(actor, request, step.target) == step
        else:
            with pytest.raises(NotPermitted):
                transitions.require(actor, request, step.target)


def test_the_picture_is_the_table():
    assert PAGE.read_text(encoding="utf-8") == markdown(), "run ./portal manage request_states"
