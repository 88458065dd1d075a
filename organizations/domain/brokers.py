"""What an importer or exporter lets a broker do: by grant, with its scopes and an end date, revocable."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from core import audit, clock
from core.errors import InvalidInput
from core.identity import Identity, Kind, act_as
from core.models import Audience, Notification
from core.notify import notify
from organizations import delegated
from organizations.domain import invitations
from organizations.domain.parties import Party, own_party, require_manager
from organizations.grant_scopes import OF_EXPORTER, OF_IMPORTER, GrantScope
from organizations.models import Broker, Client, Delegation, Membership, Operation
from organizations.roles import Role
from organizations.tenancy import find

#: Days before its end on which both sides are told of it.
WARNED_DAYS = 14


def last_day_of(first: dt.date) -> dt.date:
    """The last day that a grant made on ``first`` can have: a year later."""
    try:
        return first.replace(year=first.year + 1)
    except ValueError:  # the 29th of February
        return dt.date(first.year + 1, 3, 1)


def offered_scopes(actor: Identity) -> tuple[GrantScope, ...]:
    """What the actor's side can let a broker do; nothing for those who do not delegate."""
    return {Kind.IMPORTER: OF_IMPORTER, Kind.EXPORTER: OF_EXPORTER}.get(actor.kind, ())


def grant(
    actor: Identity,
    *,
    broker_id: uuid.UUID | str,
    valid_until: dt.date,
    scopes: Collection[str] = (),
    valid_from: dt.date | None = None,
) -> Delegation:
    """Let a broker act for the actor's organisation until a day (UTC), at most a year from now, within ``scopes``.

    To see the certificates is always in it. A grant to the same broker that is still in force is replaced, so what it
    allows and its end are changed by granting again; both sides are told. Raises ``NotPermitted``, ``InvalidInput``
    GRANT-WHO, GRANT-DATES, GRANT-SCOPES, GRANT-BROKER.
    """
    party = own_party(actor)
    require_manager(actor, party)
    grantor, name = _grantor(actor)
    today = delegated.today()
    start = valid_from or today
    if not max(start, today) <= valid_until <= last_day_of(today):
        text = _("Choose a last day from %(first)s to %(last)s: a grant lasts a year at most, and can be given again.")
        words = {"first": max(start, today).isoformat(), "last": last_day_of(today).isoformat()}
        raise InvalidInput("GRANT-DATES", text % words, field="valid_until")
    chosen = _scopes(actor, scopes)
    broker = Broker.objects.filter(pk=broker_id).first()
    if broker is None:
        raise InvalidInput("GRANT-BROKER", _("Choose a broker of the list."), field="broker")
    older = list(
        Delegation.objects.select_for_update().filter(broker=broker, revoked_at=None, **grantor).order_by("pk")
    )
    replaced = [row for row in older if row.valid_until >= today]
    for row in replaced:
        row.revoked_at = clock.now()
        row.save(update_fields=["revoked_at"])
    made = Delegation(
        broker=broker, grantor_name=name, scopes=chosen, valid_from=start, valid_until=valid_until,
        granted_by=actor.user_id, **grantor,
    )  # fmt: skip
    made.save(force_insert=True)
    audit.record(
        actor, "delegation.changed" if replaced else "delegation.granted", "delegation", made.pk,
        before={"scopes": replaced[-1].scopes, "valid_until": replaced[-1].valid_until} if replaced else {},
        after={"broker": broker.pk, "valid_from": start, "valid_until": valid_until, "scopes": chosen},
    )  # fmt: skip
    tell_both("delegation.changed" if replaced else "delegation.granted", made)
    return made


def _scopes(actor: Identity, wanted: Collection[str]) -> list[str]:
    """The scopes in the order of the field, the certificates first."""
    known = offered_scopes(actor)
    strange = sorted(set(wanted) - {scope.value for scope in known})
    if strange:
        text = _("“%(name)s” is not something that your organization can let a broker do.")
        raise InvalidInput("GRANT-SCOPES", text % {"name": strange[0]}, field="scopes")
    return [scope.value for scope in known if scope is GrantScope.CERTIFICATES or scope.value in wanted]


def _grantor(actor: Identity) -> tuple[dict[str, uuid.UUID | None], str]:
    """The columns of whoever grants, and what it is called."""
    if actor.kind is Kind.IMPORTER and actor.operation_id:
        return {"operation_id": actor.operation_id}, Operation.objects.get(pk=actor.operation_id).name
    if actor.kind is Kind.EXPORTER and actor.client_id:
        client = Client.objects.select_related("operation").get(pk=actor.client_id)
        return {"certifier_id": actor.certifier_id, "client_id": actor.client_id}, client.operation.name
    raise InvalidInput("GRANT-WHO", _("Only importers and exporters delegate to a broker."))


def revoke(actor: Identity, delegation_id: uuid.UUID | str) -> Delegation:
    """Take a grant back at once; both sides are told. Raises ``NotVisible``, ``NotPermitted``. Twice changes nothing."""
    row = find(Delegation.objects.select_for_update(), actor, delegation_id)
    require_manager(actor, own_party(actor))
    if row.revoked_at is None:
        row.revoked_at = clock.now()
        row.save(update_fields=["revoked_at"])
        audit.record(actor, "delegation.revoked", "delegation", row.pk, after={"broker": row.broker_id})
        tell_both("delegation.revoked", row)
    return row


def tell_both(topic: str, row: Delegation, *, once: str = "") -> None:
    """Tell the broker and whoever gave the grant. ``once``: a word under which each of the two is told one time only."""
    broker = row.broker
    common: dict[str, Any] = {
        "certifier_id": row.certifier_id, "object_type": "delegation", "object_id": row.pk,
        "context": {
            "broker": broker.name, "grantor": row.grantor_name, "valid_until": row.valid_until, "scopes": row.scopes,
        },
    }  # fmt: skip
    keys = {side: uuid.uuid5(row.pk, f"{once}:{side}") if once else None for side in ("broker", "grantor")}
    if broker.email:
        notify(topic, Audience.EMAIL, None, email=broker.email, row_id=keys["broker"], **common)
    if row.client_id:
        notify(topic, Audience.CLIENT, row.client_id, roles=[Role.SIGNATORY], row_id=keys["grantor"], **common)
    else:
        notify(topic, Audience.OPERATION, row.operation_id, row_id=keys["grantor"], **common)


def warn_of_the_end(certifier_id: uuid.UUID | None) -> int:
    """Tell both sides of each grant that ends within ``WARNED_DAYS`` days, once; returns how many grants.

    Of the exporters of one certifier, or (None) of the importers, who are no certifier's.
    """
    with act_as(Identity.loop(certifier_id)):
        today = delegated.today()
        rows = Delegation.objects.filter(
            Q(certifier_id=certifier_id), revoked_at=None, valid_until__gte=today,
            valid_until__lte=today + dt.timedelta(days=WARNED_DAYS),
        ).select_related("broker")  # fmt: skip
        # whoever granted for a fortnight or less knows the end
        ends = {
            row.pk: row
            for row in rows.order_by("valid_until", "pk")
            if row.created_at.date() < row.valid_until - dt.timedelta(days=WARNED_DAYS)
        }
        told = Notification.objects.filter(topic="delegation.ends", object_id__in=list(ends))
        known = set(told.values_list("object_id", flat=True))
        untold = [row for key, row in ends.items() if key not in known]
        for row in untold:
            tell_both("delegation.ends", row, once="ends")
    return len(untold)


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
