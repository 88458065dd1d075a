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
    "pvf:import": PROPOSERS,
    "pvf:template": PROPOSERS,
    "pvf:start": PROPOSERS,
    "pvf:change": PROPOSERS,
    "pvf:draft": PROPOSERS,
    "pvf:draft-head": PROPOSERS,
    "pvf:draft-carry": PROPOSERS,
    "pvf:draft-line": PROPOSERS,
    "pvf:draft-line-remove": PROPOSERS,
    "pvf:draft-documents": PROPOSERS,
    "pvf:draft-propose": PROPOSERS,
    "pvf:document": READERS,
    "pvf:document-remove": PROPOSERS,
    "pvf:withdraw": PROPOSERS,
    "pvf:export": READERS,
    "pvf:top-up": PROPOSERS,
    "pvf:process": PROPOSERS,
    "pvf:next-year": PROPOSERS,
    "pvf:report": READERS,
    "pvf:report-approve": MANAGERS,
    "pvf:report-reject": MANAGERS,
    "pvf:report-withdraw": PROPOSERS,
    "pvf:approve": MANAGERS,
    "pvf:reject": MANAGERS,
    "pvf:editions": STAFF | {Anyone.PLATFORM},
    "pvf:edition-save": MANAGERS | {Anyone.PLATFORM},
    "api:pvf-list": READERS,
    "api:pvf-line-list": READERS,
    "api:pvf-line-balance": READERS,
}
