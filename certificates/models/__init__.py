"""Certificates: the certificate itself, and what happens to it after its issue."""

from certificates.models.certificate import (
    RELEASED_STATES,
    SHIPPING_STATES,
    Certificate,
    CertificateContact,
    CertificateDocument,
    CertificateRows,
    CertificateState,
    GoodsMark,
    PartyFinding,
    Shipment,
    SigningKey,
)
from certificates.models.continuity import ContinuityDocument, Outage, Unregistered
from certificates.models.from_oid import OidMark, RegistrationDelay
from certificates.models.life import ActualsReminder, Amendment, CertificateChange, OverageReport, Receipt
from certificates.models.lookups import CertificateLookup
from certificates.models.made import Bundle, MadeFile, MadeState, Preview
from certificates.models.reading_copy import ReadingCopy

__all__ = [
    "RELEASED_STATES",
    "SHIPPING_STATES",
    "ActualsReminder",
    "Amendment",
    "Bundle",
    "Certificate",
    "CertificateChange",
    "CertificateContact",
    "CertificateDocument",
    "CertificateLookup",
    "CertificateRows",
    "CertificateState",
    "ContinuityDocument",
    "GoodsMark",
    "MadeFile",
    "MadeState",
    "OidMark",
    "Outage",
    "OverageReport",
    "PartyFinding",
    "Preview",
    "ReadingCopy",
    "Receipt",
    "RegistrationDelay",
    "Shipment",
    "SigningKey",
    "Unregistered",
]
