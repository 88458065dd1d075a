"""What an importer or exporter lets a broker see: by grant, with an end date, revocable."""

from __future__ import annotations

import datetime as dt
import uuid

from django.utils.translation import gettext as _

from core import audit, clock
from core.errors import InvalidInput
from core.identity import Identity, Kind
from core.models import Audience
from core.notify import notify
from organizations.domain import invitations
from organizations.domain.parties import Party, own_party, require_manager
from organizations.models import Broker, Delegation, Membership
from organizations.roles import Role
from organizations.tenancy import find

LONGEST_DAYS = 2 * 366


def grant(
    actor: Identity, *, broker_id: uuid.UUID | str, valid_until: dt.date, valid_from: dt.date | None = None
) -> Delegation:
    """Let a broker see the actor's certificates until a day. Raises ``NotPermitted``, ``InvalidInput`` (dates, broker).

    A grant to the same broker that is still in force is replaced, so its end date can be moved by granting again.
    """
    party = own_party(actor)
    require_manager(actor, party)
    today = clock.now().date()
    start = valid_from or today
    if not max(start, today) <= valid_until <= today + dt.timedelta(days=LONGEST_DAYS):
        text = _("The last day must lie between the first day and two years from now.")
        raise InvalidInput("GRANT-DATES", text, field="valid_until")
    broker = Broker.objects.filter(pk=broker_id).first()
    if broker is None:
        raise InvalidInput("GRANT-BROKER", _("Choose a broker of the list."), field="broker")
    grantor = _grantor(actor)
    for older in (
        Delegation.objects.select_for_update().filter(broker=broker, revoked_at=None, **grantor).order_by("pk")
    ):
        older.revoked_at = clock.now()
        older.save(update_fields=["revoked_at"])
    row = Delegation(broker=broker, valid_from=start, valid_until=valid_until, granted_by=actor.user_id, **grantor)
    row.save(force_insert=True)
    audit.record(
        actor, "delegation.granted", "delegation", row.pk,
        after={"broker": broker.pk, "valid_from": start, "valid_until": valid_until},
    )  # fmt: skip
    if broker.email:
        notify(
            "delegation.granted", Audience.EMAIL, None, certifier_id=actor.certifier_id, object_type="delegation",
            object_id=row.pk, email=broker.email, context={"broker": broker.name, "valid_until": valid_until},
        )  # fmt: skip
    return row


def _grantor(actor: Identity) -> dict[str, uuid.UUID | None]:
    if actor.kind is Kind.IMPORTER:
        return {"operation_id": actor.operation_id}
    if actor.kind is Kind.EXPORTER:
        return {"certifier_id": actor.certifier_id, "client_id": actor.client_id}
    raise InvalidInput("GRANT-WHO", _("Only importers and exporters delegate to a broker."))


def revoke(actor: Identity, delegation_id: uuid.UUID | str) -> Delegation:
    """Take a grant back at once. Raises ``NotVisible``, ``NotPermitted``. A second time changes nothing."""
    row = find(Delegation.objects.select_for_update(), actor, delegation_id)
    require_manager(actor, own_party(actor))
    if row.revoked_at is None:
        row.revoked_at = clock.now()
        row.save(update_fields=["revoked_at"])
        audit.record(actor, "delegation.revoked", "delegation", row.pk, after={"broker": row.broker_id})
    return row


def introduce(actor: Identity, *, name: str, email: str) -> Broker:
    """Bring a broker that the portal does not know yet; its first person is invited. Raises ``InvalidInput`` BROKER-KNOWN."""
    require_manager(actor, own_party(actor))
    if Broker.objects.filter(name__iexact=name.strip()).exists():
        raise InvalidInput("BROKER-KNOWN", _("There is a broker of this name: choose it in the list."), field="name")
    broker = Broker(name=name.strip(), email=email.strip().lower())
    broker.save(force_insert=True)
    audit.record(actor, "broker.introduced", "broker", broker.pk, after={"name": broker.name})
    party = Party(Membership.Side.BROKER, broker_id=broker.pk)
    invitation, token = invitations.open_invitation(actor, party, email=broker.email, roles=[Role.BROKER])
    invitations.send(invitation, token, organisation=broker.name)
    return broker
