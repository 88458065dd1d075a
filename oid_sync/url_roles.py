"""Who may open the URLs of this app and of its connectors: staff read; approvers and managers act."""

from importlib import import_module

from oid_sync.connectors import registry
from organizations.access import STAFF, Audience
from organizations.roles import Role

_ACTING: Audience = frozenset({Role.APPROVER, Role.MANAGER})

URL_ROLES: dict[str, Audience] = {
    "oid_sync:desk": STAFF,
    "oid_sync:call": STAFF,
    "oid_sync:connection": STAFF,
    "oid_sync:resend": _ACTING,
    "oid_sync:back_to_review": _ACTING,
    "oid_sync:settle": _ACTING,
    "oid_sync:reconciliation": STAFF,
    "oid_sync:reconciliation_progress": STAFF,
    "oid_sync:start_reconciliation": _ACTING,
    "api:reconciliation-latest": STAFF,
    **{
        f"oid_sync:{kind.name}:{name}": audience
        for kind in registry.kinds().values()
        if kind.pages
        for name, audience in import_module(kind.pages).URL_ROLES.items()
    },
}

#: The form takes the certifier's key for OID.
ASK_FIRST_URLS = frozenset({"oid_sync:connection"})
