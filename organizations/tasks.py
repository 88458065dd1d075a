"""Background work of this floor: thin; what happens is in the domain functions."""

from __future__ import annotations

import structlog
from celery import shared_task

from core.errors import DomainError
from organizations.domain import brokers
from organizations.domain.directory import uploads
from organizations.models import Certifier

log = structlog.get_logger(__name__)


@shared_task(name="organizations.tasks.run_directory_import")
def run_directory_import(certifier_id: str | None = None, import_id: str | None = None) -> None:
    """Go on with the directory import that waits, if nobody works on it."""
    try:
        uploads.go_on()
    except DomainError as error:
        log.warning("directory_import_failed", code=error.code, reason=str(error.message))


@shared_task(name="organizations.tasks.sweep_directory_imports")
def sweep_directory_imports() -> None:
    """Find an import whose wake-up was lost or whose worker was killed."""
    run_directory_import()


@shared_task(name="organizations.tasks.sweep_delegations")
def sweep_delegations() -> None:
    """Tell brokers and grantors of grants that end: of the importers, then certifier by certifier."""
    for certifier_id in [None, *Certifier.objects.values_list("pk", flat=True)]:
        brokers.warn_of_the_end(certifier_id)
