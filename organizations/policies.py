"""Row policies of organizations: people see themselves, staff their certifier's people and clients."""

from core.policy import (
    ALL,
    APPEND,
    BROKER,
    CERTIFIER,
    CLIENT,
    KIND,
    NO_DELETE,
    OPERATION,
    PLATFORM,
    SIGNED_IN,
    STAFF_ROW,
    USER,
    Table,
)

_OWN_CLIENT = f"({KIND} = 'exporter' AND certifier_id = {CERTIFIER} AND client_id = {CLIENT})"
_PARTY = (
    f"({KIND} = 'importer' AND operation_id = {OPERATION} AND side = 'importer')"
    f" OR ({KIND} = 'broker' AND broker_id = {BROKER} AND side = 'broker')"
)
_LOOP_PARTY = f"({KIND} = 'loop' AND side IN ('importer', 'broker'))"
_MEMBERSHIP = f"user_id = {USER} OR {STAFF_ROW} OR {_OWN_CLIENT} OR {_PARTY} OR {_LOOP_PARTY} OR {PLATFORM}"
_INVITATION = f"{STAFF_ROW} OR {_OWN_CLIENT} OR {_PARTY} OR {PLATFORM}"
_GRANTOR = f"({KIND} = 'importer' AND operation_id = {OPERATION}) OR {_OWN_CLIENT} OR {STAFF_ROW}"
#: The directory is nobody's tenant: the platform operator reads it in, or the loop of no certifier for them.
_DIRECTORY_KEEPER = f"({PLATFORM} OR ({KIND} = 'loop' AND {CERTIFIER} IS NULL))"

TABLES = [
    Table("organizations_user", open_because="a person signs in before anybody is known", grants=NO_DELETE),
    Table("organizations_certifier", open_because="public names of certifying agents", grants=NO_DELETE),
    Table("organizations_operation", open_because="OID's public directory of operations", grants=NO_DELETE),
    Table(
        "organizations_directoryimport",
        read=SIGNED_IN,  # every check says of which day the directory is
        write=_DIRECTORY_KEEPER,
        grants=NO_DELETE,
    ),
    Table("organizations_directoryproblem", read=_DIRECTORY_KEEPER, write=_DIRECTORY_KEEPER, grants=APPEND),
    Table("organizations_broker", open_because="names of brokers, needed to delegate to one", grants=NO_DELETE),
    Table(
        "organizations_certifiersettings",
        read=f"certifier_id = {CERTIFIER} OR {PLATFORM}",
        write=f"{STAFF_ROW} OR {PLATFORM}",
        grants=NO_DELETE,
    ),
    Table(
        "organizations_letterhead",
        read=f"certifier_id = {CERTIFIER}",  # an exporter's draft is checked against what would be printed
        write=STAFF_ROW,
        grants=APPEND,
    ),
    Table(
        "organizations_client",
        read=f"{STAFF_ROW} OR ({KIND} = 'exporter' AND certifier_id = {CERTIFIER} AND id = {CLIENT})"
        f" OR id IN (SELECT m.client_id FROM organizations_membership m WHERE m.user_id = {USER})",
        write=f"{STAFF_ROW}",
        grants=NO_DELETE,
    ),
    Table("organizations_membership", read=_MEMBERSHIP, write=_INVITATION, grants=NO_DELETE),
    Table("organizations_invitation", read=_INVITATION, write=_INVITATION, grants=NO_DELETE),
    Table(
        "organizations_delegation",
        read=f"{_GRANTOR} OR ({KIND} = 'broker' AND broker_id = {BROKER})",
        write=_GRANTOR,
        grants=NO_DELETE,
    ),
    Table(
        "organizations_apitoken",
        # the access review of a certifier names the keys that act in it
        read=f"user_id = {USER} OR ({KIND} = 'staff' AND membership_id IN"
        f" (SELECT m.id FROM organizations_membership m WHERE m.certifier_id = {CERTIFIER}))",
        write=f"user_id = {USER}",
        grants=ALL,
    ),
    Table("organizations_accessreview", read=STAFF_ROW, write=STAFF_ROW, grants=APPEND),
]
