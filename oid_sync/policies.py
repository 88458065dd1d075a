"""Row policies of the link to OID: the certifier's own affair."""

from core.policy import ALL, APPEND, NO_DELETE, STAFF_READ, STAFF_ROW, Table

TABLES = [
    # holds the key to OID: a support session does not read it
    Table("oid_sync_oidconnection", read=STAFF_ROW, write=STAFF_ROW, grants=NO_DELETE),
    Table("oid_sync_oidcall", read=STAFF_READ, write=STAFF_ROW, grants=NO_DELETE),
    Table("oid_sync_oidexchange", read=STAFF_READ, write=STAFF_ROW, grants=APPEND),
    Table("oid_sync_handentry", read=STAFF_READ, write=STAFF_ROW, grants=NO_DELETE),
    Table("oid_sync_reconciliationrun", read=STAFF_READ, write=STAFF_ROW, grants=NO_DELETE),
    Table("oid_sync_drift", read=STAFF_READ, write=STAFF_ROW, grants=NO_DELETE),
    Table("oid_sync_oidrecord", read=STAFF_READ, write=STAFF_ROW, grants=ALL),
]

#: Functions that run with the owner's rights (core.policy.declared_definers).
DEFINERS = {
    "oid_sync_forget_exchanges": "what went over the wire ten years ago and more is forgotten; no grant deletes it",
}
