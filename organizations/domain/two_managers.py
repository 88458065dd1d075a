"""What one manager alone may not change: it is proposed by one and put in force by another.

A floor that owns such a change registers, by kind, what puts it in force. It runs in the transaction of the second
manager's word, after the row says *confirmed*: PostgreSQL looks for that row where a control is weakened.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from core import audit, clock
from core.errors import Conflict, NotPermitted
from core.identity import Identity, Kind
from core.models import Audience
from core.notify import notify
from organizations.models import Certifier, Membership
from organizations.models_changes import GuardedChange
from organizations.roles import Role
from organizations.tenancy import find

#: How long a proposal can be confirmed.
LASTS = dt.timedelta(days=14)
State = GuardedChange.State
#: Name of what changes, its value now, its value afterwards; texts.
Line = tuple[str, str, str]
_puts_in_force: dict[str, Callable[[Identity, GuardedChange], None]] = {}


def register(kind: GuardedChange.Kind, put_in_force: Callable[[Identity, GuardedChange], None]) -> None:
    """Say what a confirmed change of ``kind`` does. It raises ``Conflict`` STALE where the present state is another."""
    _puts_in_force[kind.value] = put_in_force


def needed(actor: Identity) -> bool:
    """Whether the actor is a person of the certifier: the portal's own loops set things up, they weaken nothing."""
    return actor.kind is Kind.STAFF


def waiting(certifier_id: uuid.UUID, kind: GuardedChange.Kind) -> GuardedChange | None:
    """The change of this kind that waits for a second manager."""
    return GuardedChange.objects.filter(certifier_id=certifier_id, kind=kind, state=State.WAITING).first()


def propose(
    actor: Identity,
    kind: GuardedChange.Kind,
    lines: Sequence[Line],
    *,
    payload: Mapping[str, Any] | None = None,
    secret: bytes = b"",
) -> GuardedChange:
    """Write down what a manager wants to change; the other managers are told. The caller has checked it.

    ``secret``: encrypted bytes. Raises ``NotPermitted`` ROLE, ``Conflict`` CHANGE-WAITS while one of this kind waits.
    """
    certifier_id = actor.certifier_id
    if certifier_id is None or actor.user_id is None or not actor.has(Role.MANAGER):
        raise NotPermitted("ROLE", _("Only a manager of the certifier may propose this."))
    # one at a time: the certifier's own row is the lock
    Certifier.objects.select_for_update().get(pk=certifier_id)
    if waiting(certifier_id, kind) is not None:
        text = _("Another change of this kind waits for a second manager. It must be decided or withdrawn first.")
        raise Conflict("CHANGE-WAITS", text)
    row = GuardedChange(
        certifier_id=certifier_id, kind=kind, summary=[list(line) for line in lines], payload=dict(payload or {}),
        secret=secret, proposed_by=actor.user_id, expires_at=clock.now() + LASTS,
    )  # fmt: skip
    row.save(force_insert=True)
    _record(actor, row, "change.proposed")
    notify(
        "change.proposed", Audience.CERTIFIER, certifier_id, certifier_id=certifier_id, object_type="guarded_change",
        object_id=row.pk, roles=[Role.MANAGER], context={"kind": kind.value},
    )  # fmt: skip
    return row


def confirm(actor: Identity, change_id: uuid.UUID) -> GuardedChange:
    """Put a change in force; a second time gives the first result. Never by the manager who proposed it.

    Raises ``NotVisible``, ``NotPermitted`` (ROLE, SECOND-MANAGER), ``Conflict`` (CHANGE-ENDED, CHANGE-EXPIRED,
    PROPOSER-LEFT, and STALE where things stand otherwise than when it was proposed).
    """
    with transaction.atomic():
        row = _locked(actor, change_id)
        if row.state == State.CONFIRMED:
            return row
        _require_waiting(row)
        if row.proposed_by == actor.user_id:
            raise NotPermitted("SECOND-MANAGER", _("You proposed this change: another manager must confirm it."))
        if row.expires_at <= clock.now():
            raise Conflict("CHANGE-EXPIRED", _("This proposal is too old. Withdraw it and propose the change again."))
        if not _is_manager(row.certifier_id, row.proposed_by):
            text = _("The person who proposed this change is no manager any more. Refuse it and propose it again.")
            raise Conflict("PROPOSER-LEFT", text)
        _end(actor, row, State.CONFIRMED)
        _puts_in_force[row.kind](actor, row)
        _empty(row)
    _record(actor, row, "change.confirmed")
    _tell(row)
    return row


def turn_down(actor: Identity, change_id: uuid.UUID) -> GuardedChange:
    """Refuse another manager's change, or withdraw one's own; a second time gives the first result.

    Raises ``NotVisible``, ``NotPermitted`` ROLE, ``Conflict`` CHANGE-ENDED where it is in force.
    """
    row = _locked(actor, change_id)
    if row.state in {State.REFUSED, State.WITHDRAWN}:
        return row
    _require_waiting(row)
    own = row.proposed_by == actor.user_id
    _end(actor, row, State.WITHDRAWN if own else State.REFUSED)
    _empty(row)
    _record(actor, row, "change.withdrawn" if own else "change.refused")
    if not own:
        _tell(row)
    return row


def _locked(actor: Identity, change_id: uuid.UUID) -> GuardedChange:
    row = find(GuardedChange.objects.select_for_update(of=("self",)), actor, change_id)
    if actor.user_id is None or not actor.has(Role.MANAGER):
        raise NotPermitted("ROLE", _("Only a manager of the certifier may decide on this."))
    return row


def _require_waiting(row: GuardedChange) -> None:
    if row.state != State.WAITING:
        raise Conflict("CHANGE-ENDED", _("This change has been decided already."), details={"state": row.state})


def _is_manager(certifier_id: uuid.UUID, user_id: uuid.UUID) -> bool:
    live = Membership.objects.filter(
        certifier_id=certifier_id, side=Membership.Side.CERTIFIER, user_id=user_id, ended_at=None
    )
    return live.filter(user__is_active=True, roles__contains=[Role.MANAGER]).exists()


def _end(actor: Identity, row: GuardedChange, state: State) -> None:
    row.state, row.decided_by, row.decided_at = state, actor.user_id, clock.now()
    row.save(update_fields=["state", "decided_by", "decided_at"])


def _empty(row: GuardedChange) -> None:
    """Nothing secret is kept of a change that has ended."""
    row.secret = b""
    row.save(update_fields=["secret"])


def _record(actor: Identity, row: GuardedChange, act: str) -> None:
    audit.record(
        actor, act, "guarded_change", row.pk, certifier_id=row.certifier_id,
        after={"kind": row.kind, "lines": row.summary},
    )  # fmt: skip


def _tell(row: GuardedChange) -> None:
    notify(
        "change.decided", Audience.CERTIFIER, row.certifier_id, certifier_id=row.certifier_id,
        object_type="guarded_change", object_id=row.pk, roles=[Role.MANAGER],
        context={"kind": row.kind, "confirmed": row.state == State.CONFIRMED},
    )  # fmt: skip
