"""What brokers hold, by grant: which grants count today, whose rows they open, and in whose name an act is done.

The row policies ask the same of PostgreSQL (``organizations/sql/018_delegations.sql``). Both mean the day in UTC.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from collections.abc import Iterable

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from core import clock
from core.errors import NotPermitted
from core.identity import Identity, Kind
from organizations.grant_scopes import GrantScope
from organizations.models import Delegation
from organizations.tenancy import NONE, ClientRows, among

NAME_LENGTH = 200


def today() -> dt.date:
    """The day by which grants begin and end: UTC's, as ``portal_today()`` has it in PostgreSQL."""
    return clock.now().astimezone(dt.UTC).date()


def live(actor: Identity, *scopes: GrantScope) -> QuerySet[Delegation]:
    """The grants a broker holds today, of these with one of ``scopes`` where any are named; none for anybody else."""
    if actor.kind is not Kind.BROKER or actor.broker_id is None:
        return Delegation.objects.none()
    day = today()
    rows = Delegation.objects.filter(
        broker_id=actor.broker_id, revoked_at=None, valid_from__lte=day, valid_until__gte=day
    )
    return rows.filter(scopes__overlap=list(scopes)) if scopes else rows


@dataclasses.dataclass(frozen=True, slots=True)
class DelegatedRows:
    """Rows of one client, for both sides, and for the brokers to whom it has given one of ``scopes``."""

    scopes: tuple[GrantScope, ...]
    prefix: str = ""

    def condition(self, actor: Identity) -> Q:
        """The filter for ``actor``."""
        if actor.kind is not Kind.BROKER:
            return ClientRows().condition(actor)
        if actor.broker_id is None:
            return NONE
        return among(f"{self.prefix}client_id", clients_of(actor, *self.scopes))


def clients_of(actor: Identity, *scopes: GrantScope) -> QuerySet[Delegation, uuid.UUID]:
    """The keys of the clients who let a broker do one of ``scopes`` today."""
    return live(actor, *scopes).filter(operation=None).values("client_id")  # type: ignore[return-value]


def for_client(actor: Identity, client_id: uuid.UUID, scope: GrantScope) -> Identity:
    """The broker acting for one of its exporters, as the audit row names it. Raises ``NotPermitted`` SCOPE."""
    return _acting(actor, live(actor, scope).filter(client_id=client_id).first(), scope)


def for_importer(actor: Identity, operation_id: uuid.UUID, scope: GrantScope) -> Identity:
    """The broker acting for one of its importers, as the audit row names it. Raises ``NotPermitted`` SCOPE."""
    return _acting(actor, live(actor, scope).filter(client=None, operation_id=operation_id).first(), scope)


def _acting(actor: Identity, grant: Delegation | None, scope: GrantScope) -> Identity:
    if grant is None:
        text = _("No grant that is in force lets you “%(what)s” here. Ask whoever you act for to change the grant.")
        raise NotPermitted("SCOPE", text % {"what": scope.label})
    note_use([grant])
    return dataclasses.replace(
        actor, certifier_id=grant.certifier_id, client_id=grant.client_id, on_behalf_of=grant.grantor_name[:NAME_LENGTH]
    )


def reading(actor: Identity, *, clients: list[uuid.UUID], importers: list[uuid.UUID]) -> Identity:
    """A broker who opens or takes what these exporters or importers let it see: named with all of them, use noted.

    Anybody else stays as they are.
    """
    grants = grants_on(actor, clients=clients, importers=importers)
    if not grants:
        return actor
    note_use(grants)
    return dataclasses.replace(actor, on_behalf_of=names(grants))


def grants_on(actor: Identity, *, clients: list[uuid.UUID], importers: list[uuid.UUID]) -> list[Delegation]:
    """The broker's grants in force of any of these exporters and importers, by name."""
    if actor.kind is not Kind.BROKER:
        return []
    wanted = Q(client_id__in=clients) | Q(client=None, operation_id__in=importers)
    return list(live(actor).filter(wanted).order_by("grantor_name", "pk"))


def names(grants: list[Delegation]) -> str:
    """Those who gave the grants, each once."""
    return ", ".join(dict.fromkeys(row.grantor_name for row in grants))[:NAME_LENGTH]


def note_use(grants: list[Delegation]) -> None:
    """Keep on each grant that it was used; written at most once an hour (the database's function sees to that)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT organizations_grants_used(%s)", [sorted(row.pk for row in grants)])


@dataclasses.dataclass(frozen=True, slots=True)
class BrokerAct:
    """One act that a broker's person did on an object, as its grantor and the certifier read it."""

    row_id: uuid.UUID
    act: str
    at: dt.datetime
    person: str
    broker: str
    on_behalf_of: str
    part: str

    @property
    def who(self) -> str:
        """The person with the broker they work for."""
        return f"{self.person} ({self.broker})"


def acts_on(certifier_id: uuid.UUID, object_id: uuid.UUID) -> list[BrokerAct]:
    """What brokers did to a request or certificate, as far as the reader may know who they are; oldest first.

    ``part``: the shipment that an act on a certificate was about, as text.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM organizations_acts_of_brokers(%s, %s)", [certifier_id, str(object_id)])
        return [BrokerAct(*row) for row in cursor.fetchall()]


def each_person_once(acts: Iterable[BrokerAct]) -> list[BrokerAct]:
    """The first act of each person on each one's behalf: whoever signs or reviews a draft sees who worked on it."""
    first: dict[tuple[str, str], BrokerAct] = {}
    for done in acts:
        first.setdefault((done.who, done.on_behalf_of), done)
    return list(first.values())
