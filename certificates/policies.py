"""Row policies of certificates: certifier, exporter, named importer, delegated broker, invited contact."""

from core.policy import (
    ALL,
    APPEND,
    BROKER,
    CERTIFIER,
    CLIENT,
    KIND,
    NO_DELETE,
    OPERATION,
    ROWS,
    ROWS_READ,
    STAFF_READ,
    STAFF_ROW,
    SUPPORT,
    USER,
    Table,
    delegated,
)

_RELEASED = "(state IN ('issued', 'closed', 'void', 'replaced', 'continuity') OR continuity_at IS NOT NULL)"
_INVITED = "id = ANY ((SELECT portal_invited_to())::uuid[])"
#: Of each certificate: its certifier, its exporter, and once it is released its importer, that importer's or exporter's
#: broker while the grant lasts, and the contact who was invited to this one.
_CERTIFICATE = (
    f"CASE {KIND} WHEN 'staff' THEN certifier_id = {CERTIFIER} WHEN 'loop' THEN certifier_id = {CERTIFIER}"
    f" WHEN 'exporter' THEN certifier_id = {CERTIFIER} AND client_id = {CLIENT}"
    f" WHEN 'support' THEN certifier_id = {CERTIFIER} AND {SUPPORT}"
    f" WHEN 'importer' THEN {_RELEASED} AND (importer_id = {OPERATION} OR {_INVITED})"
    f" WHEN 'broker' THEN {_RELEASED} AND (importer_id = {delegated('importers', 'certificates')}"
    f" OR client_id = {delegated('clients', 'certificates')} OR {_INVITED})"
    f" WHEN 'person' THEN {_RELEASED} AND {_INVITED} ELSE false END"
)
#: Rows below a certificate are seen by whoever sees the certificate (sql/035_parties.sql). Those who are known by their
#: certifier never come to it.
_BELOW = f"({KIND} IN ('importer', 'broker', 'person') AND portal_sees_certificate(certificate_id))"
_BELOW_ITS_OWN = (
    f"({KIND} IN ('importer', 'broker', 'person') AND portal_sees_certificate(certificate_id, certifier_id))"
)
#: A broker whose exporter lets it report shipments and totals.
_SHIPS = f"({KIND} = 'broker' AND {_RELEASED} AND client_id = {delegated('clients', 'shipments')})"
_SHIPS_BELOW = f"({KIND} = 'broker' AND portal_ships_certificate(certificate_id, certifier_id, client_id))"
_ROWS_OR_BELOW = f"{ROWS_READ} OR {_BELOW}"
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
    Table("certificates_certificate", read=_CERTIFICATE, write=f"{ROWS} OR {_SHIPS}", insert=ROWS, grants=NO_DELETE),
    Table("certificates_certificatedocument", read=_ROWS_OR_BELOW, write=STAFF_ROW, grants=APPEND),
    # whoever sees the certificate may ask for its copy; it is made, and forgotten, by the loop
    Table("certificates_readingcopy", read=_ROWS_OR_BELOW, write=f"{ROWS} OR {_BELOW_ITS_OWN}"),
    Table(
        "certificates_certificatecontact",
        read=f"{STAFF_READ} OR user_id = {USER}",
        write=STAFF_ROW,
        grants=NO_DELETE,
    ),
    Table("certificates_partyfinding", read=_ROWS_OR_BELOW, write=STAFF_ROW, grants=NO_DELETE),
    Table("certificates_oidmark", read=_ROWS_OR_BELOW, write=STAFF_ROW, grants=NO_DELETE),
    Table(
        "certificates_registrationdelay",
        read=f"{STAFF_READ} OR (certifier_id = {CERTIFIER} AND {KIND} = 'exporter')",
        write=STAFF_ROW,
        grants=NO_DELETE,
    ),
    Table("certificates_shipment", read=_ROWS_OR_BELOW, write=f"{ROWS} OR {_SHIPS_BELOW}", grants=NO_DELETE),
    Table(
        "certificates_certificatechange",
        read=_ROWS_OR_BELOW,
        write=f"{ROWS} OR ({_SHIPS_BELOW} AND kind = 'total')",
        grants=APPEND,
    ),
    Table(
        "certificates_amendment", read=_ROWS_OR_BELOW, write=STAFF_ROW, grants=APPEND, update_columns=("confirmed_at",)
    ),
    # whether and since when OID is out decides what the certifier's exporters may ship
    Table(
        "certificates_outage",
        read=f"certifier_id = {CERTIFIER} AND {KIND} IN ('staff', 'loop', 'exporter', 'support')"
        f" OR ({KIND} = 'broker' AND certifier_id = {delegated('certifiers', 'shipments')})",
        write=STAFF_ROW,
        grants=NO_DELETE,
    ),
    # a document that was made is never deleted (trigger); one that was only asked for may be asked for anew
    Table("certificates_continuitydocument", read=_ROWS_OR_BELOW, write=STAFF_ROW, grants=ALL),
    Table("certificates_overagereport", read=ROWS_READ, write=ROWS, grants=NO_DELETE),
    Table(
        "certificates_receipt",
        read=_ROWS_OR_BELOW,
        # on the books of the certificate that it is about, and of no other; a broker by a grant that holds it
        write=f"({KIND} = 'importer' OR ({KIND} = 'broker' AND importer_id = {delegated('importers', 'receipts')}))"
        " AND EXISTS (SELECT 1 FROM certificates_certificate c WHERE c.id = certificate_id"
        " AND c.certifier_id = certificates_receipt.certifier_id"
        " AND c.client_id = certificates_receipt.client_id AND c.importer_id = certificates_receipt.importer_id)",
        grants=APPEND,
    ),
    Table("certificates_actualsreminder", read=ROWS_READ, write=STAFF_ROW, grants=APPEND),
    Table(
        "certificates_certificatelookup",
        read=ROWS_READ,
        write=f"{KIND} = 'check'",
        grants=APPEND,
    ),
    Table("certificates_preview", read=ROWS_READ, write=ROWS),
    Table("certificates_bundle", read=f"{_OWN_BUNDLE} OR {_LOOP}", write=f"{_OWN_BUNDLE} OR {_LOOP}"),
    Table("certificates_goodsmark", read=STAFF_READ, write=STAFF_ROW, grants=APPEND),
    Table(
        "certificates_signingkey",
        read=STAFF_ROW,  # a support session does not read keys
        write=STAFF_ROW,
        grants=NO_DELETE,
    ),
]

#: Functions that run with the owner's rights (core.policy.declared_definers).
DEFINERS = {
    "certificates_public_check": "the check page answers anybody who has number and code",
    "certificates_public_versions": "the same for the issued versions' hashes",
    "certificates_continuity_check": "the same for a continuity document",
    "certificates_seen_elsewhere": "whether another certifier has the same goods: yes or no, to staff alone",
    "certificates_forget_lookups": "old questions at the check page are forgotten; no grant deletes one",
}
