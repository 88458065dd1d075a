"""Registering a certificate: once per reference, with a number that no other record has or will have."""

from dataclasses import asdict

from django.db import IntegrityError, connection, transaction

from oid_store.domain import clock
from oid_store.domain.changes import log_change
from oid_store.domain.codes import Code
from oid_store.domain.record import NUMBER, kg, record_body, shown_status
from oid_store.domain.rejection import Rejection, reject
from oid_store.domain.types import Caller, Lot, Registration
from oid_store.domain.validation import errors_of, warnings_of
from oid_store.models import Certificate, CertificateStatus, ChangeKind

LAST_SERIAL = 999_999
_NEXT_SERIAL = """
    INSERT INTO oid_store_serial AS serial (certifier_code, nop_id, last) VALUES (%s, %s, 1)
    ON CONFLICT (certifier_code, nop_id) DO UPDATE SET last = serial.last + 1 WHERE serial.last < %s
    RETURNING last
"""


def register(caller: Caller, registration: Registration, request_id: str) -> tuple[dict[str, object], bool]:
    """Register a certificate, or give the first answer again when the reference is known.

    Returns the answer and whether the record is new. A rejected registration binds nothing: the reference may be sent
    again with mended data. Raises ``Rejection`` (409: the reference holds other data, 422: refused by the rules).
    """
    first = _first_answer(caller, registration)
    if first is not None:
        return first, False
    try:
        with transaction.atomic():
            return _register_new(caller, registration, request_id), True
    except IntegrityError:
        # Two calls with one reference at once: the unique key let one through, its twin gets the same answer.
        first = _first_answer(caller, registration)
        if first is None:
            raise
        return first, False


def _first_answer(caller: Caller, registration: Registration) -> dict[str, object] | None:
    known = (
        Certificate.objects.filter(certifier_code=caller.certifier_code, reference=registration.reference)
        .values("payload_sha256", "first_answer")
        .first()
    )
    if known is None:
        return None
    if known["payload_sha256"] != registration.payload_sha256:
        raise reject(Code.REFERENCE_REUSED, "reference")
    return known["first_answer"]


def _register_new(caller: Caller, registration: Registration, request_id: str) -> dict[str, object]:
    replaced = _lock_replaced(caller, registration)
    errors = errors_of(registration, caller.certifier_code)
    if errors:
        raise Rejection(errors)
    certificate = _new_certificate(registration, replaced)
    certificate.warnings = [each.body() for each in warnings_of(registration)]
    certificate.number = _next_number(registration)
    certificate.first_answer = record_body(certificate)
    certificate.save(force_insert=True)
    log_change(certificate, ChangeKind.REGISTERED, caller.actor, request_id, after=certificate.first_answer)
    if replaced is not None:
        replaced.status = CertificateStatus.REPLACED
        replaced.version += 1
        replaced.changed_at = certificate.registered_at
        replaced.save(update_fields=["status", "version", "changed_at"])
        log_change(
            replaced,
            ChangeKind.REPLACED,
            caller.actor,
            request_id,
            before={"status": CertificateStatus.LIVE.value},
            after={"status": CertificateStatus.REPLACED.value, "replaced_by": certificate.number},
        )
    return certificate.first_answer


def _lock_replaced(caller: Caller, registration: Registration) -> Certificate | None:
    if not registration.replaces:
        return None
    number = registration.replaces
    if not NUMBER.fullmatch(number):
        raise reject(Code.REPLACES_UNKNOWN, "replaces", number=number)
    locked = (
        Certificate.objects.select_for_update(of=("self",))
        .filter(certifier_code=caller.certifier_code, number=number)
        .first()
    )
    if locked is None:
        raise reject(Code.REPLACES_UNKNOWN, "replaces", number=number)
    if locked.status != CertificateStatus.LIVE:
        raise reject(Code.REPLACES_NOT_LIVE, "replaces", number=number, status=shown_status(locked))
    if locked.exporter_nop_id != registration.exporter_nop_id:
        raise reject(Code.REPLACES_OTHER_EXPORTER, "replaces", number=number)
    return locked


def _next_number(registration: Registration) -> str:
    """NNN-NNNNNNNNNN-NNNNNN: certifier code, exporter's NOP ID, serial. Its row stays locked until the commit."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT_SERIAL, [registration.certifier_code, registration.exporter_nop_id, LAST_SERIAL])
        row = cursor.fetchone()
    if row is None:
        raise reject(Code.SERIALS_EXHAUSTED)
    return f"{registration.certifier_code}-{registration.exporter_nop_id}-{row[0]:06d}"


def lots_body(lots: tuple[Lot, ...]) -> list[dict[str, str | None]]:
    """Lots as they are kept and answered: ``[{"lot", "kg"}]``."""
    return [{"lot": lot.lot, "kg": kg(lot.kg)} for lot in lots]


def _new_certificate(registration: Registration, replaced: Certificate | None) -> Certificate:
    now = clock.now()
    kept = asdict(registration)
    del kept["replaces"]
    kept["lots"] = lots_body(registration.lots)
    return Certificate(**kept, replaces=replaced, registered_at=now, changed_at=now)
