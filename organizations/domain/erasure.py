"""Erasure of a person: what identifies them goes, what they did stays, and the audit chain still verifies."""

from __future__ import annotations

import uuid

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import connection, transaction
from django.utils.translation import gettext as _

from core import audit, clock
from core.errors import Conflict, NotPermitted, NotVisible
from core.identity import Identity, Kind, act_as
from organizations.models import Membership, User

#: What stands in the place of an erased person's name; their address is made of their id.
NAME = "Erased person"
DOMAIN = "erased.invalid"


@transaction.atomic
def erase_person(actor: Identity, user_id: uuid.UUID) -> int:
    """Take a person's name, address, sign-in and personal values out of the portal. Twice changes nothing more.

    Their acts stay under their id. Returns how many audit rows lost personal values. For the platform operator. Raises
    ``NotPermitted``, ``NotVisible``, ``Conflict`` HAS-MEMBERSHIPS while they belong to an organisation: its manager ends
    that first.
    """
    if actor.kind is not Kind.PLATFORM:
        raise NotPermitted("PLATFORM-ONLY", _("Only the platform operator erases a person."))
    # what belongs to a person is read and removed in their name: row policies show it to nobody else
    themselves = Identity(kind=Kind.PERSON, user_id=user_id)
    with act_as(themselves):
        user = User.objects.select_for_update().filter(pk=user_id).first()
        if user is None:
            raise NotVisible("NOT-FOUND", _("There is no such person."))
        if Membership.objects.filter(user=user, ended_at=None).exists():
            raise Conflict("HAS-MEMBERSHIPS", _("This person still belongs to an organisation. End that first."))
        addresses = {user.email, *EmailAddress.objects.filter(user=user).values_list("email", flat=True)}
    with connection.cursor() as cursor:
        cursor.execute("SELECT core_erase_from_audit(%s, %s)", [user.pk, sorted(addresses)])
        (touched,) = cursor.fetchone()
    if user.email.endswith(f"@{DOMAIN}"):
        return int(touched)
    user.name, user.email, user.is_active = NAME, f"{user.pk}@{DOMAIN}", False
    user.set_unusable_password()
    with act_as(themselves):
        EmailAddress.objects.filter(user=user).delete()
        Authenticator.objects.filter(user=user).delete()
        user.save(update_fields=["name", "email", "is_active", "password"])
    audit.record(actor, "person.erased", "user", user.pk, after={"rows": touched, "at": clock.now()})
    return int(touched)
