"""Background work of this floor: thin; what happens is in :mod:`oid_sync.domain`."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import structlog
from celery import shared_task
from django.conf import settings
from kombu.exceptions import OperationalError

from core.each import each
from core.identity import Identity, act_as
from core.wake import wake
from oid_sync.domain import marks, turns
from oid_sync.domain.reconciliation import digest, runs
from organizations.models import Certifier

log = structlog.get_logger(__name__)
#: A reconciliation gives way to the next message after this, well before the task's time limit.
RUN_SECONDS = 120


def _run(certifier_id: uuid.UUID) -> None:
    """Send what is due at one certifier, with as many hands as there are calls and room for."""
    due = turns.waiting(certifier_id, settings.OID_IN_FLIGHT)
    _call_for_hands(certifier_id, due - 1)
    turns.send_due(certifier_id, seconds=settings.SWEEP_SECONDS)


def _call_for_hands(certifier_id: uuid.UUID, hands: int) -> None:
    """Ask other workers to help. Who comes after the next sweep has done so is not needed any more."""
    for _ in range(hands):
        try:
            help_with_calls.apply_async(
                (str(certifier_id),), queue="oid", expires=settings.SWEEP_SECONDS, retry=False, ignore_result=True
            )
        except (OperationalError, OSError) as error:
            log.warning("no_help_with_calls", certifier=str(certifier_id), reason=type(error).__name__)
            return


def each_certifier(work: Callable[[uuid.UUID], None]) -> None:
    """Do ``work`` for every certifier, whatever happens at one of them."""
    each(list(Certifier.objects.values_list("pk", flat=True)), work, event="oid_sweep_failed")


@shared_task(name="oid_sync.tasks.run_registration")
def run_registration(certifier_id: str, certificate_id: str | None = None) -> None:
    """Register one certificate, or (None) send all that waits at one certifier."""
    if certificate_id is None:
        _run(uuid.UUID(certifier_id))
    else:
        turns.register(uuid.UUID(certifier_id), uuid.UUID(certificate_id))


@shared_task(name="oid_sync.tasks.run_calls")
def run_calls(certifier_id: str, row_id: str | None = None) -> None:
    """Send what waits at one certifier."""
    _run(uuid.UUID(certifier_id))


@shared_task(name="oid_sync.tasks.help_with_calls")
def help_with_calls(certifier_id: str) -> None:
    """Be one more hand at one certifier."""
    turns.send_due(uuid.UUID(certifier_id), seconds=settings.SWEEP_SECONDS)


@shared_task(name="oid_sync.tasks.sweep_registration")
def sweep_registration() -> None:
    """Find every certificate and shipment that OID does not know yet, certifier by certifier."""
    each_certifier(_run)


@shared_task(name="oid_sync.tasks.run_reconciliation")
def run_reconciliation(certifier_id: str, run_id: str) -> None:
    """Do what is left of a run, for as long as a task may take; the next message goes on."""
    _work(uuid.UUID(certifier_id), uuid.UUID(run_id))


@shared_task(name="oid_sync.tasks.start_nightly_reconciliation")
def start_nightly_reconciliation() -> None:
    """Start a run at every certifier."""
    each_certifier(_start)


@shared_task(name="oid_sync.tasks.sweep_reconciliation")
def sweep_reconciliation() -> None:
    """Go on with runs that a killed worker left behind, and with those that OID asked to wait; mark what they found."""
    each_certifier(_resume)


@shared_task(name="oid_sync.tasks.send_drift_digests")
def send_drift_digests() -> None:
    """Tell every certifier's managers, once a day, what differences are open."""
    each_certifier(_digest)


def _start(certifier_id: uuid.UUID) -> None:
    actor = Identity.loop(certifier_id)
    with act_as(actor):
        runs.start_nightly(actor, certifier_id)


def _work(certifier_id: uuid.UUID, run_id: uuid.UUID) -> None:
    if runs.go_on(certifier_id, run_id, seconds=RUN_SECONDS) is runs.Outcome.MORE:
        wake("reconciliation", certifier_id, run_id)


def _resume(certifier_id: uuid.UUID) -> None:
    with act_as(Identity.loop(certifier_id)):
        left = runs.unattended(certifier_id)
    marks.settle_all(certifier_id)
    for run_id in left:
        _work(certifier_id, run_id)


def _digest(certifier_id: uuid.UUID) -> None:
    with act_as(Identity.loop(certifier_id)):
        digest.send(certifier_id)
