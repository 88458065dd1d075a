"""Asking for a statement as a file, and finding those that were made. They are made by the documents worker."""

from __future__ import annotations

import datetime as dt
import uuid

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core import clock
from core.errors import Conflict, InvalidInput
from core.identity import Identity, Kind
from core.wake import wake
from organizations.tenancy import TenantQuerySet, find
from pvf.domain import statement
from pvf.models import PVFLine, StatementFile

#: Movements that one file may show: setting a PDF takes seconds for each page of about twenty.
MAX_ENTRIES = {StatementFile.Format.PDF: 500, StatementFile.Format.XLSX: 50_000}
KEPT = dt.timedelta(hours=24)


def request(
    actor: Identity,
    line_id: uuid.UUID | str,
    *,
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
    file_format: StatementFile.Format = StatementFile.Format.PDF,
) -> StatementFile:
    """Ask for a statement as a file. The same question while it is being made, or is there, gives the first file.

    Raises ``NotVisible``, ``InvalidInput`` STATEMENT-TIME, STATEMENT-LONG.
    """
    found = statement.read(actor, line_id, since=since, until=until, limit=0)
    if found.count > MAX_ENTRIES[file_format]:
        words = {"count": found.count, "limit": MAX_ENTRIES[file_format]}
        text = _("%(count)s movements are more than the %(limit)s of one file: choose a shorter time, or the workbook.")
        raise InvalidInput("STATEMENT-LONG", text % words, field="since", details=words)
    line, for_client, language = found.line, actor.kind is Kind.EXPORTER, get_language() or settings.LANGUAGE_CODE
    if until is not None:
        known = of_line(actor, line).filter(
            format=file_format, since=since, until=until, language=language, for_client=for_client,
            state__in=[StatementFile.State.WAITING, StatementFile.State.READY],
        )  # fmt: skip
        first = known.first()
        if first is not None:
            return first
    row = StatementFile(
        certifier_id=line.certifier_id, client_id=line.client_id, line=line, format=file_format, since=since,
        until=found.until, language=language, for_client=for_client, wanted_by=actor.user_id,
    )  # fmt: skip
    row.save(force_insert=True)
    wake("statements", line.certifier_id, row.pk)
    return row


def of_line(actor: Identity, line: PVFLine) -> TenantQuerySet[StatementFile]:
    """The files of a line that are still kept and were made for the reader's side, newest first, without their content."""
    rows = StatementFile.objects.visible_to(actor).filter(
        line=line, wanted_at__gt=clock.now() - KEPT, for_client=actor.kind is Kind.EXPORTER
    )
    return rows.defer("content").order_by("-wanted_at")


def content(actor: Identity, line_id: uuid.UUID | str, file_id: uuid.UUID | str) -> tuple[StatementFile, bytes]:
    """A file's bytes. Raises ``NotVisible``, ``Conflict`` STATEMENT-WAITING while they are not there."""
    line = find(PVFLine.objects.all(), actor, line_id)
    row = find(of_line(actor, line).defer(None), actor, file_id)
    if row.content is None:
        text = _("This statement is not made yet.") if not row.error else _("This statement could not be made.")
        raise Conflict("STATEMENT-WAITING", text, details={"state": row.state})
    return row, bytes(row.content)
