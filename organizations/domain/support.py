"""Support sessions of the platform operator: opened with a reason and for a time, logged, ended by either side."""

from __future__ import annotations

import datetime as dt
import uuid

from django.utils.translation import gettext as _

from core import audit, clock
from core.errors import Conflict, InvalidInput, NotPermitted
from core.identity import Identity, Kind
from core.models import Audience
from core.notify import notify
from organizations.models import Certifier, SupportSession, User
from organizations.roles import Role
from organizations.support_models import LONGEST
from organizations.tenancy import TenantQuerySet, not_visible

SHORTEST_REASON = 10
MINUTES = (5, int(LONGEST.total_seconds()) // 60)


def open_session(actor: Identity, certifier_id: uuid.UUID | str, *, reason: str, minutes: int) -> SupportSession:
    """Let the operator who acts read one certifier's data for ``minutes``; its managers are told.

    A second time at the same certifier returns the session that is open. Raises ``NotPermitted`` for anybody but a
    platform operator, ``InvalidInput`` (certifier, reason, minutes), ``Conflict`` SUPPORT-OPEN while one is open elsewhere.
    """
    operator = _operator(actor)
    reason = " ".join(reason.split())
    if len(reason) < SHORTEST_REASON:
        raise InvalidInput("SUPPORT-REASON", _("Say why, in a sentence: the certifier reads it."), field="reason")
    if not MINUTES[0] <= minutes <= MINUTES[1]:
        text = _("A support session lasts from %(least)s to %(most)s minutes.")
        words = {"least": MINUTES[0], "most": MINUTES[1]}
        raise InvalidInput("SUPPORT-MINUTES", text % words, field="minutes")
    certifier = Certifier.objects.filter(pk=certifier_id).first()
    if certifier is None:
        raise InvalidInput("SUPPORT-CERTIFIER", _("Choose a certifier of the list."), field="certifier")
    # the operator's own row is the lock: one session at a time
    User.objects.select_for_update().get(pk=operator.pk)
    there = SupportSession.objects.filter(operator=operator, ended_at=None).first()
    if there is not None and there.is_open:
        if there.certifier_id == certifier.pk:
            return there
        raise Conflict("SUPPORT-OPEN", _("End your session at the other certifier first."), field="certifier")
    if there is not None:
        _finish(there, there.expires_at, None)
    now = clock.now()
    row = SupportSession(
        certifier=certifier, operator=operator, operator_name=str(operator)[:150], reason=reason[:300], opened_at=now,
        expires_at=now + dt.timedelta(minutes=minutes),
    )  # fmt: skip
    row.save(force_insert=True)
    audit.record(
        actor, "support.opened", "support_session", row.pk, certifier_id=certifier.pk,
        after={"reason": row.reason, "until": row.expires_at},
    )  # fmt: skip
    _tell("support.opened", row)
    return row


def end_session(actor: Identity, session_id: uuid.UUID | str) -> SupportSession:
    """End a session at once. For platform operators and the certifier's managers; a second time changes nothing.

    Raises ``NotVisible`` across certifiers, ``NotPermitted`` for the certifier's other people.
    """
    row = _seen_by(actor, SupportSession.objects.select_for_update()).filter(pk=session_id).first()
    if row is None:
        raise not_visible()
    if actor.kind is Kind.STAFF and not actor.has(Role.MANAGER):
        raise NotPermitted("SUPPORT-MANAGER", _("Only a manager may end a support session."))
    if row.ended_at is None:
        _finish(row, min(clock.now(), row.expires_at), actor.user_id)
        audit.record(actor, "support.ended", "support_session", row.pk, certifier_id=row.certifier_id)
        _tell("support.ended", row)
    return row


def sessions(actor: Identity) -> list[SupportSession]:
    """The last hundred sessions that the actor may see, newest first: a certifier's own, or an operator's list."""
    rows = _seen_by(actor, SupportSession.objects.select_related("certifier"))
    return list(rows.order_by("-opened_at", "-pk")[:100])


def _seen_by(actor: Identity, rows: TenantQuerySet[SupportSession]) -> TenantQuerySet[SupportSession]:
    if actor.kind is Kind.PLATFORM:
        return rows
    if actor.kind is Kind.SUPPORT:
        return rows.filter(operator_id=actor.user_id)
    return rows.visible_to(actor)


def _operator(actor: Identity) -> User:
    operator = None
    if actor.kind is Kind.PLATFORM and actor.user_id is not None:
        operator = User.objects.filter(pk=actor.user_id, is_active=True, is_platform_operator=True).first()
    if operator is None:
        raise NotPermitted("PLATFORM-ONLY", _("Only a platform operator may open a support session."))
    return operator


def _finish(row: SupportSession, at: dt.datetime, by: uuid.UUID | None) -> None:
    row.ended_at, row.ended_by = at, by
    row.save(update_fields=["ended_at", "ended_by"])


def _tell(topic: str, row: SupportSession) -> None:
    notify(
        topic, Audience.CERTIFIER, row.certifier_id, certifier_id=row.certifier_id, object_type="support_session",
        object_id=row.pk, roles=[Role.MANAGER],
        context={"operator": row.operator_name, "reason": row.reason, "until": row.expires_at},
    )  # fmt: skip
