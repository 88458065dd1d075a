"""Background work of this floor: thin; what happens is in the domain functions."""

from __future__ import annotations

import uuid
from functools import partial

import structlog
from celery import shared_task

from certificates.domain import (
    actuals,
    bundle_files,
    closing,
    continuity,
    documents,
    previews,
    public_check,
    reading_copies,
    signing,
    statement_files,
    suspension,
)
from core.each import each
from core.identity import Identity, act_as
from core.wake import awake
from organizations.models import Certifier

log = structlog.get_logger(__name__)


@shared_task(name="certificates.tasks.make_document")
def make_document(certifier_id: str, certificate_id: str) -> None:
    """Make the document of one certificate, if it still waits for it."""
    documents.make(uuid.UUID(certifier_id), uuid.UUID(certificate_id))


@shared_task(name="certificates.tasks.make_continuity")
def make_continuity(certifier_id: str, row_id: str) -> None:
    """Make one continuity document, if it still waits."""
    continuity.make(uuid.UUID(certifier_id), uuid.UUID(row_id))


@shared_task(name="certificates.tasks.sweep_documents")
def sweep_documents() -> None:
    """Make every document that waits, certifier by certifier, each in its own transactions."""
    for certifier_id in _certifiers():
        with act_as(Identity.loop(certifier_id)):
            hurried, waiting = continuity.due(certifier_id), documents.due(certifier_id)
        each(hurried, partial(continuity.make, certifier_id), event="document_broke")
        each(waiting, partial(documents.make, certifier_id), event="document_broke")


def _certifiers() -> list[uuid.UUID]:
    return list(Certifier.objects.values_list("pk", flat=True))


@shared_task(name="certificates.tasks.sweep_endings")
def sweep_endings() -> None:
    """Totals that are due, reminders, and close-outs: certifier by certifier, each in its own transactions."""
    each(_certifiers(), actuals.sweep, event="actuals_not_swept")
    each(_certifiers(), closing.sweep, event="closing_not_swept")


@shared_task(name="certificates.tasks.sweep_signing_keys")
def sweep_signing_keys() -> None:
    """Warnings about signing keys that end, certifier by certifier, each in a transaction of its own."""
    each(_certifiers(), signing.warn_of_the_end, event="keys_not_swept")


@shared_task(name="certificates.tasks.run_suspension")
def run_suspension(certifier_id: str | None = None, row_id: str | None = None) -> None:
    """Flag and clear the certificates of one certifier, or (None: the directory has changed) of all."""
    chosen = uuid.UUID(certifier_id) if certifier_id else None
    awake("suspension", chosen)
    each([chosen] if chosen else _certifiers(), suspension.settle_all, event="suspension_failed")


@shared_task(name="certificates.tasks.sweep_suspension")
def sweep_suspension() -> None:
    """Find what a lost wake-up left, certifier by certifier."""
    run_suspension()


@shared_task(name="certificates.tasks.make_reading_copy")
def make_reading_copy(certifier_id: str, row_id: str) -> None:
    """Make one reading copy, if it still waits."""
    reading_copies.make(uuid.UUID(certifier_id), uuid.UUID(row_id))


@shared_task(name="certificates.tasks.sweep_reading_copies")
def sweep_reading_copies() -> None:
    """Make the copies that wait and forget those of yesterday, certifier by certifier, each in its own transactions."""
    for certifier_id in _certifiers():
        with act_as(Identity.loop(certifier_id)):
            reading_copies.forget_old(certifier_id)
            waiting = reading_copies.due(certifier_id)
        each(waiting, partial(reading_copies.make, certifier_id), event="file_not_made")


@shared_task(name="certificates.tasks.make_statement")
def make_statement(certifier_id: str, row_id: str) -> None:
    """Make one statement of account, if it still waits."""
    statement_files.make(uuid.UUID(certifier_id), uuid.UUID(row_id))


@shared_task(name="certificates.tasks.sweep_statements")
def sweep_statements() -> None:
    """Make the statements that wait and forget those of yesterday, certifier by certifier, each in its own transactions."""
    for certifier_id in _certifiers():
        with act_as(Identity.loop(certifier_id)):
            statement_files.forget_old(certifier_id)
            waiting = statement_files.due(certifier_id)
        each(waiting, partial(statement_files.make, certifier_id), event="file_not_made")


@shared_task(name="certificates.tasks.make_preview")
def make_preview(certifier_id: str, row_id: str) -> None:
    """Make one preview, if it still waits."""
    previews.make(uuid.UUID(certifier_id), uuid.UUID(row_id))


@shared_task(name="certificates.tasks.make_bundle")
def make_bundle(certifier_id: str | None, row_id: str) -> None:
    """Make one bundle of documents, if it still waits (certifier None: of an importer or broker)."""
    bundle_files.make(uuid.UUID(certifier_id) if certifier_id else None, uuid.UUID(row_id))


@shared_task(name="certificates.tasks.sweep_made_files")
def sweep_made_files() -> None:
    """Previews and bundles: delete those whose time is over, make those that wait; certifier by certifier."""
    certifiers = _certifiers()
    for certifier_id in certifiers:
        previews.forget_old(certifier_id)
        with act_as(Identity.loop(certifier_id)):
            waiting = previews.due(certifier_id)
        each(waiting, partial(previews.make, certifier_id), event="file_not_made")
    for owner in [*certifiers, None]:
        bundle_files.forget_old(owner)
        with act_as(Identity.loop(owner)):
            bundles = bundle_files.due(owner)
        each(bundles, partial(bundle_files.make, owner), event="file_not_made")


@shared_task(name="certificates.tasks.forget_lookups")
def forget_lookups() -> None:
    """Forget the questions at the public check that are older than they are kept."""
    gone = public_check.forget_old()
    if gone:
        log.info("lookups_forgotten", rows=gone)
