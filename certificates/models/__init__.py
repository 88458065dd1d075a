"""Certificates: the certificate itself, and what happens to it after its issue."""

from certificates.models.certificate import (
    RELEASED_STATES,
    SHIPPING_STATES,
    Certificate,
    CertificateContact,
    CertificateDocument,
    CertificateLookup,
    CertificateRows,
    CertificateState,
    GoodsMark,
    PartyFinding,
    Shipment,
    SigningKey,
    live_delegations,
)
from certificates.models.continuity import ContinuityDocument, Outage, Unregistered
from certificates.models.life import ActualsReminder, Amendment, CertificateChange, OverageReport, Receipt

__all__ = [
    "RELEASED_STATES",
    "SHIPPING_STATES",
    "ActualsReminder",
    "Amendment",
    "Certificate",
    "CertificateChange",
    "CertificateContact",
    "CertificateDocument",
    "CertificateLookup",
    "CertificateRows",
    "CertificateState",
    "ContinuityDocument",
    "GoodsMark",
    "Outage",
    "OverageReport",
    "PartyFinding",
    "Receipt",
    "Shipment",
    "SigningKey",
    "Unregistered",
    "live_delegations",
]
