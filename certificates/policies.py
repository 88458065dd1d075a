"""Row policies of certificates: certifier, exporter, named importer, delegated broker, invited contact."""

from core.policy import (
    ALL,
    APPEND,
    BROKER,
    CERTIFIER,
    CLIENT,
    CLIENT_ROW,
    KIND,
    NO_DELETE,
    OPERATION,
    STAFF_ROW,
    USER,
    Table,
)

_RELEASED = "(state IN ('issued', 'closed', 'void', 'replaced', 'continuity') OR continuity_at IS NOT NULL)"
_DELEGATED = (
    "organizations_delegation d WHERE d.broker_id = "
    f"{BROKER} AND d.revoked_at IS NULL AND current_date BETWEEN d.valid_from AND d.valid_until"
)
_PARTY = (
    f"({KIND} = 'importer' AND importer_id = {OPERATION} AND {_RELEASED})"
    f" OR ({KIND} = 'broker' AND {_RELEASED} AND (importer_id IN (SELECT d.operation_id FROM {_DELEGATED})"
    f" OR client_id IN (SELECT d.client_id FROM {_DELEGATED})))"
    f" OR ({KIND} IN ('person', 'importer', 'broker') AND {_RELEASED} AND id IN"
    f" (SELECT c.certificate_id FROM certificates_certificatecontact c WHERE c.user_id = {USER}))"
)
#: Rows below a certificate are seen by whoever sees the certificate: the sub-select is itself under row security.
_BELOW = "EXISTS (SELECT 1 FROM certificates_certificate c WHERE c.id = certificate_id)"
_ROWS = f"{STAFF_ROW} OR {CLIENT_ROW}"
#: A bundle belongs to a person in one membership, and that membership is the one acted in.
_OWN_BUNDLE = (
    f"(wanted_by = {USER} AND {KIND} IN ('staff', 'exporter', 'importer', 'broker') AND EXISTS"
    " (SELECT 1 FROM organizations_membership m WHERE m.id = membership_id"
    f" AND m.user_id = {USER} AND m.ended_at IS NULL"
    f" AND m.certifier_id IS NOT DISTINCT FROM {CERTIFIER} AND m.client_id IS NOT DISTINCT FROM {CLIENT}"
    f" AND m.operation_id IS NOT DISTINCT FROM {OPERATION} AND m.broker_id IS NOT DISTINCT FROM {BROKER}))"
)
#: Rows of importers and brokers belong to no certifier: the loop of none works on them.
_LOOP = f"({KIND} = 'loop' AND certifier_id IS NOT DISTINCT FROM {CERTIFIER})"

TABLES = [
    Table("certificates_certificate", read=f"{_ROWS} OR {_PARTY}", write=_ROWS, grants=NO_DELETE),
    Table("certificates_certificatedocument", read=f"{_ROWS} OR {_BELOW}", write=STAFF_ROW, grants=APPEND),
    # whoever sees the certificate may ask for its copy; it is made, and forgotten, by the loop
    Table("certificates_readingcopy", read=f"{_ROWS} OR {_BELOW}", write=f"{_ROWS} OR {_BELOW}"),
    Table(
        "certificates_certificatecontact",
        read=f"{STAFF_ROW} OR user_id = {USER}",
        write=STAFF_ROW,
        grants=NO_DELETE,
    ),
    Table("certificates_partyfinding", read=f"{_ROWS} OR {_BELOW}", write=STAFF_ROW, grants=NO_DELETE),
    Table("certificates_oidmark", read=f"{_ROWS} OR {_BELOW}", write=STAFF_ROW, grants=NO_DELETE),
    Table(
        "certificates_registrationdelay",
        read=f"{STAFF_ROW} OR (certifier_id = {CERTIFIER} AND {KIND} = 'exporter')",
        write=STAFF_ROW,
        grants=NO_DELETE,
    ),
    Table("certificates_shipment", read=f"{_ROWS} OR {_BELOW}", write=_ROWS, grants=NO_DELETE),
    Table("certificates_certificatechange", read=f"{_ROWS} OR {_BELOW}", write=_ROWS, grants=APPEND),
    Table(
        "certificates_amendment",
        read=f"{_ROWS} OR {_BELOW}",
        write=STAFF_ROW,
        grants=APPEND,
        update_columns=("confirmed_at",),
    ),
    # whether and since when OID is out decides what the certifier's exporters may ship
    Table("certificates_outage", read=f"certifier_id = {CERTIFIER}", write=STAFF_ROW, grants=NO_DELETE),
    # a document that was made is never deleted (trigger); one that was only asked for may be asked for anew
    Table("certificates_continuitydocument", read=f"{_ROWS} OR {_BELOW}", write=STAFF_ROW, grants=ALL),
    Table("certificates_overagereport", read=_ROWS, write=_ROWS, grants=NO_DELETE),
    Table(
        "certificates_receipt",
        read=f"{_ROWS} OR {_BELOW}",
        write=f"{KIND} IN ('importer', 'broker') AND {_BELOW}",
        grants=APPEND,
    ),
    Table("certificates_actualsreminder", read=_ROWS, write=STAFF_ROW, grants=APPEND),
    Table(
        "certificates_certificatelookup",
        read=_ROWS,
        write=f"{KIND} = 'check'",
        grants=APPEND,
    ),
    Table("certificates_preview", read=_ROWS, write=_ROWS),
    Table("certificates_bundle", read=f"{_OWN_BUNDLE} OR {_LOOP}", write=f"{_OWN_BUNDLE} OR {_LOOP}"),
    Table("certificates_goodsmark", read=STAFF_ROW, write=STAFF_ROW, grants=APPEND),
    Table(
        "certificates_signingkey",
        read=f"certifier_id = {CERTIFIER} AND {KIND} IN ('staff', 'loop')",
        write=f"certifier_id = {CERTIFIER} AND {KIND} IN ('staff', 'loop')",
        grants=NO_DELETE,
    ),
]
