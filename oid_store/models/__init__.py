"""Tables of the store."""

from oid_store.models.certificate import (
    Actual,
    Call,
    CallKind,
    CallOutcome,
    Certificate,
    CertificateStatus,
    Change,
    ChangeHead,
    ChangeKind,
    Serial,
)
from oid_store.models.directory import Operation, OperationStatus
from oid_store.models.service import ApiKey, AuditEntry, FaultKind, FaultRule, MaintenanceWindow, RateWindow

__all__ = [
    "Actual",
    "ApiKey",
    "AuditEntry",
    "Call",
    "CallKind",
    "CallOutcome",
    "Certificate",
    "CertificateStatus",
    "Change",
    "ChangeHead",
    "ChangeKind",
    "FaultKind",
    "FaultRule",
    "MaintenanceWindow",
    "Operation",
    "OperationStatus",
    "RateWindow",
    "Serial",
]
