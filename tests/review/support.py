"""Requests on their way through review, brought there by the functions that the pages call."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from core.identity import act_as
from pvf.models import Balance
from requests_app.domain import submission
from requests_app.models import Request
from review.domain import claims, recommendations
from tests.support.drafts import complete_draft
from tests.support.world import World


def submitted(world: World, kg: Decimal | str = "1000", **changes: Any) -> Request:
    """A submitted request of ``world``'s exporter."""
    draft = complete_draft(world, kg, **changes)
    with act_as(world.who("signatory")) as actor:
        return submission.submit(actor, draft.pk)


def in_review(world: World, kg: Decimal | str = "1000", **changes: Any) -> Request:
    """A request that the reviewer has claimed."""
    request = submitted(world, kg, **changes)
    with act_as(world.who("reviewer")) as actor:
        return claims.claim(actor, request.pk)


def recommended(world: World, kg: Decimal | str = "1000", **changes: Any) -> Request:
    """A request in review that the reviewer recommends."""
    request = in_review(world, kg, **changes)
    with act_as(world.who("reviewer")) as actor:
        recommendations.recommend(actor, request.pk, approve=True, note="", expected_version=request.version)
    return request


def balance(world: World) -> Balance:
    """The balance of the world's line as it is now."""
    with act_as(world.loop()):
        return Balance.objects.get(line=world.line)
