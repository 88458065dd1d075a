"""In whose name a broker looks at certificates: the exporters and importers whose grants show it them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from certificates.models import Certificate
from core.identity import Identity, Kind
from organizations import delegated


def reading(actor: Identity, certificates: Iterable[Certificate]) -> Identity:
    """The actor as the audit row names whoever takes a document: a broker with those on whose behalf. Its grants are used."""
    if actor.kind is not Kind.BROKER:
        return actor
    rows = list(certificates)
    return delegated.reading(
        actor, clients=[row.client_id for row in rows], importers=[row.importer_id for row in rows]
    )


def acts_for(actor: Identity, certificate: Certificate) -> str:
    """For whom a broker acts on a certificate: the names of those who let it; empty for everybody else."""
    grants = delegated.grants_on(actor, clients=[certificate.client_id], importers=[certificate.importer_id])
    return delegated.names(grants)


def for_each(actor: Identity, certificates: Iterable[Certificate]) -> dict[uuid.UUID, str]:
    """:func:`acts_for` of several certificates at once, by key; nothing for others than brokers."""
    if actor.kind is not Kind.BROKER:
        return {}
    rows = list(certificates)
    grants = delegated.grants_on(
        actor, clients=[row.client_id for row in rows], importers=[row.importer_id for row in rows]
    )
    return {
        row.pk: delegated.names(
            [one for one in grants if one.client_id == row.client_id or one.operation_id == row.importer_id]
        )
        for row in rows
    }
