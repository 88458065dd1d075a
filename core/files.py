"""Stored files: what may come in is known by its content, kept under its hash, and never changed."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import uuid

import filetype
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from core.errors import InvalidInput
from core.identity import Identity
from core.models import StoredFile
from core.xlsx import refuse_bombs

PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Content types by what a file is kept for; told from the bytes, never from the name.
ALLOWED: dict[str, frozenset[str]] = {
    StoredFile.Kind.UPLOAD: frozenset({PDF, PNG, JPEG, XLSX}),
    StoredFile.Kind.CERTIFICATE: frozenset({PDF}),
    StoredFile.Kind.SHEET: frozenset({XLSX}),
    StoredFile.Kind.LOGO: frozenset({PNG, JPEG}),
}


def content_type_of(data: bytes) -> str:
    """The content type that the bytes themselves tell; empty where it is none we know."""
    kind = filetype.guess(data[:8192])
    return str(kind.mime) if kind else ""


def clean_name(name: str) -> str:
    """The last part of a file name, without control characters and path signs, at most 200 characters."""
    last = re.split(r"[\\/]", name)[-1]
    return re.sub(r"[\x00-\x1f\x7f\"<>|:*?]", "_", last).strip(". ")[-200:] or "file"


def _put(path: str, data: bytes) -> None:
    """Have ``data`` at ``path``, whole or not at all; the same bytes again are no work. A roll-back leaves an unnamed file."""
    if default_storage.exists(path) and default_storage.size(path) == len(data):
        return
    part = default_storage.save(f"{path}.{secrets.token_hex(8)}.part", ContentFile(data))
    try:
        # a crash in the middle of a write must not leave half a file under the hash
        os.replace(default_storage.path(part), default_storage.path(path))
    except NotImplementedError:
        # a store over the network: its own writes are whole or nothing
        default_storage.delete(part)
        default_storage.save(path, ContentFile(data))


def store_file(
    actor: Identity,
    data: bytes,
    *,
    name: str,
    purpose: str = StoredFile.Kind.UPLOAD,
    certifier_id: uuid.UUID,
    client_id: uuid.UUID | None = None,
) -> StoredFile:
    """Keep ``data`` under its SHA-256 and return the row that names it (the same bytes are kept once for a certifier).

    Raises ``InvalidInput``: FILE-EMPTY, FILE-SIZE, FILE-TYPE, FILE-BOMB.
    """
    if not data:
        raise InvalidInput("FILE-EMPTY", _("The file is empty."), field="file")
    if len(data) > settings.UPLOAD_MAX_BYTES:
        words = {"limit": settings.UPLOAD_MAX_BYTES // (1024 * 1024)}
        raise InvalidInput("FILE-SIZE", _("The file is larger than %(limit)s MB.") % words, field="file")
    found = content_type_of(data)
    if found not in ALLOWED[purpose]:
        text = _("This kind of file is not accepted. Send a PDF, PNG, JPEG or XLSX file (found: %(found)s).")
        raise InvalidInput("FILE-TYPE", text % {"found": found or _("unknown")}, field="file")
    if found == XLSX:
        refuse_bombs(data)
    digest = hashlib.sha256(data).hexdigest()
    path = f"{certifier_id}/{digest[:2]}/{digest}"
    _put(path, data)
    row = StoredFile(
        certifier_id=certifier_id, client_id=client_id, kind=purpose, sha256=digest, size=len(data),
        content_type=found, original_name=clean_name(name), path=path, created_by=actor.user_id,
    )  # fmt: skip
    row.save(force_insert=True)
    return row


def read_file(stored: StoredFile) -> bytes:
    """The bytes of a stored file. Raises ``OSError`` where they are gone, ``ValueError`` where they have changed."""
    with default_storage.open(stored.path, "rb") as file:
        data = bytes(file.read())
    if hashlib.sha256(data).hexdigest() != stored.sha256:
        raise ValueError(f"stored file {stored.pk} is not what was stored")
    return data
