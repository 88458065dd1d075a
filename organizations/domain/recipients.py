"""Who is told: people by organisation and role, asked by the loop that sends notifications."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence

from django.db.models import Q

from core.models import Audience, Notification
from core.people import Recipient
from organizations.models import Certifier, Membership, User


class Directory:
    """Answers :class:`core.people.People` from memberships and certifiers."""

    def certifiers(self) -> Sequence[uuid.UUID]:
        """Ids of every certifier, oldest first."""
        return list(Certifier.objects.order_by("created_at", "pk").values_list("pk", flat=True))

    def certifier_name(self, certifier_id: uuid.UUID | None) -> str:
        """The name people know the certifier by."""
        if certifier_id is None:
            return ""
        return Certifier.objects.filter(pk=certifier_id).values_list("name", flat=True).first() or ""

    def time_zone(self, certifier_id: uuid.UUID) -> str:
        """The certifier's time zone (IANA)."""
        return Certifier.objects.values_list("time_zone", flat=True).get(pk=certifier_id)

    def names(self, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
        """The names of people by id."""
        return {user.pk: str(user) for user in User.objects.filter(pk__in=ids)}

    def recipients(self, notification: Notification) -> Sequence[Recipient]:
        """Everybody with a live membership that fits audience and roles; each address once."""
        if notification.audience == Audience.EMAIL:
            return [_of_address(notification.email)] if notification.email else []
        if notification.audience_id is None:
            return []
        if notification.audience == Audience.USER:
            users = User.objects.filter(pk=notification.audience_id, is_active=True)
        else:
            members = _members(notification)
            if notification.audience_roles:
                members &= Q(roles__overlap=notification.audience_roles)
            wanted = Membership.objects.filter(members, ended_at=None).values("user_id")
            users = User.objects.filter(pk__in=wanted, is_active=True)
        return [_of_user(user) for user in users.order_by("pk")]


def _members(notification: Notification) -> Q:
    side = Membership.Side
    if notification.audience == Audience.CERTIFIER:
        return Q(side=side.CERTIFIER, certifier_id=notification.audience_id)
    if notification.audience == Audience.CLIENT:
        return Q(side=side.CLIENT, client_id=notification.audience_id)
    return Q(side=side.IMPORTER, operation_id=notification.audience_id)


def _of_user(user: User) -> Recipient:
    return Recipient(user.email, user.language, user.pk)


def _of_address(email: str) -> Recipient:
    """A bare address; where it belongs to a person, their language counts."""
    address = email.strip().lower()
    user = User.objects.filter(email=address, is_active=True).first()
    return _of_user(user) if user else Recipient(address)
