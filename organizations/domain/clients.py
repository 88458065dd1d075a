"""A certifier's exporters: taken from the directory, with the certifier's own record of their standing."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils.translation import gettext as _

from core import audit
from core.errors import Conflict, InvalidInput, NotPermitted
from core.identity import Identity
from core.models import Audience
from core.notify import notify
from core.wake import wake
from organizations.models import Client, Operation, OperationStatus
from organizations.roles import Role
from organizations.tenancy import find

CHANGEABLE = ("own_status", "reference", "contact_email", "max_period_months")


def _require_manager(actor: Identity) -> uuid.UUID:
    """The certifier's id. Raises ``NotPermitted`` unless the actor is its manager."""
    if actor.certifier_id is None or not (actor.is_staff and actor.has(Role.MANAGER)):
        raise NotPermitted("CLIENT-MANAGER", _("Only a manager of the certifier may change clients."))
    return actor.certifier_id


def add(actor: Identity, *, nop_id: str, reference: str = "", contact_email: str = "") -> Client:
    """Make an operation of the directory a client. Raises ``InvalidInput`` NOP-UNKNOWN, ``Conflict`` CLIENT-ALREADY."""
    certifier_id = _require_manager(actor)
    operation = Operation.objects.filter(nop_id=nop_id.strip()).first()
    if operation is None:
        raise InvalidInput("NOP-UNKNOWN", _("The directory has no operation with this NOP ID."), field="nop_id")
    if Client.objects.visible_to(actor).filter(operation=operation).exists():
        raise Conflict("CLIENT-ALREADY", _("This operation is a client already."), field="nop_id")
    client = Client(
        certifier_id=certifier_id, operation=operation, reference=reference.strip(),
        contact_email=contact_email.strip() or operation.email,
    )  # fmt: skip
    client.save(force_insert=True)
    audit.record(actor, "client.added", "client", client.pk, client_id=client.pk, after={"nop_id": operation.nop_id})
    return client


def change(actor: Identity, client_id: uuid.UUID | str, changes: dict[str, Any]) -> Client:
    """Change the certifier's own record of a client (:data:`CHANGEABLE`); its people learn of another standing.

    Locks the client's row, so a submit or approval that reads it waits. Raises ``NotVisible``, ``NotPermitted``.
    """
    client = find(Client.objects.select_for_update(of=("self",)), actor, client_id)
    _require_manager(actor)
    if changes.get("own_status", client.own_status) not in OperationStatus.values:
        raise InvalidInput("CLIENT-STATUS", _("There is no such standing."), field="own_status")
    wanted = {name: value for name, value in changes.items() if name in CHANGEABLE and value != getattr(client, name)}
    if not wanted:
        return client
    before = {name: getattr(client, name) for name in wanted}
    for name, value in wanted.items():
        setattr(client, name, value)
    client.save(update_fields=list(wanted))
    audit.record(actor, "client.changed", "client", client.pk, client_id=client.pk, before=before, after=wanted)
    if "own_status" in wanted:
        notify(
            "client.status", Audience.CLIENT, client.pk, certifier_id=client.certifier_id, object_type="client",
            object_id=client.pk, context={"client": client.operation.name, "status": client.own_status},
        )  # fmt: skip
        wake("suspension", client.certifier_id)
    return client
