"""People of an organisation: their roles, and their end."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from core import audit, clock
from core.errors import Conflict
from core.identity import Identity
from organizations.domain.parties import clean_roles, party_of_membership, require_manager
from organizations.models import Membership
from organizations.roles import Role
from organizations.tenancy import find


def _locked(actor: Identity, membership_id: uuid.UUID | str) -> Membership:
    """The live membership, locked with its colleagues so that two people cannot end each other's last manager."""
    membership = find(Membership.objects.all(), actor, membership_id)
    party = party_of_membership(membership)
    require_manager(actor, party)
    colleagues = Membership.objects.select_for_update().filter(side=party.side, ended_at=None, **party.ids)
    for row in colleagues.order_by("pk"):
        if row.pk == membership.pk:
            return row
    raise Conflict("MEMBER-ENDED", _("This membership has ended already."))


def _keep_a_manager(membership: Membership, roles_after: list[str]) -> None:
    """A certifier without a manager could never let anybody in again."""
    if membership.side != Membership.Side.CERTIFIER or Role.MANAGER in roles_after:
        return
    others = Membership.objects.filter(
        side=membership.side, certifier=membership.certifier, ended_at=None, roles__contains=[Role.MANAGER]
    ).exclude(pk=membership.pk)
    if Role.MANAGER in membership.roles and not others.exists():
        text = _("This is the last manager. Make somebody else a manager first.")
        raise Conflict("LAST-MANAGER", text, field="roles")


def change_roles(actor: Identity, membership_id: uuid.UUID | str, roles: list[str]) -> Membership:
    """Give a member other roles. Raises ``NotVisible``, ``NotPermitted``, ``InvalidInput``, ``Conflict`` LAST-MANAGER."""
    membership = _locked(actor, membership_id)
    roles = clean_roles(membership.side, roles)
    _keep_a_manager(membership, roles)
    before = list(membership.roles)
    if before == roles:
        return membership
    membership.roles = roles
    membership.save(update_fields=["roles"])
    audit.record(
        actor, "people.roles_changed", "membership", membership.pk, client_id=membership.client_id,
        before={"roles": before}, after={"roles": roles},
    )  # fmt: skip
    return membership


def end(actor: Identity, membership_id: uuid.UUID | str) -> Membership:
    """End a membership at once; its API keys stop with it. Raises as :func:`change_roles`."""
    membership = _locked(actor, membership_id)
    _keep_a_manager(membership, [])
    membership.ended_at = clock.now()
    membership.save(update_fields=["ended_at"])
    audit.record(
        actor, "people.membership_ended", "membership", membership.pk, client_id=membership.client_id,
        before={"roles": list(membership.roles)},
    )  # fmt: skip
    return membership
