"""Who may open the URLs of this app: staff and the exporter read, those who prepare propose, managers decide."""

from organizations.access import CLIENT, STAFF, Anyone, Audience
from organizations.roles import Role

READERS: Audience = STAFF | CLIENT
PROPOSERS: Audience = frozenset({Role.REVIEWER, Role.MANAGER, Role.PREPARER, Role.SIGNATORY})
MANAGERS: Audience = frozenset({Role.MANAGER})

URL_ROLES: dict[str, Audience] = {
    "pvf:list": READERS,
    "pvf:detail": READERS,
    "pvf:version": READERS,
    "pvf:line": READERS,
    "pvf:statement": READERS,
    "pvf:statement-xlsx": READERS,
    "pvf:statement-ask": READERS,
    "pvf:statement-file": READERS,
    "pvf:import": PROPOSERS,
    "pvf:template": PROPOSERS,
    "pvf:approve": MANAGERS,
    "pvf:reject": MANAGERS,
    "pvf:editions": STAFF | {Anyone.PLATFORM},
    "pvf:edition-save": MANAGERS | {Anyone.PLATFORM},
    "api:pvf-list": READERS,
    "api:pvf-line-list": READERS,
    "api:pvf-line-balance": READERS,
    "api:pvf-line-statement": READERS,
}
