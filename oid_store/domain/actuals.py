"""Actual net weights of shipments: reported while the record lives, never above the certified weight."""

import datetime
from decimal import Decimal

from django.conf import settings

from oid_store.domain import clock
from oid_store.domain.amendments import touch
from oid_store.domain.codes import Code
from oid_store.domain.rejection import reject
from oid_store.domain.types import ActualsRequest
from oid_store.domain.validation import ONE_DAY
from oid_store.models import Actual, Certificate, CertificateStatus

SHIPMENT, CORRECTION, TOTAL = "shipment", "correction", "total"
KINDS = (SHIPMENT, CORRECTION, TOTAL)


def report_actuals(certificate: Certificate, request: ActualsRequest) -> None:
    """Book a report on a locked record; raises ``Rejection``.

    ``shipment``: a new shipment's weight. ``correction``: another weight for a shipment already reported, 0 to withdraw
    it. ``total``: the declared total of all shipments. A replaced record still takes what was shipped under it.
    """
    if certificate.status == CertificateStatus.VOID:
        raise reject(Code.NOT_LIVE, status=certificate.status)
    latest = certificate.end_date + datetime.timedelta(days=settings.ACTUALS_GRACE_DAYS)
    if clock.today() - ONE_DAY > latest:
        raise reject(Code.ACTUALS_TOO_LATE, latest=latest)
    if request.kind == TOTAL:
        _declare_total(certificate, request)
    else:
        _book_shipment(certificate, request)


def _declare_total(certificate: Certificate, request: ActualsRequest) -> None:
    if request.net_weight_kg < 0:
        raise reject(Code.ACTUAL_NOT_POSITIVE, "net_weight_kg")
    if request.net_weight_kg != certificate.actual_kg:
        raise reject(Code.TOTAL_DIFFERS, "net_weight_kg", given=request.net_weight_kg, sum=certificate.actual_kg)
    certificate.declared_total_kg = request.net_weight_kg
    touch(certificate, "declared_total_kg")


def _book_shipment(certificate: Certificate, request: ActualsRequest) -> None:
    known = Actual.objects.filter(certificate=certificate, shipment_ref=request.shipment_ref).first()
    correcting = request.kind == CORRECTION
    if known is not None and not correcting:
        raise reject(Code.SHIPMENT_REPORTED, "shipment_ref", ref=request.shipment_ref)
    if known is None and correcting:
        raise reject(Code.SHIPMENT_UNKNOWN, "shipment_ref", ref=request.shipment_ref)
    if request.net_weight_kg < 0 or (request.net_weight_kg == 0 and not correcting):
        raise reject(Code.ACTUAL_NOT_POSITIVE, "net_weight_kg")
    _check_date(certificate, request.shipped_on)
    total = certificate.actual_kg - (known.net_weight_kg if known else Decimal(0)) + request.net_weight_kg
    if total > certificate.net_weight_kg:
        raise reject(Code.ACTUALS_ABOVE_WEIGHT, "net_weight_kg", total=total, net=certificate.net_weight_kg)
    actual = known or Actual(certificate=certificate, shipment_ref=request.shipment_ref)
    actual.shipped_on = request.shipped_on or actual.shipped_on
    actual.net_weight_kg = request.net_weight_kg
    actual.entry_number = request.entry_number or actual.entry_number
    actual.reported_at = clock.now()
    actual.save()
    certificate.actual_kg = total
    # A total declared before this report no longer stands.
    certificate.declared_total_kg = None
    touch(certificate, "actual_kg", "declared_total_kg")


def _check_date(certificate: Certificate, shipped_on: datetime.date | None) -> None:
    if shipped_on is None:
        return
    if shipped_on > clock.today() + ONE_DAY:
        raise reject(Code.SHIPPED_IN_FUTURE, "shipped_on")
    if not certificate.start_date <= shipped_on <= certificate.end_date:
        start, end = certificate.start_date, certificate.end_date
        raise reject(Code.SHIPPED_OUTSIDE_PERIOD, "shipped_on", start=start, end=end)
