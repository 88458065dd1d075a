"""The review queue: every open request of the certifier, the one whose safe decision time ends first on top."""

from __future__ import annotations

import dataclasses
import uuid

from django.db.models import Count, F, Q
from django.db.models.expressions import OrderBy

from core import clock
from core.identity import Identity
from organizations.tenancy import TenantQuerySet
from requests_app.models import OPEN_STATES, Request

#: Orders that a reader may choose; each ends in the key, so that pages never repeat a row.
SORTS: dict[str, str] = {
    "decide_by": "decide_by",
    "submitted_at": "submitted_at",
    "net_kg": "net_kg",
    "client": "client__operation__name",
    "reference": "reference",
}
CLAIMS = ("mine", "unclaimed", "others")


@dataclasses.dataclass(frozen=True, slots=True)
class QueueFilter:
    """What a reader wants to see. ``states`` empty: all open ones. ``claim``: one of :data:`CLAIMS` or empty."""

    states: tuple[str, ...] = ()
    client_id: uuid.UUID | None = None
    claim: str = ""
    overdue: bool = False
    text: str = ""
    sort: str = "decide_by"


def open_requests(actor: Identity) -> TenantQuerySet[Request]:
    """Every request that waits for the certifier or for an answer, as far as ``actor`` may see it."""
    if not actor.is_staff:
        return Request.objects.none()
    return Request.objects.visible_to(actor).filter(state__in=OPEN_STATES)


def counts(actor: Identity) -> dict[str, int]:
    """How many are ``open``, ``overdue``, ``unclaimed`` and ``mine``, in one question to the database."""
    overdue = Q(decide_by__lt=clock.now(), clock_stopped_at=None)
    return open_requests(actor).aggregate(
        open=Count("pk"),
        overdue=Count("pk", filter=overdue),
        unclaimed=Count("pk", filter=Q(claimed_by=None)),
        mine=Count("pk", filter=Q(claimed_by=actor.user_id)),
    )


def rows(actor: Identity, wanted: QueueFilter | None = None) -> TenantQuerySet[Request]:
    """The queue as ``wanted``, in order; unknown states and sorts are ignored."""
    wanted = wanted or QueueFilter()
    found = open_requests(actor)
    states = [state for state in wanted.states if state in OPEN_STATES]
    if states:
        found = found.filter(state__in=states)
    if wanted.client_id:
        found = found.filter(client_id=wanted.client_id)
    if wanted.overdue:
        found = found.filter(decide_by__lt=clock.now(), clock_stopped_at=None)
    if wanted.text.strip():
        found = found.filter(_matching(wanted.text.strip()))
    found = _claimed(found, actor, wanted.claim)
    return found.select_related("client__operation", "importer").order_by(*_order(wanted.sort))


def _matching(text: str) -> Q:
    return (
        Q(reference__icontains=text)
        | Q(label_name__icontains=text)
        | Q(client__operation__name__icontains=text)
        | Q(importer__name__icontains=text)
    )


def _claimed(found: TenantQuerySet[Request], actor: Identity, claim: str) -> TenantQuerySet[Request]:
    if claim == "mine":
        return found.filter(claimed_by=actor.user_id)
    if claim == "unclaimed":
        return found.filter(claimed_by=None)
    if claim == "others":
        return found.exclude(claimed_by=None).exclude(claimed_by=actor.user_id)
    return found


def _order(sort: str) -> list[OrderBy]:
    name = SORTS.get(sort.removeprefix("-"), "decide_by")
    downwards = sort.startswith("-") and sort.removeprefix("-") in SORTS
    first = F(name).desc(nulls_last=True) if downwards else F(name).asc(nulls_last=True)
    return [first, F("id").asc()]
