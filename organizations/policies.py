"""Row policies of organizations: people see themselves, staff their certifier's people and clients."""

from core.policy import (
    ALL,
    APPEND,
    BROKER,
    CERTIFIER,
    CLIENT,
    EVERY_ROW,
    KIND,
    LOOP_ROW,
    NO_DELETE,
    OPERATION,
    PLATFORM,
    SIGNED_IN,
    STAFF_READ,
    STAFF_ROW,
    SUPPORT,
    USER,
    Table,
    delegated,
)

_OWN_CLIENT = f"({KIND} = 'exporter' AND certifier_id = {CERTIFIER} AND client_id = {CLIENT})"
_PARTY = (
    f"({KIND} = 'importer' AND operation_id = {OPERATION} AND side = 'importer')"
    f" OR ({KIND} = 'broker' AND broker_id = {BROKER} AND side = 'broker')"
)
_MEMBERSHIP = (
    f"user_id = {USER} OR CASE {KIND} WHEN 'staff' THEN certifier_id = {CERTIFIER}"
    f" WHEN 'exporter' THEN certifier_id = {CERTIFIER} AND client_id = {CLIENT}"
    f" WHEN 'importer' THEN operation_id = {OPERATION} AND side = 'importer'"
    f" WHEN 'broker' THEN broker_id = {BROKER} AND side = 'broker'"
    # a loop writes to the people of importers and brokers, who are no certifier's
    f" WHEN 'loop' THEN certifier_id = {CERTIFIER} OR side IN ('importer', 'broker')"
    f" WHEN 'support' THEN certifier_id = {CERTIFIER} AND {SUPPORT} ELSE false END"
)
#: An organisation lets its own people in; the platform operator is none (a new certifier's first manager is invited
#: under the certifier's own identity).
_PEOPLE = f"{STAFF_ROW} OR {_OWN_CLIENT} OR {_PARTY}"
_PEOPLE_READ = f"{STAFF_READ} OR {_OWN_CLIENT} OR {_PARTY}"
#: Who may delegate: the importer or the exporter themselves, never the certifier for them.
_GRANTOR = f"({KIND} = 'importer' AND operation_id = {OPERATION}) OR {_OWN_CLIENT}"
#: The loop of no certifier tells of the end of importers' grants, which are no certifier's.
_ENDS = f"({KIND} = 'loop' AND {CERTIFIER} IS NULL AND operation_id IS NOT NULL)"
#: A draft is checked against the rules and the printed head of the exporter's certifier.
_RULES_FOR_BROKER = f"({KIND} = 'broker' AND certifier_id = {delegated('certifiers', 'drafts', 'shipments')})"
#: The directory is nobody's tenant: the platform operator reads it in, or the loop of no certifier for them.
_DIRECTORY_KEEPER = f"({PLATFORM} OR ({KIND} = 'loop' AND {CERTIFIER} IS NULL))"
#: Before a person acts for a certifier, the portal asks whether its people must come by its provider.
_SIGN_ON_OF_MEMBER = (
    f"({KIND} IN ('person', 'platform') AND certifier_id IN (SELECT m.certifier_id FROM organizations_membership m"
    f" WHERE m.user_id = {USER} AND m.side = 'certifier' AND m.ended_at IS NULL))"
)
#: A person is seen by themselves and by whoever sees a membership of theirs. Before anybody is known, sign-in finds a
#: person by address; a loop finds the address it writes to.
_PERSON = (
    f"CASE {KIND} WHEN 'nobody' THEN true WHEN 'loop' THEN true WHEN 'check' THEN false"
    f" ELSE id = {USER} OR portal_knows(id) END"
)
_PERSON_WRITES = f"({KIND} IN ('nobody', 'loop', 'platform') OR id = {USER})"

APPEND_AND_FORGET = ("SELECT", "INSERT", "DELETE")

