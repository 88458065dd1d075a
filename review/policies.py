"""Row policies of review: the certifier's own. An exporter reads the reason of its decision from the request's history."""

from core.policy import APPEND, CLIENT_ROW, NO_DELETE, STAFF_ROW, Table

TABLES = [
    Table("review_recommendation", read=STAFF_ROW, write=STAFF_ROW, grants=APPEND),
    Table("review_checkoverride", read=STAFF_ROW, write=STAFF_ROW, grants=APPEND),
    Table("review_decision", read=f"{STAFF_ROW} OR {CLIENT_ROW}", write=STAFF_ROW, grants=NO_DELETE),
]
