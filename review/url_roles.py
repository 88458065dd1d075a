"""Who may open the URLs of this app: staff read, those who act act, approvers decide, managers override."""

from organizations.access import ACTING_STAFF, STAFF, Audience
from organizations.roles import Role

APPROVERS: Audience = frozenset({Role.APPROVER})
MANAGERS: Audience = frozenset({Role.MANAGER})

URL_ROLES: dict[str, Audience] = {
    "review:queue": STAFF,
    "review:request": STAFF,
    "review:document": STAFF,
    "review:claim": ACTING_STAFF,
    "review:hand-back": ACTING_STAFF,
    "review:check": ACTING_STAFF,
    "review:lapse": ACTING_STAFF,
    "review:recommend": ACTING_STAFF,
    "review:ask": ACTING_STAFF,
    "review:correct": ACTING_STAFF,
    "review:approve": APPROVERS,
    "review:reject": APPROVERS,
    "review:override": MANAGERS,
    "api:review-queue": STAFF,
    "api:review-claim": ACTING_STAFF,
    "api:review-recommend": ACTING_STAFF,
    "api:review-ask": ACTING_STAFF,
    "api:review-approve": APPROVERS,
    "api:review-reject": APPROVERS,
}

#: Decisions, and what lets a request past a check.
SENSITIVE_URLS = frozenset({
    "review:approve", "review:reject", "review:override", "api:review-approve", "api:review-reject",
})  # fmt: skip
