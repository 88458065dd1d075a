"""Row policies of the tables on this floor, and the reviewed list of tables that have none."""

from core.policy import APPEND, CLIENT_ROW, KIND, LOOP_ROW, NO_DELETE, READ, SIGNED_IN, STAFF_ROW, USER, Table

_SESSION = "sign-in and session rows are needed before anybody is known; they hold no tenant data"

TABLES = [
    Table(
        "core_auditrow",
        read=f"{STAFF_ROW} OR {CLIENT_ROW}",
        write=f"{KIND} <> 'nobody' OR certifier_id IS NULL",
        grants=APPEND,
    ),
    Table(
        "core_notification",
        read=f"{LOOP_ROW} OR ({KIND} = 'loop' AND certifier_id IS NULL)",
        write=f"{KIND} NOT IN ('nobody', 'check')",
        grants=NO_DELETE,
    ),
    Table(
        "core_delivery",
        read=f"user_id = {USER} OR {LOOP_ROW} OR ({KIND} = 'loop' AND certifier_id IS NULL)",
        write=f"user_id = {USER} OR {LOOP_ROW} OR ({KIND} = 'loop' AND certifier_id IS NULL)",
        grants=NO_DELETE,
    ),
    Table(
        "core_storedfile",
        read=f"{STAFF_ROW} OR {CLIENT_ROW} OR (kind = 'certificate' AND {SIGNED_IN} AND portal_sees_document(id))",
        write=f"{STAFF_ROW} OR {CLIENT_ROW}",
        grants=APPEND,
    ),
    Table("django_session", open_because=_SESSION),
    Table("django_content_type", open_because="names of our own tables", grants=READ),
    Table("django_migrations", open_because="names of our own migrations", grants=READ),
    Table("auth_permission", open_because="unused by the portal; Django's table", grants=READ),
    Table("auth_group", open_because="unused by the portal; Django's table", grants=READ),
    Table("auth_group_permissions", open_because="unused by the portal; Django's table", grants=READ),
    Table("account_emailaddress", open_because=_SESSION),
    Table("account_emailconfirmation", open_because=_SESSION),
    Table("mfa_authenticator", open_because=_SESSION),
    Table("usersessions_usersession", open_because=_SESSION),
]
