"""Evidence of a PVF: documents of a draft, of a top-up, of a processing report."""

from __future__ import annotations

import dataclasses
import uuid

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from core import audit, clock
from core.errors import Conflict, InvalidInput
from core.files import keep, require_usable
from core.identity import Identity
from core.models import USABLE, StoredFile
from core.uploads import Accepted, Source, accept
from organizations.tenancy import find
from pvf.domain import versions
from pvf.models import PVF, ProcessingReport, PVFDocument, PVFVersion

OPEN = (PVFVersion.State.DRAFT, PVFVersion.State.PROPOSED)


@dataclasses.dataclass(frozen=True, slots=True)
class Paper:
    """A file as it was uploaded, and what kind of evidence it is."""

    kind: str
    data: Source | Accepted
    name: str

    def accepted(self) -> Paper:
        """The same paper, its content judged: before any lock. Raises as :func:`core.uploads.accept`."""
        return dataclasses.replace(self, data=accept(self.data, name=self.name, field="files"))


def attach(
    actor: Identity,
    pvf: PVF,
    paper: Paper,
    *,
    version: PVFVersion | None = None,
    report: ProcessingReport | None = None,
) -> PVFDocument:
    """Keep a document with a version or a report of a PVF. Raises ``InvalidInput`` for what is no document."""
    if paper.kind not in PVFDocument.Kind.values:
        raise InvalidInput("DOCUMENT-KIND", _("Choose what kind of document this is."), field="kind")
    there = PVFDocument.objects.filter(version=version, report=report, removed_at=None).count()
    if there >= settings.UPLOAD_MAX_FILES:
        words = {"limit": settings.UPLOAD_MAX_FILES}
        raise InvalidInput("DOCUMENT-COUNT", _("At most %(limit)s documents can be added here.") % words, field="file")
    judged = accept(paper.data, name=paper.name, field="files")
    stored = keep(actor, judged, certifier_id=pvf.certifier_id, client_id=pvf.client_id)
    row = PVFDocument(
        certifier_id=pvf.certifier_id, client_id=pvf.client_id, pvf=pvf, version=version, report=report,
        kind=paper.kind, file=stored, added_by=actor.user_id,
    )  # fmt: skip
    row.save(force_insert=True)
    audit.record(
        actor, "pvf.document_add", "pvf", pvf.pk, certifier_id=pvf.certifier_id, client_id=pvf.client_id,
        after={"document": row.pk, "kind": row.kind, "sha256": stored.sha256, "name": stored.original_name},
    )  # fmt: skip
    return row


@transaction.atomic
def add(actor: Identity, version_id: uuid.UUID, paper: Paper) -> PVFDocument:
    """Add evidence to a draft or a waiting proposal of the actor's own side."""
    paper = paper.accepted()
    pvf, version = versions.locked(actor, version_id)
    _require_open(actor, version)
    return attach(actor, pvf, paper, version=version)


@transaction.atomic
def remove(actor: Identity, document_id: uuid.UUID) -> PVFDocument:
    """Hide a document of a draft; the file stays under its hash. Refused while a purchase of the draft names it."""
    seen = find(PVFDocument.objects.all(), actor, document_id)
    if seen.version_id is None:
        raise Conflict("PVF-STATE", _("Evidence of a report is kept."))
    _pvf, version = versions.locked(actor, seen.version_id)
    _require_open(actor, version)
    if version.state != PVFVersion.State.DRAFT:
        raise Conflict("PVF-STATE", _("Evidence of a proposal is kept."), details={"state": version.state})
    for row in versions.rows_of(version):
        if any(item.document == document_id for item in row.basis.purchases):
            words = {"line": row.line_number}
            text = _("A purchase of line %(line)s names this document: change the purchase first.")
            raise Conflict("DOCUMENT-NAMED", text % words)
    row_to_hide = find(PVFDocument.objects.select_for_update(), actor, document_id)
    if row_to_hide.removed_at is None:
        row_to_hide.removed_at = clock.now()
        row_to_hide.save(update_fields=["removed_at"])
        versions.record(actor, "pvf.document_remove", version, document=document_id)
    return row_to_hide


def require_passed(*, version: PVFVersion | None = None, report: ProcessingReport | None = None) -> None:
    """Raise ``Conflict`` FILE-SCAN or FILE-INFECTED while the virus scanner has not passed every paper of a proposal."""
    papers = PVFDocument.objects.filter(version=version, report=report, removed_at=None).exclude(file__scan__in=USABLE)
    for paper in papers.select_related("file"):
        require_usable(paper.file)
    if version is not None and version.source_file_id:
        require_usable(StoredFile.objects.get(pk=version.source_file_id))


def _require_open(actor: Identity, version: PVFVersion) -> None:
    versions.require_proposer(actor, version.client_id)
    if version.by_certifier is not actor.is_staff or version.state not in OPEN:
        text = _("Evidence is added by the side that proposes, until the proposal is decided.")
        raise Conflict("PVF-STATE", text, details={"state": version.state})
