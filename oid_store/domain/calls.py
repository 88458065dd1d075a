"""Calls about a registered certificate (actual weights, amendment, void): each has a UUID and one final answer."""

import uuid

from django.db import IntegrityError, transaction

from oid_store.domain import clock
from oid_store.domain.actuals import report_actuals
from oid_store.domain.amendments import amend, void
from oid_store.domain.changes import log_change
from oid_store.domain.codes import Code
from oid_store.domain.record import NUMBER, record_body
from oid_store.domain.rejection import Rejection, rehearsed, reject
from oid_store.domain.types import ActualsRequest, AmendRequest, Caller, CallRequest, VoidRequest
from oid_store.models import Call, CallKind, CallOutcome, Certificate, ChangeKind

KINDS: dict[type, tuple[CallKind, ChangeKind]] = {
    ActualsRequest: (CallKind.ACTUALS, ChangeKind.ACTUALS),
    AmendRequest: (CallKind.AMEND, ChangeKind.AMENDED),
    VoidRequest: (CallKind.VOID, ChangeKind.VOIDED),
}


def make_call(
    caller: Caller,
    number: str,
    call_id: uuid.UUID,
    request: CallRequest,
    payload_sha256: str,
    request_id: str,
    *,
    on_demand: Code | None = None,
) -> tuple[int, dict[str, object], bool]:
    """Make a call, or give its first answer again.

    Returns the HTTP status, the answer, and whether this is a repeat. A rejection is an answer too: it is kept, so that
    a late copy of a call which was refused is not applied after all. Mended data therefore needs a new ``call_id``.
    Raises ``Rejection`` for an unknown record (nothing is kept) and for a ``call_id`` that holds another call.
    ``on_demand`` rejects the call in a rehearsal.
    """
    kind, _ = KINDS[type(request)]
    identity = (kind, number, payload_sha256)
    known = _known_answer(caller, call_id, identity)
    if known is not None:
        return *known, True
    try:
        with transaction.atomic():
            return _make_new_call(caller, number, call_id, request, payload_sha256, request_id, on_demand)
    except IntegrityError:
        # The same call twice at once, on two records: the unique key let one through.
        known = _known_answer(caller, call_id, identity)
        if known is None:
            raise
        return *known, True


def _known_answer(
    caller: Caller, call_id: uuid.UUID, identity: tuple[str, str, str]
) -> tuple[int, dict[str, object]] | None:
    known = (
        Call.objects.filter(certifier_code=caller.certifier_code, call_id=call_id).select_related("certificate").first()
    )
    if known is None:
        return None
    if (known.kind, known.certificate.number, known.payload_sha256) != identity:
        raise reject(Code.CALL_REUSED, "call_id")
    return status_of(known), known.answer


def status_of(call: Call) -> int:
    """HTTP status of a kept answer: 200 when applied, that of its code when rejected."""
    if call.outcome == CallOutcome.APPLIED:
        return 200
    code = Code.by_code(str(call.answer["code"]))
    return code.value.status if code else 422


def _make_new_call(
    caller: Caller,
    number: str,
    call_id: uuid.UUID,
    request: CallRequest,
    payload_sha256: str,
    request_id: str,
    on_demand: Code | None,
) -> tuple[int, dict[str, object], bool]:
    kind, change_kind = KINDS[type(request)]
    certificate = lock_record(caller.certifier_code, number)
    known = _known_answer(caller, call_id, (kind, number, payload_sha256))
    if known is not None:
        # Its twin held the lock and is done.
        return *known, True
    outcome, status = CallOutcome.APPLIED, 200
    answer: dict[str, object]
    before = record_body(certificate)
    try:
        if on_demand is not None:
            raise Rejection([rehearsed(on_demand)])
        apply(certificate, request)
    except Rejection as rejection:
        outcome, status, answer = CallOutcome.REJECTED, rejection.status, rejection.body()
    else:
        after = record_body(Certificate.objects.prefetch_related("actuals").get(pk=certificate.pk))
        answer = _applied(call_id, kind, certificate, after)
        log_change(
            certificate,
            change_kind,
            caller.actor,
            request_id,
            before=_differing(before, after),
            after=after,
            call_id=call_id,
        )
    Call.objects.create(
        certifier_code=caller.certifier_code,
        call_id=call_id,
        kind=kind,
        certificate=certificate,
        payload_sha256=payload_sha256,
        outcome=outcome,
        answer=answer,
        at=clock.now(),
    )
    return status, answer, False


def _applied(call_id: uuid.UUID, kind: CallKind, certificate: Certificate, record: object) -> dict[str, object]:
    """The answer to a call that was applied."""
    return {
        "call_id": str(call_id),
        "kind": kind.value,
        "number": certificate.number,
        "outcome": CallOutcome.APPLIED.value,
        "at": clock.stamp(certificate.changed_at),
        "record": record,
    }


def lock_record(certifier_code: str, number: str) -> Certificate:
    """The certifier's record, locked until the transaction ends; raises ``Rejection`` (404) when there is none."""
    if not NUMBER.fullmatch(number):
        raise reject(Code.NO_RECORD)
    certificate = (
        Certificate.objects.select_for_update(of=("self",)).filter(certifier_code=certifier_code, number=number).first()
    )
    if certificate is None:
        raise reject(Code.NO_RECORD)
    return certificate


def apply(certificate: Certificate, request: CallRequest) -> None:
    """Apply a call to a locked record; raises ``Rejection`` before writing anything."""
    if isinstance(request, ActualsRequest):
        report_actuals(certificate, request)
    elif isinstance(request, AmendRequest):
        amend(certificate, request)
    else:
        void(certificate, request, by="certifier")


def _differing(before: dict[str, object], after: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in before.items() if after.get(name) != value}


def call_body(caller: Caller, call_id: uuid.UUID) -> dict[str, object]:
    """What became of a call; raises ``Rejection`` (404) when it never arrived."""
    call = (
        Call.objects.filter(certifier_code=caller.certifier_code, call_id=call_id).select_related("certificate").first()
    )
    if call is None:
        raise reject(Code.NO_RECORD)
    return {
        "call_id": str(call.call_id),
        "kind": call.kind,
        "number": call.certificate.number,
        "outcome": call.outcome,
        "at": clock.stamp(call.at),
        "status": status_of(call),
        "answer": call.answer,
    }
