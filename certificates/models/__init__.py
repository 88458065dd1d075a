"""Certificates: the certificate itself, and what happens to it after its issue."""

from certificates.models.certificate import (
    RELEASED_STATES,
    Certificate,
    CertificateContact,
    CertificateDocument,
    CertificateRows,
    CertificateState,
    GoodsMark,
    PartyFinding,
    Shipment,
    SigningKey,
    live_delegations,
)
from certificates.models.life import ActualsReminder, CertificateChange, OverageReport, Receipt
from certificates.models.lookups import CertificateLookup
from certificates.models.made import Bundle, MadeFile, MadeState, Preview
from certificates.models.reading_copy import ReadingCopy

__all__ = [
    "RELEASED_STATES",
    "ActualsReminder",
    "Bundle",
    "Certificate",
    "CertificateChange",
    "CertificateContact",
    "CertificateDocument",
    "CertificateLookup",
    "CertificateRows",
    "CertificateState",
    "GoodsMark",
    "MadeFile",
    "MadeState",
    "OverageReport",
    "PartyFinding",
    "Preview",
    "ReadingCopy",
    "Receipt",
    "Shipment",
    "SigningKey",
    "live_delegations",
]
