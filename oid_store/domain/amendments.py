"""Amending and voiding a record. What OID lets one change is not public: here weight goes down, transport changes."""

from decimal import Decimal

from oid_store.domain import clock
from oid_store.domain.codes import Code
from oid_store.domain.record import shown_status
from oid_store.domain.registration import lots_body
from oid_store.domain.rejection import Rejection, finding, reject
from oid_store.domain.types import AmendRequest, Lot, VoidRequest
from oid_store.domain.validation import ONE_DAY, weight_and_lots
from oid_store.models import Certificate, CertificateStatus


def amend(certificate: Certificate, request: AmendRequest) -> None:
    """Lower the weight, restate the lots, change transport details of a locked live record; raises ``Rejection``."""
    if certificate.status != CertificateStatus.LIVE:
        raise reject(Code.NOT_LIVE, status=shown_status(certificate))
    if certificate.end_date < clock.today() - ONE_DAY:
        raise reject(Code.EXPIRED, end=certificate.end_date)
    if request == AmendRequest():
        raise reject(Code.NOTHING_TO_AMEND)
    net = certificate.net_weight_kg if request.net_weight_kg is None else request.net_weight_kg
    kept_lots = tuple(
        Lot(each["lot"], None if each["kg"] is None else Decimal(each["kg"])) for each in certificate.lots
    )
    lots = kept_lots if request.lots is None else request.lots
    findings = list(weight_and_lots(net, lots))
    if request.net_weight_kg is not None and net >= certificate.net_weight_kg:
        findings.append(finding(Code.WEIGHT_NOT_DOWN, "net_weight_kg", now=certificate.net_weight_kg))
    if net < certificate.actual_kg:
        findings.append(finding(Code.WEIGHT_BELOW_ACTUALS, "net_weight_kg", actual=certificate.actual_kg))
    departure = request.departure_date
    if departure is not None and departure > certificate.end_date:
        code = Code.DEPARTURE_AFTER_END
        findings.append(finding(code, "departure_date", departure=departure, end=certificate.end_date))
    if findings:
        raise Rejection(findings)
    certificate.net_weight_kg = net
    certificate.lots = lots_body(lots)
    if request.transport is not None:
        certificate.transport = {**certificate.transport, **request.transport}
    if departure is not None:
        certificate.departure_date = departure
    touch(certificate, "net_weight_kg", "lots", "transport", "departure_date")


def void(certificate: Certificate, request: VoidRequest, *, by: str) -> None:
    """Void a locked record for a reason; ``by``: ``certifier`` or ``NOP``. Raises ``Rejection`` when it is not live."""
    if certificate.status != CertificateStatus.LIVE:
        raise reject(Code.NOT_LIVE, status=shown_status(certificate))
    certificate.status = CertificateStatus.VOID
    certificate.void_reason = request.reason
    certificate.void_by = by
    certificate.voided_at = clock.now()
    touch(certificate, "status", "void_reason", "void_by", "voided_at")


def touch(certificate: Certificate, *fields: str) -> None:
    """Write the named fields as a new version of the record."""
    certificate.version += 1
    certificate.changed_at = clock.now()
    certificate.save(update_fields=[*fields, "version", "changed_at"])
