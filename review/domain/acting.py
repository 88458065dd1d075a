"""What every act of a reviewer begins with: the role, the locks, and whether the form still fits the request."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from core.errors import NotPermitted
from core.identity import Identity
from organizations.roles import Role
from requests_app.domain.requests import locked, require_version
from requests_app.models import Request

#: Staff who act on requests; an auditor only reads.
ACTING = (Role.REVIEWER, Role.APPROVER, Role.MANAGER)


def require_role(actor: Identity, *roles: Role) -> uuid.UUID:
    """The actor's user id, if it is a person of the certifier with one of ``roles``. Raises ``NotPermitted``.

    Loops are refused too: what a reviewer answers for is never done by a program.
    """
    if not actor.is_staff or actor.user_id is None or not actor.has(*roles):
        raise NotPermitted("ROLE", _("Your role does not allow this."))
    return actor.user_id


def begin(actor: Identity, request_id: uuid.UUID, *roles: Role) -> tuple[Request, uuid.UUID]:
    """The locked request and the acting person. Raises ``NotVisible`` for strangers, ``NotPermitted`` without the role."""
    request = locked(actor, request_id)
    return request, require_role(actor, *roles)


def require_fresh(request: Request, expected: int | None) -> None:
    """Refuse a form filled in on an older version, and tell who changed what and when. Raises ``Conflict`` STALE."""
    require_version(request, expected)
