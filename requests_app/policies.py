"""Row policies of requests: the certifier's side, and of its exporters the one whose request it is."""

from core.policy import ALL, APPEND, NO_DELETE, ROWS, ROWS_READ, STAFF_READ, STAFF_ROW, Table

TABLES = [
    Table("requests_app_request", read=ROWS_READ, write=ROWS, grants=NO_DELETE),
    Table("requests_app_requestlot", read=ROWS_READ, write=ROWS, grants=ALL),
    Table("requests_app_requestcontainer", read=ROWS_READ, write=ROWS, grants=ALL),
    Table("requests_app_requestinvoice", read=ROWS_READ, write=ROWS, grants=ALL),
    Table("requests_app_requestdocument", read=ROWS_READ, write=ROWS, grants=NO_DELETE),
    Table("requests_app_checkrun", read=ROWS_READ, write=ROWS, grants=APPEND),
    Table("requests_app_stafffindings", read=STAFF_READ, write=STAFF_ROW, grants=APPEND),
    Table("requests_app_question", read=ROWS_READ, write=ROWS, grants=NO_DELETE),
    Table("requests_app_proposedcorrection", read=ROWS_READ, write=ROWS, grants=NO_DELETE),
]

#: Functions that run with the owner's rights (core.policy.declared_definers).
DEFINERS = {
    "requests_app_forget_draft": "a draft that was never submitted and is older than five years; no grant deletes a request",
}