TABLES = [
    Table("organizations_user", read=_PERSON, lock=_PERSON, write=_PERSON_WRITES, grants=NO_DELETE),
    Table(
        "organizations_certifier",
        read=EVERY_ROW,
        write=f"{PLATFORM} OR ({KIND} IN ('staff', 'loop') AND id = {CERTIFIER})",
        insert=PLATFORM,
        grants=NO_DELETE,
        global_because="names and addresses of accredited certifying agents are public",
    ),
    Table(
        "organizations_operation",
        read=EVERY_ROW,
        lock=SIGNED_IN,  # a decision locks the operations that it is about FOR SHARE
        write=_DIRECTORY_KEEPER,
        grants=NO_DELETE,
        global_because="OID's public directory of operations, written by whoever reads it in and by nobody else",
    ),
    Table(
        "organizations_directoryimport",
        read=SIGNED_IN,  # every check says of which day the directory is
        write=_DIRECTORY_KEEPER,
        grants=NO_DELETE,
        global_because="which days' directory was read in is the same for everybody; no tenant's data",
    ),
    Table(
        "organizations_directoryproblem",
        read=_DIRECTORY_KEEPER,
        write=_DIRECTORY_KEEPER,
        grants=APPEND,
        global_because="faults of the public directory's file, seen by whoever reads it in",
    ),
    Table(
        "organizations_broker",
        read=EVERY_ROW,
        write=f"{PLATFORM} OR ({KIND} = 'broker' AND id = {BROKER})",
        insert=f"{KIND} IN ('platform', 'importer', 'exporter')",
        grants=NO_DELETE,
        global_because="names of brokers: one is chosen from them to delegate to",
    ),
    Table(
        "organizations_certifiersettings",
        read=f"certifier_id = {CERTIFIER} AND ({KIND} <> 'support' OR {SUPPORT}) OR {_RULES_FOR_BROKER}",
        write=STAFF_ROW,
        insert=f"{STAFF_ROW} OR ({PLATFORM} AND version = 1)",
        grants=NO_DELETE,
    ),
    Table(
        "organizations_guardedchange",
        read=STAFF_READ,
        write=STAFF_ROW,
        grants=APPEND,
        update_columns=("state", "decided_by", "decided_at", "secret"),
    ),
    Table(
        "organizations_letterhead",
        # an exporter's draft is checked against what would be printed
        read=f"certifier_id = {CERTIFIER} AND ({KIND} <> 'support' OR {SUPPORT}) OR {_RULES_FOR_BROKER}",
        write=STAFF_ROW,
        grants=APPEND,
    ),
    Table(
        "organizations_client",
        read=f"CASE {KIND} WHEN 'staff' THEN certifier_id = {CERTIFIER} WHEN 'loop' THEN certifier_id = {CERTIFIER}"
        f" WHEN 'exporter' THEN certifier_id = {CERTIFIER} AND id = {CLIENT}"
        f" WHEN 'support' THEN certifier_id = {CERTIFIER} AND {SUPPORT}"
        f" WHEN 'broker' THEN id = {delegated('clients', 'drafts', 'shipments')}"
        # a person chooses among their organisations before they act for one of them
        " WHEN 'person' THEN portal_is_of_client(id) WHEN 'platform' THEN portal_is_of_client(id) ELSE false END",
        write=STAFF_ROW,
        grants=NO_DELETE,
    ),
    Table("organizations_membership", read=_MEMBERSHIP, write=_PEOPLE, grants=NO_DELETE),
    Table("organizations_invitation", read=_PEOPLE_READ, write=_PEOPLE, grants=NO_DELETE),
    Table(
        "organizations_delegation",
        read=f"{_GRANTOR} OR {STAFF_READ} OR ({KIND} = 'broker' AND broker_id = {BROKER}) OR {_ENDS}",
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
    # opened by an operator for themselves; ended by any operator, by itself, or by the certifier; never taken up again
    Table(
        "organizations_supportsession",
        read=f"{STAFF_ROW} OR {PLATFORM} OR ({KIND} = 'support' AND operator_id = {USER})",
        insert=f"{PLATFORM} AND operator_id = {USER} AND ended_at IS NULL AND expires_at > clock_timestamp()"
        " AND opened_at <= clock_timestamp() + interval '1 minute'",
        lock=f"{STAFF_ROW} OR {PLATFORM} OR ({KIND} = 'support' AND operator_id = {USER})",
        write=f"ended_at IS NOT NULL AND ({STAFF_ROW} OR {PLATFORM} OR ({KIND} = 'support' AND operator_id = {USER}))",
        grants=APPEND,
        update_columns=["ended_at", "ended_by"],
    ),
    # sign-in acts as the certifier's own loop: it sees that certifier's people and nobody else
    Table(
        "organizations_signonprovider",
        read=f"{STAFF_READ} OR {_SIGN_ON_OF_MEMBER}",
        write=STAFF_ROW,
        grants=NO_DELETE,
    ),
    Table(
        "organizations_signonlink",
        read=STAFF_READ,
        write=STAFF_ROW,
        insert=LOOP_ROW,
        grants=APPEND_AND_FORGET,
        update_columns=("last_used_at",),
    ),
    Table("organizations_accessreview", read=STAFF_ROW, write=STAFF_ROW, grants=APPEND),
]

#: Functions that run with the owner's rights (core.policy.declared_definers).
DEFINERS = {
    "organizations_grants_used": "when a grant was used last, noted by the broker who uses it, who may change nothing else"
    " of it",
    "organizations_acts_of_brokers": "the names of a broker's people who acted on a request or certificate, to those on"
    " whose behalf or in whose books they did",
    "organizations_token_owner": "an API key is asked for before anybody is known: whose it is, and in which membership",
    "organizations_invitation_by_token": "an invitation's link is opened before anybody is known: which organisation it"
    " leads into",
}
