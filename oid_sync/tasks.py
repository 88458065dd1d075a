"""Background work of this floor: thin; what happens is in :mod:`oid_sync.domain`."""

from __future__ import annotations

import uuid

from celery import shared_task

from core.identity import Identity, act_as
from oid_sync.domain import calls
from oid_sync.domain.reconciliation import runs
from organizations.models import Certifier


def _run(certifier_id: uuid.UUID) -> None:
    with act_as(Identity.loop(certifier_id)):
        calls.make_missing(certifier_id)
        due = calls.due(certifier_id)
    for call_id in due:
        calls.perform(certifier_id, call_id)


@shared_task(name="oid_sync.tasks.run_registration")
def run_registration(certifier_id: str, certificate_id: str | None = None) -> None:
    """Register what waits at one certifier."""
    _run(uuid.UUID(certifier_id))


@shared_task(name="oid_sync.tasks.run_calls")
def run_calls(certifier_id: str, row_id: str | None = None) -> None:
    """Send what waits at one certifier."""
    _run(uuid.UUID(certifier_id))


@shared_task(name="oid_sync.tasks.sweep_registration")
def sweep_registration() -> None:
    """Find every certificate and shipment that OID does not know yet, certifier by certifier."""
    for certifier_id in list(Certifier.objects.values_list("pk", flat=True)):
        _run(certifier_id)


@shared_task(name="oid_sync.tasks.run_reconciliation")
def run_reconciliation(certifier_id: str, run_id: str) -> None:
    """Do what is left of a run."""
    runs.go_on(uuid.UUID(certifier_id), uuid.UUID(run_id))


@shared_task(name="oid_sync.tasks.start_nightly_reconciliation")
def start_nightly_reconciliation() -> None:
    """Start a run at every certifier."""
    for certifier_id in list(Certifier.objects.values_list("pk", flat=True)):
        actor = Identity.loop(certifier_id)
        with act_as(actor):
            runs.start(actor, certifier_id)


@shared_task(name="oid_sync.tasks.sweep_reconciliation")
def sweep_reconciliation() -> None:
    """Go on with runs that a killed worker left behind."""
    for certifier_id in list(Certifier.objects.values_list("pk", flat=True)):
        with act_as(Identity.loop(certifier_id)):
            left = runs.unattended(certifier_id)
        for run_id in left:
            runs.go_on(certifier_id, run_id)
