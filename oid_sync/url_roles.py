"""Who may open the URLs of this app: staff read; approvers and managers act."""

from organizations.access import STAFF, Audience
from organizations.roles import Role

_ACTING: Audience = frozenset({Role.APPROVER, Role.MANAGER})

URL_ROLES: dict[str, Audience] = {
    "oid_sync:desk": STAFF,
    "oid_sync:connection": STAFF,
    "oid_sync:resend": _ACTING,
    "oid_sync:back_to_review": _ACTING,
    "oid_sync:reconciliation": STAFF,
    "oid_sync:reconciliation_progress": STAFF,
    "oid_sync:start_reconciliation": _ACTING,
    "api:reconciliation-latest": STAFF,
}
