"""The loop that makes bundles: ZIP and manifest, slice by slice, read as the person who asked for them."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import tempfile
import uuid
import zipfile
from collections.abc import Iterator
from typing import IO, Any

import structlog
from django.conf import settings
from django.db import connection

from certificates.domain import made_files
from certificates.domain.downloads import NO_LONGER
from certificates.models import Bundle, CertificateDocument
from core import clock
from core.exports import harmless
from core.files import read_file
from core.identity import Identity, act_as
from organizations.identity import identity_of
from organizations.models import Membership

log = structlog.get_logger(__name__)

#: Documents that are read in one transaction; afterwards the page knows how far it is.
SLICE = 25
COLUMNS = (
    "number", "version", "current", "file", "sha256", "state", "issued_at", "made_at", "net_kg", "exporter", "importer",
)  # fmt: skip


class LostLease(Exception):
    """Another worker goes on with the bundle."""


class Unreadable(Exception):
    """The stored bytes of a document are gone or changed; the argument is its certificate's number."""


def due(certifier_id: uuid.UUID | None) -> list[uuid.UUID]:
    """Bundles that wait; the loop's own identity is set."""
    return made_files.due(Bundle, certifier_id)


def forget_old(certifier_id: uuid.UUID | None) -> int:
    """Delete the bundles of a certifier (None: of none) whose time is over: bytes first, then the row. Returns how many."""
    loop = Identity.loop(certifier_id)
    with act_as(loop):
        rows = made_files.expired(Bundle, certifier_id)
    for row in rows:
        made_files.forget(row)
    with act_as(loop):
        return Bundle.objects.filter(pk__in=[row.pk for row in rows]).delete()[0]


def make(certifier_id: uuid.UUID | None, row_id: uuid.UUID) -> bool:
    """Make one bundle; False where there was nothing to do or it failed. Killed, it is made anew after its lease."""
    if connection.in_atomic_block:
        raise RuntimeError("a bundle is never made inside a transaction")
    loop = Identity.loop(certifier_id)
    with act_as(loop):
        row = made_files.take(Bundle, row_id)
        membership = Membership.objects.filter(pk=row.membership_id, ended_at=None).first() if row else None
    if row is None:
        return False
    if membership is None:
        with act_as(loop):
            made_files.fail(row, "BUNDLE-ACCESS", {})
        return False
    try:
        with tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR) as file:
            _write(loop, row, identity_of(membership), file)
            kept = made_files.keep(row, file)
    except LostLease:
        return False
    except Unreadable as error:
        log.exception("bundle_failed", bundle=str(row_id), certificate=str(error))
        with act_as(loop):
            made_files.fail(row, "BUNDLE-FILE", {"number": str(error)})
        return False
    with act_as(loop):
        return made_files.finish(row, kept)


def _write(loop: Identity, row: Bundle, reader: Identity, file: IO[bytes]) -> None:
    manifest: list[dict[str, Any]] = []
    # PDF files are compressed already
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
        for start in range(0, len(row.certificates), SLICE):
            keys = row.certificates[start : start + SLICE]
            for document, entry in _documents(reader, keys, all_versions=row.all_versions):
                try:
                    data = read_file(document.file)
                except (OSError, ValueError) as error:
                    raise Unreadable(entry["number"]) from error
                archive.writestr(_member(entry["file"], document.made_at), data)
                manifest.append(entry)
            with act_as(loop):
                _went_on(row, start + len(keys))
        for name, text in (("manifest.csv", as_csv(manifest)), ("manifest.json", _as_json(row, manifest))):
            archive.writestr(_member(name, row.wanted_at), text.encode(), zipfile.ZIP_DEFLATED)


def _member(name: str, at: dt.datetime) -> zipfile.ZipInfo:
    at = at.astimezone(dt.UTC)
    return zipfile.ZipInfo(name, (at.year, at.month, at.day, at.hour, at.minute, at.second))


def _went_on(row: Bundle, done: int) -> None:
    """Note how far it is, and keep the lease for the next slice. Raises :class:`LostLease`."""
    now = made_files.still_ours(row)
    if now is None:
        raise LostLease
    now.done, now.lease_until = done, clock.now() + dt.timedelta(seconds=settings.DOCUMENT_LEASE_SECONDS)
    now.save(update_fields=["done", "lease_until"])
    row.lease_until = now.lease_until


def _documents(
    reader: Identity, keys: list[str], *, all_versions: bool
) -> Iterator[tuple[CertificateDocument, dict[str, Any]]]:
    """The documents of a slice that the reader sees now, in the order of ``keys``, each with its line of the manifest."""
    with act_as(reader):
        rows = CertificateDocument.objects.visible_to(reader).filter(certificate_id__in=keys)
        found = list(rows.select_related("file", "certificate").order_by("version"))
    newest = {row.certificate_id: row.version for row in found}
    order = {uuid.UUID(key): place for place, key in enumerate(keys)}
    for row in sorted(found, key=lambda row: (order[row.certificate_id], row.version)):
        current = newest[row.certificate_id] == row.version
        if current or all_versions:
            yield row, _entry(row, current=current)


def _entry(row: CertificateDocument, *, current: bool) -> dict[str, Any]:
    certificate = row.certificate
    name = certificate.number or str(certificate.pk)
    # a saved file has no page around it that would say what no longer counts
    marks = ["SUPERSEDED"] * (not current) + [certificate.state.upper()] * (certificate.state in NO_LONGER)
    return {
        "number": name, "version": row.version, "current": current,
        "file": f"{'-'.join([name, f'v{row.version}', *marks])}.pdf",
        "sha256": row.sha256, "state": certificate.state,
        "issued_at": certificate.issued_at.isoformat() if certificate.issued_at else "",
        "made_at": row.made_at.isoformat(), "net_kg": f"{certificate.net_kg:.3f}",
        "exporter": certificate.snapshot["exporter"]["name"], "importer": certificate.snapshot["importer"]["name"],
    }  # fmt: skip


def as_csv(manifest: list[dict[str, Any]]) -> str:
    """The manifest as CSV (RFC 4180): a name that begins like a formula stands behind an apostrophe."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    for entry in manifest:
        writer.writerow({name: harmless(entry[name]) for name in COLUMNS})
    return text.getvalue()


def _as_json(row: Bundle, manifest: list[dict[str, Any]]) -> str:
    whole = {
        "made_for": row.wanted, "asked_at": row.wanted_at.isoformat(), "certificates": row.total, "documents": manifest,
    }  # fmt: skip
    return json.dumps(whole, ensure_ascii=False, indent=1, default=str)
