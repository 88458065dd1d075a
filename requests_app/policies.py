"""Row policies of requests: the certifier's side, and of its exporters the one whose request it is."""

from core.policy import ALL, APPEND, CLIENT_ROW, NO_DELETE, STAFF_ROW, Table

_ROWS = f"{STAFF_ROW} OR {CLIENT_ROW}"

TABLES = [
    Table("requests_app_request", read=_ROWS, write=_ROWS, grants=NO_DELETE),
    Table("requests_app_requestlot", read=_ROWS, write=_ROWS, grants=ALL),
    Table("requests_app_requestcontainer", read=_ROWS, write=_ROWS, grants=ALL),
    Table("requests_app_requestinvoice", read=_ROWS, write=_ROWS, grants=ALL),
    Table("requests_app_requestdocument", read=_ROWS, write=_ROWS, grants=NO_DELETE),
    Table("requests_app_checkrun", read=_ROWS, write=_ROWS, grants=APPEND),
    Table("requests_app_stafffindings", read=STAFF_ROW, write=STAFF_ROW, grants=APPEND),
    Table("requests_app_question", read=_ROWS, write=_ROWS, grants=NO_DELETE),
    Table("requests_app_proposedcorrection", read=_ROWS, write=_ROWS, grants=NO_DELETE),
]
