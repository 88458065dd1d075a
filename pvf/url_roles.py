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
    "api:pvf-line-terms": READERS,
    "api:pvf-top-up": PROPOSERS,
    "api:pvf-next-year": PROPOSERS,
    "api:pvf-version-list": READERS,
    "api:pvf-version": READERS,
    "api:pvf-draft-line": PROPOSERS,
    "api:pvf-draft-line-remove": PROPOSERS,
    "api:pvf-draft-carry": PROPOSERS,
    "api:pvf-documents": PROPOSERS,
    "api:pvf-draft-propose": PROPOSERS,
    "api:pvf-withdraw": PROPOSERS,
    "api:pvf-approve": MANAGERS,
    "api:pvf-reject": MANAGERS,
    "api:pvf-report-list": READERS,
    "api:pvf-report": READERS,
    "api:pvf-report-approve": MANAGERS,
    "api:pvf-report-reject": MANAGERS,
    "api:pvf-report-withdraw": PROPOSERS,
    "api:pvf-line-statement": READERS,
}

#: Approvals that put kilograms on a line.
SENSITIVE_URLS = frozenset({
    "pvf:approve", "pvf:reject", "pvf:report-approve", "pvf:report-reject",
    "api:pvf-approve", "api:pvf-reject", "api:pvf-report-approve", "api:pvf-report-reject",
})  # fmt: skip
