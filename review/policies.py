"""Row policies of review: the certifier's own alone. The audit trail tells an exporter the outcome of a decision."""

from core.policy import APPEND, NO_DELETE, STAFF_READ, STAFF_ROW, Table

TABLES = [
    Table("review_recommendation", read=STAFF_READ, write=STAFF_ROW, grants=APPEND),
    Table("review_checkoverride", read=STAFF_READ, write=STAFF_ROW, grants=APPEND),
    Table("review_decision", read=STAFF_READ, write=STAFF_ROW, grants=NO_DELETE),
]
