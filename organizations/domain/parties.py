"""The organisation somebody acts for, and the identity under which it lets people in."""

from __future__ import annotations

import dataclasses
import uuid

from django.utils.translation import gettext as _

from core.errors import InvalidInput, NotPermitted
from core.identity import Identity, Kind
from organizations.models import Client, Invitation, Membership
from organizations.roles import CLIENT_ROLES, STAFF_ROLES, Role
from organizations.tenancy import find, not_visible

ROLES_OF_SIDE: dict[str, tuple[Role, ...]] = {
    Membership.Side.CERTIFIER: STAFF_ROLES,
    Membership.Side.CLIENT: CLIENT_ROLES,
    Membership.Side.IMPORTER: (Role.IMPORTER,),
    Membership.Side.BROKER: (Role.BROKER,),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Party:
    """One organisation: which side, and its ids as memberships hold them."""

    side: str
    certifier_id: uuid.UUID | None = None
    client_id: uuid.UUID | None = None
    operation_id: uuid.UUID | None = None
    broker_id: uuid.UUID | None = None

    @property
    def ids(self) -> dict[str, uuid.UUID | None]:
        """The four columns of a membership or invitation."""
        return {
            "certifier_id": self.certifier_id,
            "client_id": self.client_id,
            "operation_id": self.operation_id,
            "broker_id": self.broker_id,
        }

    def host(self, user_id: uuid.UUID | None) -> Identity:
        """The identity that may write this organisation's people; ``user_id`` is who is behind the act."""
        if self.operation_id and self.side == Membership.Side.IMPORTER:
            return Identity(kind=Kind.IMPORTER, operation_id=self.operation_id, user_id=user_id)
        if self.broker_id:
            return Identity(kind=Kind.BROKER, broker_id=self.broker_id, user_id=user_id)
        return Identity(kind=Kind.LOOP, certifier_id=self.certifier_id, user_id=user_id)


def party_of_invitation(invitation: Invitation) -> Party:
    """The organisation an invitation leads into."""
    return Party(
        invitation.side, invitation.certifier_id, invitation.client_id, invitation.operation_id, invitation.broker_id
    )


def party_of_membership(membership: Membership) -> Party:
    """The organisation of a membership."""
    return Party(
        membership.side, membership.certifier_id, membership.client_id, membership.operation_id, membership.broker_id
    )


def own_party(actor: Identity) -> Party:
    """The organisation the actor acts for. Raises ``NotVisible`` for people without one."""
    if actor.kind in {Kind.STAFF, Kind.SUPPORT}:
        return Party(Membership.Side.CERTIFIER, certifier_id=actor.certifier_id)
    if actor.kind is Kind.EXPORTER:
        return Party(Membership.Side.CLIENT, certifier_id=actor.certifier_id, client_id=actor.client_id)
    if actor.kind is Kind.IMPORTER:
        return Party(Membership.Side.IMPORTER, operation_id=actor.operation_id)
    if actor.kind is Kind.BROKER:
        return Party(Membership.Side.BROKER, broker_id=actor.broker_id)
    raise not_visible()


def client_party(actor: Identity, client_id: uuid.UUID | str) -> Party:
    """A client's organisation, for its certifier. Raises ``NotVisible`` across tenants."""
    client = find(Client.objects.all(), actor, client_id)
    return Party(Membership.Side.CLIENT, certifier_id=client.certifier_id, client_id=client.pk)


def may_manage(actor: Identity, party: Party) -> bool:
    """Whether the actor manages the people of ``party``.

    A certifier's manager manages its staff and its clients' people; a signatory their exporter's; members of importers
    and brokers their own.
    """
    if party.side == Membership.Side.CERTIFIER:
        return actor.kind is Kind.STAFF and actor.certifier_id == party.certifier_id and actor.has(Role.MANAGER)
    if party.side == Membership.Side.CLIENT:
        if actor.certifier_id != party.certifier_id:
            return False
        by_staff = actor.kind is Kind.STAFF and actor.has(Role.MANAGER)
        return by_staff or (actor.client_id == party.client_id and actor.has(Role.SIGNATORY))
    if party.side == Membership.Side.IMPORTER:
        return actor.kind is Kind.IMPORTER and actor.operation_id == party.operation_id and actor.has(Role.IMPORTER)
    return actor.kind is Kind.BROKER and actor.broker_id == party.broker_id and actor.has(Role.BROKER)


def require_manager(actor: Identity, party: Party) -> None:
    """Raise ``NotPermitted`` unless the actor manages the people of ``party``."""
    if not may_manage(actor, party):
        raise NotPermitted("PEOPLE-MANAGER", _("Only the people who manage this organization may do this."))


def clean_roles(side: str, roles: list[str]) -> list[str]:
    """``roles`` in a fixed order, each once. Raises ``InvalidInput`` ROLE-NONE or ROLE-SIDE."""
    allowed = ROLES_OF_SIDE[side]
    if not roles:
        raise InvalidInput("ROLE-NONE", _("Choose at least one role."), field="roles")
    if not set(roles) <= {role.value for role in allowed}:
        raise InvalidInput("ROLE-SIDE", _("This role does not belong to this kind of organization."), field="roles")
    return [role.value for role in allowed if role.value in roles]
