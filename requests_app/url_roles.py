"""Who may open the URLs of this app: the exporter's people read, preparers and signatories write, signatories submit;
a broker prepares drafts on an exporter's behalf.

Staff read a client's requests in review, and over the API.
"""

from organizations.access import CLIENT, STAFF, Audience
from organizations.roles import Role

WRITERS: Audience = frozenset({Role.PREPARER, Role.SIGNATORY})
SIGNATORIES: Audience = frozenset({Role.SIGNATORY})
READERS: Audience = CLIENT | STAFF
#: A broker prepares drafts by grant: which, is for the access funnel and the row policies.
DRAFTERS: Audience = WRITERS | {Role.BROKER}

URL_ROLES: dict[str, Audience] = {
    "requests:home": CLIENT | {Role.BROKER},
    "requests:new": DRAFTERS,
    "requests:detail": CLIENT | {Role.BROKER},
    "requests:task_list": CLIENT | {Role.BROKER},
    "requests:task": DRAFTERS,
    "requests:document": CLIENT | {Role.BROKER},
    "requests:document_add": DRAFTERS,
    "requests:document_remove": DRAFTERS,
    "requests:review_submit": WRITERS,
    "requests:answer": WRITERS,
    "requests:withdraw": DRAFTERS,
    "requests:copy": WRITERS,
    "requests:correction_accept": SIGNATORIES,
    "requests:correction_decline": SIGNATORIES,
    "api:request-list": READERS | {Role.BROKER},
    "api:request-detail": READERS | {Role.BROKER},
    "api:request-documents": DRAFTERS,
    "api:request-submit": SIGNATORIES,
    "api:request-withdraw": DRAFTERS,
    "api:request-findings": READERS | {Role.BROKER},
    "api:request-answer": WRITERS,
}
