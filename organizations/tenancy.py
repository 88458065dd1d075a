"""The first net round every tenant: the access funnel. A stranger gets 404, a member without the right 403.

Each tenant model names its ``tenancy``: how rows of it are found for each kind of identity. Views, API and forms fetch
only through ``visible_to`` and :func:`find`. Row-level security is the second net and does not know of this one.
"""

from __future__ import annotations

import dataclasses
import uuid
from typing import Any, Protocol, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext as _

from core.errors import NotVisible
from core.identity import Identity, Kind

M = TypeVar("M", bound=models.Model)
NONE = Q(pk__in=[])


class Tenancy(Protocol):
    """Which rows an identity may see."""

    def condition(self, actor: Identity) -> Q:
        """The filter for ``actor``; :data:`NONE` where it may see nothing."""
        ...


class _EqualsAny(Func):
    """``left = ANY (right)``."""

    template = "(%(expressions)s))"
    arg_joiner = " = ANY ("
    output_field = models.BooleanField()


def among(field: str, keys: models.QuerySet[Any, Any]) -> Q:
    """Rows whose ``field`` is one of ``keys`` (a queryset of one column), asked for as one array.

    Unlike ``__in`` with a sub-select it may be one of several alternatives and still be served by an index.
    """
    return Q(_EqualsAny(F(field), ArraySubquery(keys)))


@dataclasses.dataclass(frozen=True, slots=True)
class StaffRows:
    """Rows only the certifier's side sees."""

    def condition(self, actor: Identity) -> Q:
        if actor.is_staff and actor.certifier_id:
            return Q(certifier_id=actor.certifier_id)
        return NONE


@dataclasses.dataclass(frozen=True, slots=True)
class ClientRows:
    """Rows the certifier's side sees, and of the exporters the one whose row it is."""

    client_field: str = "client_id"

    def must_equal(self, actor: Identity) -> dict[str, uuid.UUID] | None:
        """What the columns of a row must hold for the actor to see it; None where it may see nothing."""
        if not actor.certifier_id:
            return None
        if actor.is_staff:
            return {"certifier_id": actor.certifier_id}
        if actor.kind is Kind.EXPORTER and actor.client_id:
            return {"certifier_id": actor.certifier_id, self.client_field: actor.client_id}
        return None

    def condition(self, actor: Identity) -> Q:
        equal = self.must_equal(actor)
        return NONE if equal is None else Q(**equal)

    def admits(self, actor: Identity, row: models.Model) -> bool:
        """The same rule, asked of a row that was read already."""
        equal = self.must_equal(actor)
        return equal is not None and all(getattr(row, name) == value for name, value in equal.items())


@dataclasses.dataclass(frozen=True, slots=True)
class PartyRows:
    """Rows of an organisation of any side: its own people see them, and the certifier's side those of its clients.

    ``by_side`` where the model has a ``side`` that must be the party's own.
    """

    by_side: bool = True

    def condition(self, actor: Identity) -> Q:
        side = {"side": actor.kind.value} if self.by_side else {}
        if actor.kind is Kind.IMPORTER and actor.operation_id:
            return Q(operation_id=actor.operation_id, **side)
        if actor.kind is Kind.BROKER and actor.broker_id:
            return Q(broker_id=actor.broker_id, **side)
        return ClientRows().condition(actor)


class TenantQuerySet(models.QuerySet[M]):
    """Adds the funnel to a model's manager."""

    def visible_to(self, actor: Identity) -> TenantQuerySet[M]:
        """Only the rows that ``actor`` may see, by the model's own tenancy."""
        tenancy: Tenancy = self.model.tenancy  # type: ignore[attr-defined]
        return self.filter(tenancy.condition(actor))


def find(queryset: TenantQuerySet[M], actor: Identity, pk: uuid.UUID | str, **lookup: Any) -> M:
    """The one row ``pk`` that ``actor`` may see. Raises :class:`~core.errors.NotVisible` for everything else."""
    try:
        return queryset.visible_to(actor).get(pk=pk, **lookup)
    except (ObjectDoesNotExist, ValidationError, ValueError) as error:
        raise not_visible() from error


def not_visible() -> NotVisible:
    """The one answer for what is not there and what is somebody else's."""
    return NotVisible("NOT-FOUND", _("There is no such page, or it is not yours to see."))
