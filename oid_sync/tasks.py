"""Background work of this floor: thin; what happens is in :mod:`oid_sync.domain`."""

from __future__ import annotations

import uuid

from celery import shared_task

from core.identity import Identity, act_as
from oid_sync.domain import calls
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
