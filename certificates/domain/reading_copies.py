"""The loop that makes reading copies: asked for on the certificate's page, made by the documents worker, kept a day.

A copy is made from the data file inside the signed document, so it says what that document says, whatever has happened to
the certificate since. A lease in one transaction, rendering in none, the record in another.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import uuid

import structlog
from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from certificates.document.errors import DocumentError
from certificates.document.payload import issue_of, logo_of, read_data_file
from certificates.document.reading_copy import LANGUAGES, attached_data, render_reading_copy
from certificates.domain import behalf, downloads
from certificates.models import Certificate, CertificateDocument, ReadingCopy
from core import audit, clock, ids
from core.errors import Conflict, InvalidInput
from core.files import read_file
from core.identity import Identity, act_as
from core.models import StoredFile
from core.wake import wake
from organizations.tenancy import find, not_visible

log = structlog.get_logger(__name__)

KEPT = dt.timedelta(hours=24)
MAX_ATTEMPTS = 3


@dataclasses.dataclass(frozen=True)
class Job:
    """What the rendering needs; the lease is ours until ``lease_until``."""

    row_id: uuid.UUID
    lease_until: dt.datetime
    file: StoredFile
    language: str


def want(actor: Identity, certificate_id: uuid.UUID | str, language: str = LANGUAGES[0]) -> ReadingCopy:
    """Ask for the copy of a certificate's newest document. Asked again, the first answer stands; a failed one is tried again.

    Raises ``NotVisible``, also where no document is made yet, and ``InvalidInput`` LANGUAGE.
    """
    if language not in LANGUAGES:
        raise InvalidInput("LANGUAGE", _("There is no reading copy in this language."), field="language")
    document = downloads.current_document(actor, certificate_id)
    made = ReadingCopy.objects.bulk_create(
        [
            ReadingCopy(
                id=ids.new_id(), certifier_id=document.certifier_id, client_id=document.client_id,
                certificate_id=document.certificate_id, document=document, language=language, wanted_by=actor.user_id,
            )
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    row = ReadingCopy.objects.select_for_update(of=("self",)).get(document=document, language=language)
    if row.state == ReadingCopy.State.READY or (row.pk != made[0].pk and row.state == ReadingCopy.State.WAITING):
        return row
    if row.state == ReadingCopy.State.FAILED:
        row.state, row.attempts, row.error, row.wanted_at = ReadingCopy.State.WAITING, 0, "", clock.now()
        row.save(update_fields=["state", "attempts", "error", "wanted_at"])
    actor = behalf.reading(actor, [document.certificate])
    audit.record(
        actor, "certificate.reading_copy", "certificate", document.certificate_id, certifier_id=document.certifier_id,
        client_id=document.client_id, after={"language": language, "of": document.sha256},
    )  # fmt: skip
    wake("reading_copies", row.certifier_id, row.pk)
    return row


def of_document(actor: Identity, document: CertificateDocument | None) -> list[ReadingCopy]:
    """The copies of a document that were asked for, without their content."""
    if document is None:
        return []
    rows = ReadingCopy.objects.visible_to(actor).filter(document=document)
    return list(rows.defer("content").order_by("language"))


def download(actor: Identity, certificate_id: uuid.UUID | str, copy_id: uuid.UUID | str) -> downloads.Download:
    """A copy's bytes. Raises ``NotVisible``, ``Conflict`` COPY-WAITING while they are not there."""
    certificate = find(Certificate.objects.all(), actor, certificate_id)
    row = ReadingCopy.objects.visible_to(actor).filter(pk=copy_id, certificate=certificate).first()
    if row is None:
        raise not_visible()
    if row.content is None:
        raise Conflict("COPY-WAITING", _("The reading copy is not made yet."), details={"state": row.state})
    name = f"{certificate.number}-{row.language}.pdf"
    return downloads.Download(bytes(row.content), row.sha256, name)


def due(certifier_id: uuid.UUID, limit: int = 20) -> list[uuid.UUID]:
    """Copies of a certifier's certificates that wait and that nobody is working on, oldest first."""
    rows = ReadingCopy.objects.filter(certifier_id=certifier_id, state=ReadingCopy.State.WAITING)
    rows = rows.filter(Q(lease_until=None) | Q(lease_until__lte=clock.now()))
    return list(rows.order_by("wanted_at").values_list("pk", flat=True)[:limit])


def forget_old(certifier_id: uuid.UUID) -> int:
    """Delete the copies that were asked for more than a day ago. Returns how many."""
    old = ReadingCopy.objects.filter(certifier_id=certifier_id, wanted_at__lte=clock.now() - KEPT)
    return old.delete()[0]


def make(certifier_id: uuid.UUID, row_id: uuid.UUID) -> bool:
    """Make one copy; False where there was nothing to do or it failed. Killed, it is found again after its lease."""
    if connection.in_atomic_block:
        raise RuntimeError("a copy is never made inside a transaction")
    loop = Identity.loop(certifier_id)
    with act_as(loop):
        job = _take(row_id)
    if job is None:
        return False
    made, error = None, ""
    try:
        made = _render(job)
    except DocumentError as refused:
        error = f"{refused.code}: {refused.message}"
    except (OSError, ValueError, KeyError) as broken:
        error = f"COPY-SOURCE: {broken}"
    if error:
        log.warning("reading_copy_failed", copy=str(row_id), reason=error)
    with act_as(loop):
        return _record(job, made, error)


def _render(job: Job) -> bytes:
    content = read_data_file(attached_data(read_file(job.file)))
    return render_reading_copy(content["snapshot"], issue_of(content), language=job.language, logo=logo_of(content))


def _take(row_id: uuid.UUID) -> Job | None:
    now = clock.now()
    rows = ReadingCopy.objects.select_for_update(skip_locked=True, of=("self",)).select_related("document__file")
    row = rows.filter(pk=row_id).first()
    if row is None or row.state != ReadingCopy.State.WAITING or (row.lease_until and row.lease_until > now):
        return None
    if row.attempts >= MAX_ATTEMPTS:
        # whoever tried died of it each time
        row.state, row.error = ReadingCopy.State.FAILED, "ATTEMPTS"
        row.save(update_fields=["state", "error"])
        return None
    row.attempts += 1
    row.lease_until = now + dt.timedelta(seconds=settings.DOCUMENT_LEASE_SECONDS)
    row.save(update_fields=["attempts", "lease_until"])
    return Job(row.pk, row.lease_until, row.document.file, row.language)


def _record(job: Job, made: bytes | None, error: str) -> bool:
    row = ReadingCopy.objects.select_for_update().filter(pk=job.row_id).first()
    if row is None or row.state != ReadingCopy.State.WAITING or row.lease_until != job.lease_until:
        return False
    row.state = ReadingCopy.State.READY if made is not None else ReadingCopy.State.FAILED
    row.content, row.error, row.lease_until, row.made_at = made, error[:300], None, clock.now()
    row.sha256 = hashlib.sha256(made).hexdigest() if made is not None else ""
    row.save(update_fields=["state", "content", "error", "lease_until", "made_at", "sha256"])
    return made is not None
