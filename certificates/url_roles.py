"""Who may open the URLs of this app. Which certificates they see is for the access funnel and the row policies."""

from organizations.access import ACTING_STAFF, CLIENT, PARTIES, PUBLIC, STAFF, Anyone, Audience
from organizations.roles import Role

#: Importers, brokers, and a contact who was invited to one certificate.
RECEIVERS: Audience = frozenset({Role.IMPORTER, Role.BROKER, Anyone.ALONE})
READERS: Audience = PARTIES | {Anyone.ALONE}
REPORTERS: Audience = ACTING_STAFF | {Role.SIGNATORY}
#: An exporter's broker reports shipments and totals by grant; more than was certified it does not claim.
REPORTERS_AND_BROKER: Audience = REPORTERS | {Role.BROKER}
DECIDERS: Audience = frozenset({Role.APPROVER, Role.MANAGER})

URL_ROLES: dict[str, Audience] = {
    "certificates:list": STAFF | CLIENT,
    "certificates:inbox": RECEIVERS,
    "certificates:check": PUBLIC,
    "certificates:bundles": PARTIES,
    "certificates:bundle-file": PARTIES,
    "certificates:preview": STAFF | CLIENT,
    "certificates:preview-file": STAFF | CLIENT,
    "certificates:check-continuity": PUBLIC,
    "certificates:outage": STAFF,
    "certificates:continuity": frozenset({Role.APPROVER}),
    "certificates:continuity-pdf": READERS,
    "certificates:version-pdf": READERS,
    "certificates:stuck": STAFF,
    "certificates:signing": STAFF,
    "certificates:detail": READERS,
    "certificates:pdf": READERS,
    "certificates:reading-copy": READERS,
    "certificates:reading-copy-file": READERS,
    "certificates:retry-document": ACTING_STAFF,
    "certificates:shipments": REPORTERS_AND_BROKER,
    "certificates:correct-shipment": REPORTERS_AND_BROKER,
    "certificates:total": REPORTERS_AND_BROKER,
    "certificates:amend": DECIDERS,
    "certificates:void": DECIDERS,
    "certificates:oid-seen": DECIDERS,
    "certificates:replace": frozenset({Role.PREPARER, Role.SIGNATORY}),
    "certificates:receipt": frozenset({Role.IMPORTER, Role.BROKER}),
    "certificates:overages": STAFF | CLIENT,
    "certificates:settle": DECIDERS,
    "api:certificate-total": REPORTERS_AND_BROKER,
    "api:certificate-amend": DECIDERS,
    "api:certificate-void": DECIDERS,
    "api:certificate-replace": frozenset({Role.PREPARER, Role.SIGNATORY}),
    "api:certificate-overages": REPORTERS,
    "api:shipment-receipt": frozenset({Role.IMPORTER, Role.BROKER}),
    "api:shipment-correct": REPORTERS_AND_BROKER,
    "api:overage-settle": DECIDERS,
    "api:certificate-list": READERS,
    "api:certificate-detail": READERS,
    "api:certificate-pdf": READERS,
    "api:certificate-shipments": READERS,
    "api:certificate-check": PUBLIC,
    "api:bundle-list": PARTIES,
    "api:bundle-detail": PARTIES,
    "api:bundle-file": PARTIES,
    "api:request-preview": STAFF | CLIENT,
    "api:preview-file": STAFF | CLIENT,
    "api:certificate-version-pdf": READERS,
    "api:certificate-continuity": frozenset({Role.APPROVER}),
    "api:certificate-continuity-pdf": READERS,
    "api:certificate-check-continuity": PUBLIC,
    "api:outage": STAFF,
}

#: What makes, changes or ends a certificate by a decision; and the key that signs them all.
SENSITIVE_URLS = frozenset({
    "certificates:void", "certificates:amend", "certificates:continuity",
    "api:certificate-void", "api:certificate-amend", "api:certificate-continuity",
})  # fmt: skip
ASK_FIRST_URLS = frozenset({"certificates:signing"})
