"""Uploads and the virus scanner: a row waits, the scanner is asked outside any transaction, its word is written once.

A file whose scan was interrupted or impossible waits on: a sweep finds it again. Until then nobody gets it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

import structlog
from django.conf import settings
from django.core.files.storage import default_storage

from core import audit, clock
from core.clamd import ScannerAway, scan
from core.identity import Identity, act_as
from core.models import Audience, StoredFile
from core.notify import notify

log = structlog.get_logger(__name__)
BATCH = 50


def is_configured() -> bool:
    """Whether uploads are scanned at all."""
    return bool(settings.CLAMD)


def scan_waiting(certifier_id: uuid.UUID, only: uuid.UUID | None = None) -> int:
    """Scan what waits for one certifier, oldest first, or one file. Returns how many files got a judgement."""
    actor = Identity.loop(certifier_id)
    with act_as(actor):
        rows = StoredFile.objects.filter(certifier_id=certifier_id, scan=StoredFile.Scan.WAITING)
        if only:
            rows = rows.filter(pk=only)
        waiting = list(rows.order_by("created_at")[:BATCH])
    judged = 0
    for row in waiting:
        try:
            with default_storage.open(row.path, "rb") as file:
                found = scan(file, settings.CLAMD, settings.CLAMD_SECONDS)
        except ScannerAway as error:
            # the others would only wait as long for the same answer
            log.warning("scanner_away", file_id=str(row.pk), reason=str(error))
            break
        except OSError as error:
            log.error("stored_file_unreadable", file_id=str(row.pk), reason=type(error).__name__)
            continue
        judged += _record(actor, row.pk, found)
    return judged


def oldest_waiting(certifier_id: uuid.UUID) -> dt.datetime | None:
    """Since when the oldest file waits for the scanner; None where none waits."""
    rows = StoredFile.objects.filter(certifier_id=certifier_id, scan=StoredFile.Scan.WAITING)
    return rows.order_by("created_at").values_list("created_at", flat=True).first()


def _record(actor: Identity, row_id: uuid.UUID, found: str) -> int:
    """Write the judgement once; people are told of an infected file. Another worker's judgement stands."""
    with act_as(actor):
        row = StoredFile.objects.select_for_update().filter(pk=row_id, scan=StoredFile.Scan.WAITING).first()
        if row is None:
            return 0
        row.scan = StoredFile.Scan.INFECTED if found else StoredFile.Scan.CLEAN
        row.scan_note, row.scanned_at = found, clock.now()
        row.save(update_fields=["scan", "scan_note", "scanned_at"])
        if not found:
            return 1
        audit.record(
            actor, "file.infected", "storedfile", row.pk, certifier_id=row.certifier_id, client_id=row.client_id,
            after={"name": row.original_name, "sha256": row.sha256, "virus": found, "by": row.created_by},
        )  # fmt: skip
        _tell(row, Audience.CERTIFIER, row.certifier_id, roles=["manager"])
        if row.client_id:
            _tell(row, Audience.CLIENT, row.client_id)
        return 1


def _tell(row: StoredFile, audience: Audience, audience_id: uuid.UUID, *, roles: Sequence[str] = ()) -> None:
    context = {"reference": row.original_name, "name": row.original_name, "virus": row.scan_note}
    notify(
        "file.infected", audience, audience_id, certifier_id=row.certifier_id, object_type="storedfile",
        object_id=row.pk, roles=roles, context=context,
    )  # fmt: skip
