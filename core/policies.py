"""Row policies of the tables on this floor, and the reviewed list of tables that have none."""

from core.policy import (
    APPEND,
    CERTIFIER,
    KIND,
    LOOP_ROW,
    NO_DELETE,
    READ,
    ROWS,
    ROWS_READ,
    SIGNED_IN,
    USER,
    Table,
    delegated,
)

#: Django looks a session up by a random key that only the browser holds, before anybody is known.
_SESSION = "found by a random key before anybody is known; holds no tenant's data"
_UNUSED = "unused by the portal; Django's table, never written"

#: The loop of a certifier, or the loop of none for rows of no certifier.
_LOOP = f"({LOOP_ROW} OR ({KIND} = 'loop' AND certifier_id IS NULL))"
#: What belongs to a person: theirs, and before sign-in nobody knows whose. Staff see of colleagues and clients' people
#: whether an address is confirmed and a second step is set up (secrets are encrypted).
_PERSONS_ROW = f"({KIND} = 'nobody' OR user_id = {USER})"
_PERSONS_ROW_READ = (
    f"CASE {KIND} WHEN 'nobody' THEN true WHEN 'check' THEN false ELSE user_id = {USER} OR ({KIND} IN ('staff', 'loop')"
    " AND portal_knows(user_id)) END"
)

#: What belongs to no certifier: for the loop of none.
_LOOP_OF_NONE = f"({KIND} = 'loop' AND {CERTIFIER} IS NULL AND certifier_id IS NULL)"
_NOBODYS_CHAIN = f"({KIND} = 'loop' AND {CERTIFIER} IS NULL AND chain = '00000000-0000-0000-0000-000000000000')"
_CHAIN = f"(chain = {CERTIFIER} AND {KIND} IN ('staff', 'loop')) OR {_NOBODYS_CHAIN}"
_SEALER = f"(chain = {CERTIFIER} AND {KIND} = 'loop') OR {_NOBODYS_CHAIN}"

#: What a broker hands in for its exporter: a draft's document, a shipment's paper.
_HANDED_IN = f"({KIND} = 'broker' AND kind = 'upload' AND client_id = {delegated('clients', 'drafts', 'shipments')}"

TABLES = [
    # an act is on record as the act of whoever did it, and with the certifier it belongs to
    Table(
        "core_auditrow",
        # a broker reads the history of a draft that it sees, and nothing that was done elsewhere
        read=f"({ROWS_READ}) OR {_LOOP_OF_NONE} OR ({KIND} = 'broker' AND object_type = 'request' AND act LIKE 'request.%'"
        # the certifier too, so that an index serves each alternative
        f" AND certifier_id = {delegated('certifiers', 'drafts')} AND client_id = {delegated('clients', 'drafts')}"
        " AND portal_sees_request(portal_as_uuid(object_id)))",
        insert="portal_own_act(certifier_id, client_id, actor_id, object_id)",
        grants=APPEND,
    ),
    Table("core_auditseal", read=_CHAIN, write=_SEALER, grants=APPEND),
    Table("core_audithead", read=_CHAIN, write=_SEALER, grants=APPEND),
    Table("core_auditsealing", read=_CHAIN, write=_SEALER, grants=NO_DELETE),
    Table(
        "core_notification",
        read=_LOOP,
        insert="portal_own_news(certifier_id, object_id)",
        write=_LOOP,
        grants=NO_DELETE,
    ),
    Table(
        "core_delivery",
        read=f"user_id = {USER} OR {_LOOP}",
        write=f"user_id = {USER} OR {_LOOP}",
        insert=_LOOP,
        grants=NO_DELETE,
    ),
    Table(
        "core_mailchoice",
        read=f"user_id = {USER} OR {KIND} = 'loop'",
        write=f"user_id = {USER}",
        grants=NO_DELETE,
    ),
    Table(
        "core_storedfile",
        read=f"{ROWS_READ} OR (kind = 'certificate' AND {SIGNED_IN} AND portal_sees_document(id))"
        f" OR {_HANDED_IN} AND (created_by = {USER} OR portal_sees_paper(id)))",
        write=ROWS,
        insert=f"{ROWS} OR {_HANDED_IN} AND created_by = {USER})",
        grants=APPEND,
        update_columns=("scan", "scan_note", "scanned_at"),
    ),
    Table("django_session", open_because=_SESSION),
    Table("django_content_type", open_because="names of our own tables", grants=READ),
    Table("django_migrations", open_because="names of our own migrations", grants=READ),
    Table("auth_permission", open_because=_UNUSED, grants=READ),
    Table("auth_group", open_because=_UNUSED, grants=READ),
    Table("auth_group_permissions", open_because=_UNUSED, grants=READ),
    Table("account_emailaddress", read=_PERSONS_ROW_READ, write=_PERSONS_ROW),
    # confirmations are signed links: there is no row; whoever removes an address deletes those of it, none
    Table("account_emailconfirmation", read=f"{KIND} = 'nobody'", grants=("SELECT", "DELETE")),
    Table("mfa_authenticator", read=_PERSONS_ROW_READ, write=_PERSONS_ROW),
    Table("usersessions_usersession", read=_PERSONS_ROW_READ, write=_PERSONS_ROW),
]

DEFINERS = {
    "core_erase_from_audit": "erasure of a person reaches the audit rows of every certifier: personal values alone, for the"
    " platform operator alone",
}
