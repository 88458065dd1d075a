"""Stored files: kept under their hash, never changed, given out only when nothing speaks against it."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import secrets
import uuid
from typing import IO

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import Count, Sum
from django.utils.translation import gettext as _

from core import clock
from core.errors import Conflict, InvalidInput
from core.identity import Identity
from core.models import StoredFile
from core.uploads import Accepted, Source, accept, on_disk

from core.uploads import JPEG, PDF, PNG, XLSX, clean_name  # isort: skip
from core.wake import wake

#: What the portal itself writes; it needs no judging.
_OURS: dict[str, frozenset[str]] = {
    StoredFile.Kind.CERTIFICATE: frozenset({PDF}),
    StoredFile.Kind.LOGO: frozenset({PNG, JPEG}),
}
__all__ = ["JPEG", "PDF", "PNG", "XLSX", "clean_name", "keep", "read_file", "require_usable", "store_file", "store_own"]


def store_file(
    actor: Identity,
    source: Source | Accepted,
    *,
    name: str,
    purpose: str = StoredFile.Kind.UPLOAD,
    certifier_id: uuid.UUID,
    client_id: uuid.UUID | None = None,
) -> StoredFile:
    """Judge and keep what somebody handed in. Where a lock is held, :func:`core.uploads.accept` it before the lock."""
    accepted = accept(source, name=name, kind=purpose)
    return keep(actor, accepted, certifier_id=certifier_id, client_id=client_id)


def keep(
    actor: Identity, accepted: Accepted, *, certifier_id: uuid.UUID, client_id: uuid.UUID | None = None
) -> StoredFile:
    """Keep an accepted file under its SHA-256 and return the row that names it (the same bytes are kept once a certifier).

    Where a virus scanner is configured the row waits for it. Raises ``InvalidInput`` FILE-DAY.
    """
    if client_id is not None:
        _require_room(certifier_id, client_id, accepted.size)
    row = _row(
        actor, accepted.file, accepted.sha256, accepted.size, certifier_id=certifier_id, client_id=client_id,
        kind=accepted.kind, content_type=accepted.content_type, original_name=accepted.name,
        scan=StoredFile.Scan.WAITING if settings.CLAMD else StoredFile.Scan.NONE,
    )  # fmt: skip
    if row.scan == StoredFile.Scan.WAITING:
        wake("scans", certifier_id, row.pk)
    return row


def store_own(
    actor: Identity,
    data: bytes,
    *,
    name: str,
    purpose: str,
    content_type: str,
    certifier_id: uuid.UUID,
    client_id: uuid.UUID | None = None,
) -> StoredFile:
    """Keep what the portal itself has written: an issued document, a logo drawn anew."""
    if content_type not in _OURS[purpose]:
        raise ValueError(f"{purpose} is never {content_type}")
    file, size, sha256 = on_disk(data)
    with file:
        return _row(
            actor, file, sha256, size, certifier_id=certifier_id, client_id=client_id, kind=purpose,
            content_type=content_type, original_name=clean_name(name), scan=StoredFile.Scan.NONE,
        )  # fmt: skip


def name_of_lock(path: str) -> int:
    """The advisory lock of a path: shared by whoever is about to name its bytes, alone to whoever deletes them."""
    return int.from_bytes(hashlib.sha256(path.encode()).digest()[:8], "big", signed=True)


def _row(actor: Identity, file: IO[bytes], sha256: str, size: int, **values: object) -> StoredFile:
    path = f"{values['certifier_id']}/{sha256[:2]}/{sha256}"
    with connection.cursor() as cursor:
        # until this transaction ends: bytes that are there already must not be deleted before the row names them
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [name_of_lock(path)])
    _put(path, file, size)
    row = StoredFile(sha256=sha256, size=size, path=path, created_by=actor.user_id, **values)
    row.save(force_insert=True)
    return row


def _put(path: str, file: IO[bytes], size: int) -> None:
    """Have the file at ``path``, whole or not at all; the same bytes again are no work. A roll-back leaves an unnamed file."""
    if default_storage.exists(path) and default_storage.size(path) == size:
        return
    file.seek(0)
    try:
        whole = default_storage.path(path)
    except NotImplementedError:
        # a store over the network: its own writes are whole or nothing. It closes what it was given
        with os.fdopen(os.dup(file.fileno()), "rb") as copy:
            default_storage.save(path, File(copy, name=path))
        return
    # a crash in the middle of a write must not leave half a file under the hash
    part = default_storage.save(f"{path}.{secrets.token_hex(8)}.part", File(file, name="part"))
    os.replace(default_storage.path(part), whole)


def _require_room(certifier_id: uuid.UUID, client_id: uuid.UUID, size: int) -> None:
    """Bounds on what one exporter hands in within 24 hours. Uploads at the same moment may together go a little beyond."""
    since = clock.now() - dt.timedelta(days=1)
    handed_in = (StoredFile.Kind.UPLOAD, StoredFile.Kind.SHEET)
    rows = StoredFile.objects.filter(
        certifier_id=certifier_id, client_id=client_id, created_at__gte=since, kind__in=handed_in
    )
    there = rows.aggregate(files=Count("pk"), size=Sum("size"))
    if there["files"] >= settings.UPLOAD_DAY_FILES or (there["size"] or 0) + size > settings.UPLOAD_DAY_BYTES:
        words = {"files": settings.UPLOAD_DAY_FILES, "limit": settings.UPLOAD_DAY_BYTES // 2**20}
        text = _("At most %(files)s files and %(limit)s MB can be handed in within 24 hours. Go on tomorrow.")
        raise InvalidInput("FILE-DAY", text % words, field="file", details=words)


def require_usable(stored: StoredFile) -> None:
    """Raise ``Conflict`` FILE-SCAN or FILE-INFECTED for a file that nobody may have yet, or ever."""
    if stored.scan == StoredFile.Scan.WAITING:
        text = _("This file is still being checked for viruses. Try again in a minute.")
        raise Conflict("FILE-SCAN", text, field="file")
    if stored.scan == StoredFile.Scan.INFECTED:
        words = {"name": stored.original_name, "virus": stored.scan_note}
        text = _(
            "“%(name)s” is locked away: the virus scanner found %(virus)s. Send the document anew from a clean computer."
        )
        raise Conflict("FILE-INFECTED", text % words, field="file")


def read_file(stored: StoredFile) -> bytes:
    """The bytes of a stored file. Raises ``Conflict`` as :func:`require_usable`, ``OSError`` where they are gone,
    ``ValueError`` where they have changed."""
    require_usable(stored)
    with default_storage.open(stored.path, "rb") as file:
        data = bytes(file.read())
    if hashlib.sha256(data).hexdigest() != stored.sha256:
        raise ValueError(f"stored file {stored.pk} is not what was stored")
    return data
