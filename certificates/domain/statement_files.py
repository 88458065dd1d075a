"""The loop that makes statements as files: a lease in one transaction, rendering in none, the record in another."""

from __future__ import annotations

import dataclasses
import uuid

import structlog
from django.db import connection
from django.utils import translation

from certificates.document.errors import DocumentError
from certificates.document.statement import render_statement
from certificates.domain import made_files
from core import clock
from core.identity import Identity, Kind, act_as
from organizations.models import Certifier
from pvf.domain import statement, statement_sheet
from pvf.domain.statement_files import KEPT
from pvf.models import StatementFile

log = structlog.get_logger(__name__)


@dataclasses.dataclass(frozen=True)
class Job:
    """What the rendering needs, all read; the lease is ours while ``row.lease_until`` stands."""

    row: StatementFile
    statement: statement.Statement
    certifier: str
    language: str
    format: str


def due(certifier_id: uuid.UUID, limit: int = 20) -> list[uuid.UUID]:
    """Statements of a certifier that wait and that nobody is working on, oldest first."""
    return made_files.due(StatementFile, certifier_id, limit)


def forget_old(certifier_id: uuid.UUID) -> int:
    """Delete the files of a certifier that are older than a day. Returns how many."""
    old = StatementFile.objects.filter(certifier_id=certifier_id, wanted_at__lte=clock.now() - KEPT)
    return old.delete()[0]


def make(certifier_id: uuid.UUID, row_id: uuid.UUID) -> bool:
    """Make one statement; False where there was nothing to do or it failed. Killed, it is found again after its lease."""
    if connection.in_atomic_block:
        raise RuntimeError("a statement is never made inside a transaction")
    loop = Identity.loop(certifier_id)
    with act_as(loop):
        row = made_files.take(StatementFile, row_id)
    if row is None:
        return False
    reader = loop
    if row.for_client:
        reader = Identity(kind=Kind.EXPORTER, certifier_id=certifier_id, client_id=row.client_id, user_id=row.wanted_by)
    with act_as(reader):
        job = Job(
            row, statement.read(reader, row.line_id, since=row.since, until=row.until),
            Certifier.objects.get(pk=certifier_id).name, row.language, row.format,
        )  # fmt: skip
    made, error = None, ""
    try:
        made = _render(job)
    except DocumentError as refused:
        error = f"{refused.code}: {refused.message}"
        log.warning("statement_failed", statement=str(row_id), reason=error)
    with act_as(loop):
        return _record(job, made, error)


def _render(job: Job) -> bytes:
    if job.format == StatementFile.Format.XLSX:
        with translation.override(job.language):
            return statement_sheet.write(job.statement)
    return render_statement(job.statement, certifier=job.certifier, language=job.language)


def _record(job: Job, made: bytes | None, error: str) -> bool:
    row = made_files.still_ours(job.row)
    if row is None:
        return False
    row.state = StatementFile.State.READY if made is not None else StatementFile.State.FAILED
    row.content, row.error, row.lease_until, row.made_at = made, error[:300], None, clock.now()
    row.save(update_fields=["state", "content", "error", "lease_until", "made_at"])
    return made is not None
