"""What every loop shares that makes a file because somebody asked: the lease on its row, its bytes, its end.

Killed at any point, a file is found again when its lease has ended; what an attempt left is deleted with the row.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import uuid
from typing import IO, Any, TypeVar

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db.models import Q
from django.utils.translation import gettext as _

from certificates.models import Bundle, MadeFile, Preview
from core import clock
from core.errors import Conflict
from pvf.models import StatementFile

FOLDER = "short-lived"
#: Whoever tried so often died of it each time.
MAX_ATTEMPTS = 3
GAVE_UP = "ATTEMPTS"
R = TypeVar("R", Preview, Bundle, StatementFile)
F = TypeVar("F", Preview, Bundle)


def due(model: type[R], certifier_id: uuid.UUID | None, limit: int = 20) -> list[uuid.UUID]:
    """Files of a certifier (None: those of no certifier) that wait and that nobody is working on, oldest first."""
    rows = model.objects.filter(Q(certifier_id=certifier_id), state="waiting")
    rows = rows.filter(Q(lease_until=None) | Q(lease_until__lte=clock.now()))
    return list(rows.order_by("wanted_at").values_list("pk", flat=True)[:limit])


def take(model: type[R], row_id: uuid.UUID) -> R | None:
    """Lease a row that waits; None where somebody has it, it is done, or it was given up now."""
    now = clock.now()
    row = model.objects.select_for_update(skip_locked=True).filter(pk=row_id).first()
    if row is None or row.state != "waiting" or (row.lease_until and row.lease_until > now):
        return None
    if row.attempts >= MAX_ATTEMPTS:
        row.state, row.error, row.lease_until = "failed", GAVE_UP, None
        row.save(update_fields=["state", "error", "lease_until"])
        return None
    row.attempts += 1
    row.lease_until = now + dt.timedelta(seconds=settings.DOCUMENT_LEASE_SECONDS)
    row.save(update_fields=["attempts", "lease_until"])
    return row


def still_ours(row: R) -> R | None:
    """The row FOR UPDATE, if it waits under the lease that ``row`` has; None where another worker went on with it."""
    now = type(row).objects.select_for_update().filter(pk=row.pk).first()
    if now is None or now.state != "waiting" or now.lease_until != row.lease_until:
        return None
    return now


@dataclasses.dataclass(frozen=True, slots=True)
class Kept:
    """Bytes as they were stored."""

    path: str
    size: int
    sha256: str


def keep(row: F, source: IO[bytes]) -> Kept:
    """Store what ``source`` holds from its beginning, chunk by chunk; outside any transaction."""
    digest = hashlib.sha256()
    source.seek(0)
    while chunk := source.read(1 << 16):
        digest.update(chunk)
    size = source.tell()
    source.seek(0)
    path = _path(row, row.attempts)
    default_storage.delete(path)
    default_storage.save(path, File(source, name=path))
    return Kept(path, size, digest.hexdigest())


def finish(row: F, kept: Kept) -> bool:
    """Offer the stored file; False where the row is not ours any more (its bytes go with the row)."""
    now = still_ours(row)
    if now is None:
        return False
    now.state, now.made_at, now.lease_until, now.error = MadeFile.State.READY, clock.now(), None, ""
    now.path, now.size, now.sha256 = kept.path, kept.size, kept.sha256
    now.save(update_fields=["state", "made_at", "lease_until", "error", "path", "size", "sha256"])
    return True


def fail(row: F, error: str, details: dict[str, Any]) -> None:
    """Say why a file was not made; it is not tried again."""
    now = still_ours(row)
    if now is None:
        return
    now.state, now.made_at, now.lease_until = MadeFile.State.FAILED, clock.now(), None
    now.error, now.details = error[:300], details
    now.save(update_fields=["state", "made_at", "lease_until", "error", "details"])


def expired(model: type[F], certifier_id: uuid.UUID | None) -> list[F]:
    """Rows whose time is over, and on which nobody works."""
    now = clock.now()
    rows = model.objects.filter(Q(certifier_id=certifier_id), expires_at__lte=now)
    return list(rows.filter(Q(lease_until=None) | Q(lease_until__lte=now)).order_by("expires_at")[:100])


def forget(row: F) -> None:
    """Delete the bytes of a row, those of attempts that came to nothing too; the row itself is deleted afterwards."""
    for attempt in range(1, row.attempts + 1):
        default_storage.delete(_path(row, attempt))


def open_file(row: F) -> IO[bytes]:
    """The bytes of a file that is ready. Raises ``Conflict`` FILE-WAITING or FILE-FAILED while there are none."""
    if row.state == MadeFile.State.FAILED:
        raise Conflict("FILE-FAILED", _("This file could not be made."), details={"state": row.state})
    if row.state != MadeFile.State.READY:
        raise Conflict("FILE-WAITING", _("This file is not made yet."), details={"state": row.state})
    file: IO[bytes] = default_storage.open(row.path, "rb")
    return file


def _path(row: Preview | Bundle, attempt: int) -> str:
    return f"{FOLDER}/{row._meta.model_name}-{row.pk}-{attempt}"
