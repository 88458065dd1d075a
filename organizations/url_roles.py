"""Who may open the URLs of this app."""

from organizations.access import CLIENT, PARTIES, PUBLIC, SIGNED_IN, STAFF, Anyone, Audience
from organizations.roles import Role

_GRANTORS: Audience = CLIENT | {Role.IMPORTER, Role.BROKER}
_MANAGERS: Audience = frozenset({Role.MANAGER, Role.SIGNATORY, Role.IMPORTER, Role.BROKER})

URL_ROLES: dict[str, Audience] = {
    "organizations:people": PARTIES,
    "organizations:member": PARTIES,
    "organizations:member_end": _MANAGERS,
    "organizations:invitation_revoke": _MANAGERS,
    "organizations:accept": PUBLIC,
    "organizations:switch": SIGNED_IN,
    "organizations:tokens": PARTIES,
    "organizations:token_revoke": PARTIES,
    "organizations:claim": SIGNED_IN,
    "organizations:delegations": _GRANTORS,
    "organizations:delegation_revoke": frozenset({Role.SIGNATORY, Role.IMPORTER}),
    "organizations:clients": STAFF,
    "organizations:client": STAFF,
    "organizations:directory": STAFF,
    "organizations:directory_imports": frozenset({Anyone.PLATFORM}),
    "organizations:directory_import": frozenset({Anyone.PLATFORM}),
    "organizations:importer_confirm": frozenset({Role.MANAGER, Anyone.PLATFORM}),
    "organizations:settings": STAFF,
    "organizations:guarded_changes": STAFF,
    "organizations:sign_on": STAFF,
    # by the certifier's own link: whoever has it may try, and its provider's word decides
    "sign_on:way_in": PUBLIC,
    "sign_on:back": PUBLIC,
    "organizations:guarded_change": frozenset({Role.MANAGER}),
    "organizations:audit": frozenset({Role.AUDITOR, Role.MANAGER}),
    "organizations:letterhead": STAFF,
    "organizations:platform": frozenset({Anyone.PLATFORM}),
    "organizations:support": frozenset({Anyone.PLATFORM}),
    "organizations:support_enter": frozenset({Anyone.PLATFORM}),
    # a support session itself reads as an auditor does
    "organizations:support_end": frozenset({Anyone.PLATFORM, Role.MANAGER, Role.AUDITOR}),
    "organizations:support_log": frozenset({Role.MANAGER, Role.AUDITOR}),
    "organizations:operator_people": frozenset({Anyone.PLATFORM}),
    "organizations:session_end": SIGNED_IN,
    "organizations:sessions_end_all": SIGNED_IN,
    "organizations:access_review": frozenset({Role.MANAGER, Role.AUDITOR}),
    "organizations:access_review_sheet": frozenset({Role.MANAGER, Role.AUDITOR}),
}

#: Who belongs here and with which roles, what acts in their name, and by which rules.
SENSITIVE_URLS = frozenset({
    "organizations:people", "organizations:member", "organizations:member_end", "organizations:client",
    "organizations:tokens", "organizations:importer_confirm", "organizations:settings", "organizations:platform",
    "organizations:access_review", "organizations:operator_people", "organizations:guarded_change",
    "organizations:delegations", "organizations:support", "organizations:support_enter",
})  # fmt: skip

#: The form takes the secret of the portal at the certifier's identity provider.
ASK_FIRST_URLS = frozenset({"organizations:sign_on"})
