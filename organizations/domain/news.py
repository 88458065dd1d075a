"""A person's own news: what they were told, what they have read, and how they want to be told."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core import audit, clock
from core.errors import InvalidInput, NotPermitted
from core.identity import Identity
from core.models import Delivery, MailChoice
from core.topic_groups import GROUPS, Group, choices_of
from organizations.tenancy import not_visible

#: The count beside the link stops here.
MOST_COUNTED = 99


def _person(actor: Identity) -> uuid.UUID:
    if actor.user_id is None:
        raise NotPermitted("ROLE", _("Sign in first."))
    return actor.user_id


def of_person(actor: Identity, *, only_unread: bool = False) -> QuerySet[Delivery]:
    """What the person was told, newest first."""
    rows = Delivery.objects.filter(user_id=_person(actor)).order_by("-created_at", "-pk")
    return rows.filter(read_at=None) if only_unread else rows


def unread(actor: Identity) -> int:
    """How many the person has not read, up to one more than ``MOST_COUNTED``."""
    if actor.user_id is None:
        return 0
    return Delivery.objects.filter(user_id=actor.user_id, read_at=None)[: MOST_COUNTED + 1].count()


def read(actor: Identity, delivery_id: uuid.UUID) -> Delivery:
    """Mark one of the person's news as read; a second time changes nothing. Raises ``NotVisible``."""
    row = Delivery.objects.filter(user_id=_person(actor), pk=delivery_id).first()
    if row is None:
        raise not_visible()
    if row.read_at is None:
        row.read_at = clock.now()
        row.save(update_fields=["read_at"])
    return row


def read_all(actor: Identity) -> int:
    """Mark all of the person's news as read. Returns how many were not."""
    return Delivery.objects.filter(user_id=_person(actor), read_at=None).update(read_at=clock.now())


def choices(actor: Identity) -> dict[str, str]:
    """How the person is told, by group of topics."""
    return choices_of(_person(actor))


def always() -> list[Group]:
    """The groups that come by mail at once, whatever one would like."""
    return [group for group in GROUPS if group.always]


def choose(actor: Identity, wanted: Mapping[str, str]) -> None:
    """Set how the person is told, by group. Raises ``InvalidInput`` naming the group."""
    person = _person(actor)
    before = choices_of(person)
    for group, how in wanted.items():
        if group not in before:
            raise InvalidInput("GROUP", _("There is no such group of news."), field=group)
        if how not in MailChoice.How.values:
            raise InvalidInput("HOW", _("Choose one of the three ways."), field=group)
    for group, how in wanted.items():
        MailChoice.objects.update_or_create(user_id=person, group=group, defaults={"how": how})
    audit.record(actor, "person.mail_choices", "person", person, before=before, after={**before, **wanted})
