"""Row policies of requests: the certifier's side, of its exporters the one whose request it is, and that one's broker.

A broker whose grant holds ``drafts`` sees what was never submitted, and of the rest what it began itself; it writes
drafts, and withdraws them, and never submits.
"""

from core.policy import ALL, APPEND, BROKER, KIND, NO_DELETE, ROWS, ROWS_READ, STAFF_READ, STAFF_ROW, Table, delegated

_DRAFTS_FOR = f"{KIND} = 'broker' AND client_id = {delegated('clients', 'drafts')}"
_SEEN_BY_BROKER = f"({_DRAFTS_FOR} AND (submitted_at IS NULL OR broker_id = {BROKER}))"
_DRAFTED_BY_BROKER = (
    f"({_DRAFTS_FOR} AND submitted_at IS NULL AND submitted_by IS NULL AND state IN ('draft', 'withdrawn'))"
)
#: Rows below a request: as the request is seen, and while it may be drafted (sql/026_brokers.sql).
_BELOW = f"({KIND} = 'broker' AND portal_sees_request(request_id))"
_BELOW_DRAFT = f"({KIND} = 'broker' AND portal_drafts_request(request_id, certifier_id, client_id))"
_PART_READ, _PART = f"{ROWS_READ} OR {_BELOW}", f"{ROWS} OR {_BELOW_DRAFT}"

TABLES = [
    Table(
        "requests_app_request",
        read=f"{ROWS_READ} OR {_SEEN_BY_BROKER}",
        write=f"{ROWS} OR {_DRAFTED_BY_BROKER}",
        insert=f"{ROWS} OR ({_DRAFTED_BY_BROKER} AND state = 'draft' AND broker_id = {BROKER})",
        grants=NO_DELETE,
    ),
    Table("requests_app_requestlot", read=_PART_READ, write=_PART, grants=ALL),
    Table("requests_app_requestcontainer", read=_PART_READ, write=_PART, grants=ALL),
    Table("requests_app_requestinvoice", read=_PART_READ, write=_PART, grants=ALL),
    Table("requests_app_requestdocument", read=_PART_READ, write=_PART, grants=NO_DELETE),
    Table("requests_app_checkrun", read=ROWS_READ, write=ROWS, grants=APPEND),
    Table("requests_app_stafffindings", read=STAFF_READ, write=STAFF_ROW, grants=APPEND),
    Table("requests_app_question", read=ROWS_READ, write=ROWS, grants=NO_DELETE),
    Table("requests_app_proposedcorrection", read=ROWS_READ, write=ROWS, grants=NO_DELETE),
]

#: Functions that run with the owner's rights (core.policy.declared_definers).
DEFINERS = {
    "requests_app_replacement_open": "whether a request to replace a certificate is open: yes or no, to the broker who"
    " reports its shipments and may not read the request",
    "requests_app_forget_draft": "a draft that was never submitted and is older than five years; no grant deletes a request",
}
