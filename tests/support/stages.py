"""Requests brought to a stage, by the same functions as the pages use."""

from __future__ import annotations

from typing import Any

from certificates.models import Certificate
from core.identity import act_as
from requests_app.domain import submission
from requests_app.models import Request
from review.domain import claims, decisions, recommendations
from tests.support.drafts import complete_draft
from tests.support.world import World


def submitted(world: World, kg: str = "1000", **how: Any) -> Request:
    """A request in the queue."""
    draft = complete_draft(world, kg, **how)
    signatory = world.who("signatory")
    with act_as(signatory):
        return submission.submit(signatory, draft.pk)


def in_review(world: World, kg: str = "1000", **how: Any) -> Request:
    """A request that the reviewer has claimed."""
    request = submitted(world, kg, **how)
    reviewer = world.who("reviewer")
    with act_as(reviewer):
        claims.claim(reviewer, request.pk)
        return Request.objects.get(pk=request.pk)


def recommended(world: World, kg: str = "1000", **how: Any) -> Request:
    """A request that the reviewer recommends."""
    request = in_review(world, kg, **how)
    reviewer = world.who("reviewer")
    with act_as(reviewer):
        recommendations.recommend(
            reviewer, request.pk, approve=True, note="In order.", expected_version=request.version
        )
    return request


def approved(world: World, kg: str = "1000", **how: Any) -> Certificate:
    """The certificate of an approved request: it waits for its number."""
    request = recommended(world, kg, **how)
    approver = world.who("approver")
    with act_as(approver):
        decisions.approve(approver, request.pk, expected_version=request.version)
        return Certificate.objects.get(request=request)
