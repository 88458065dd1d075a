"""Who may open the URLs of this app: the exporter's people read, preparers and signatories write, signatories submit.

Staff read a client's requests in review, and over the API.
"""

from organizations.access import CLIENT, STAFF, Audience
from organizations.roles import Role

WRITERS: Audience = frozenset({Role.PREPARER, Role.SIGNATORY})
SIGNATORIES: Audience = frozenset({Role.SIGNATORY})
READERS: Audience = CLIENT | STAFF

URL_ROLES: dict[str, Audience] = {
    "requests:home": CLIENT,
    "requests:new": WRITERS,
    "requests:detail": CLIENT,
    "requests:task_list": CLIENT,
    "requests:task": WRITERS,
    "requests:document": CLIENT,
    "requests:document_add": WRITERS,
    "requests:document_remove": WRITERS,
    "requests:review_submit": WRITERS,
    "requests:answer": WRITERS,
    "requests:withdraw": WRITERS,
    "requests:copy": WRITERS,
    "requests:correction_accept": SIGNATORIES,
    "requests:correction_decline": SIGNATORIES,
    "api:request-list": READERS,
    "api:request-detail": READERS,
    "api:request-documents": WRITERS,
    "api:request-submit": SIGNATORIES,
    "api:request-withdraw": WRITERS,
    "api:request-findings": READERS,
    "api:request-answer": WRITERS,
}
