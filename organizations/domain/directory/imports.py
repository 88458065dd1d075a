"""A run over one file: one at a time, in batches, resumable after kill -9, with the same result however often it began."""

from __future__ import annotations

import contextlib
import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db import connection
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext as _

from core import audit, clock
from core.errors import Conflict, InvalidInput, NotPermitted
from core.identity import Identity, Kind, act_as
from core.wake import wake
from organizations.domain.directory import writing
from organizations.domain.directory.columns import Problem, Record
from organizations.domain.directory.listing import newest_full_day
from organizations.domain.directory.sources import Rows, Source
from organizations.models import DirectoryImport, DirectoryProblem, Operation

BATCH = 500
#: Problems kept row by row; beyond, only their number.
PROBLEMS_KEPT = 10_000
STALE = dt.timedelta(minutes=3)
#: A full directory that lists fewer operations than before, by more than this many and this share, is taken for cut off.
SHRINK_AT_LEAST, SHRINK_SHARE = 200, 10
#: PostgreSQL's advisory lock of the one importer; it ends with the connection, so also by kill -9.
LOCK_KEY = 0x64697265
Progress = Callable[[DirectoryImport], None]


def require_keeper(actor: Identity) -> None:
    """Raise ``NotPermitted`` for everybody but the platform operator and the loop that works for them."""
    if actor.kind is Kind.PLATFORM or (actor.kind is Kind.LOOP and actor.certifier_id is None):
        return
    raise NotPermitted("DIRECTORY-KEEPER", _("Only the platform operator reads the directory in."))


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """The only importer while within. Raises ``Conflict`` DIRECTORY-BUSY where another process imports."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK_KEY])
        (mine,) = cursor.fetchone() or (False,)
    if not mine:
        raise Conflict("DIRECTORY-BUSY", _("Another import of the directory is under way."))
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK_KEY])


def start(
    actor: Identity, source: Source, *, as_of: dt.date, full: bool, may_shrink: bool = False, stored_path: str = ""
) -> DirectoryImport:
    """Begin an import, or give the one of the same file that is not finished: it goes on where it was left.

    Raises ``InvalidInput`` DIRECTORY-DAY or DIRECTORY-OLDER, ``Conflict`` DIRECTORY-BUSY.
    """
    require_keeper(actor)
    if as_of > clock.now().date() + dt.timedelta(days=1):
        raise InvalidInput("DIRECTORY-DAY", _("The day of the data lies in the future."), field="as_of")
    newest = newest_full_day()
    if full and newest and as_of < newest:
        words = {"newest": newest.isoformat(), "given": as_of.isoformat()}
        text = _("The directory of %(newest)s has been read already; this one, of %(given)s, is older.")
        raise InvalidInput("DIRECTORY-OLDER", text % words, field="as_of")
    running = DirectoryImport.objects.select_for_update().filter(state=DirectoryImport.State.RUNNING).first()
    if running is not None:
        if (running.file_sha256, running.as_of, running.full) == (source.sha256, as_of, full):
            if running.may_shrink != may_shrink:
                running.may_shrink = may_shrink
                running.save(update_fields=["may_shrink"])
            return running
        if running.stored_path and running.heartbeat_at > clock.now() - STALE:
            raise Conflict("DIRECTORY-BUSY", _("Another import of the directory is under way."))
        running.state, running.done_at = DirectoryImport.State.STOPPED, clock.now()
        running.note = f"given up for {source.name}"[:300]
        running.save(update_fields=["state", "done_at", "note"])
    row = DirectoryImport(
        file_name=source.name[-200:], file_sha256=source.sha256, as_of=as_of, full=full, may_shrink=may_shrink,
        stored_path=stored_path, started_by=actor.user_id,
    )  # fmt: skip
    row.save(force_insert=True)
    audit.record(
        actor, "directory.import_start", "directory_import", row.pk,
        after={"file": row.file_name, "sha256": row.file_sha256, "as_of": as_of, "full": full},
    )  # fmt: skip
    return row


def run(actor: Identity, import_id: uuid.UUID, source: Source, progress: Progress | None = None) -> DirectoryImport:
    """Do what is left of an import. Must be called outside a transaction, within :func:`alone`.

    Raises ``InvalidInput`` for a file that cannot be read (the import has failed then) and ``Conflict`` DIRECTORY-STOPPED.
    """
    reading = _Reading(Rows(source))
    try:
        with act_as(actor):
            row = DirectoryImport.objects.get(pk=import_id)
            day = writing.Day(row.as_of, row.full, newest_full_day())
        for batch in reading.batches(row.rows_done):
            with act_as(actor):
                row = _running(import_id)
                _take(actor, row, batch, day)
                row.rows_total = max(reading.rows.total or 0, row.rows_done) or None
                row.unknown_columns = reading.rows.unknown
                row.heartbeat_at = clock.now()
                row.save()
            if progress:
                progress(row)
        if row.full:
            _mark_unlisted(actor, import_id, reading)
        return _finish(actor, import_id, reading)
    except InvalidInput as error:
        give_up(actor, import_id, error)
        raise


def give_up(actor: Identity, import_id: uuid.UUID, error: InvalidInput) -> None:
    """End an import that cannot go on, with the reason. Rows that were taken stay."""
    with act_as(actor):
        row = _running(import_id)
        row.state, row.done_at, row.note = DirectoryImport.State.FAILED, clock.now(), str(error.message)[:300]
        row.save(update_fields=["state", "done_at", "note"])
        audit.record(
            actor, "directory.import_failed", "directory_import", row.pk, after={"code": error.code, "note": row.note}
        )  # fmt: skip


def _running(import_id: uuid.UUID) -> DirectoryImport:
    rows = DirectoryImport.objects.select_for_update()
    row = rows.filter(pk=import_id, state=DirectoryImport.State.RUNNING).first()
    if row is None:
        raise Conflict("DIRECTORY-STOPPED", _("This import is not under way any more."))
    return row


class _Reading:
    """The file's records in batches that are the same however often it is read, and which operations it names."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        #: NOP ID → hash of what its first row says.
        self.seen: dict[str, int] = {}
        #: Operations named by rows that could not be taken.
        self.refused: set[str] = set()

    def batches(self, done: int) -> Iterator[list[Record]]:
        """Batches after the first ``done`` records; those are read again, since they name operations too."""
        batch: list[Record] = []
        for number, record in enumerate(self.rows, start=1):
            judged = self._judged(record)
            if number <= done:
                continue
            batch.append(judged)
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    def _judged(self, record: Record) -> Record:
        """The record; without values where an earlier row said the same, refused where one said something else."""
        if record.refused:
            if len(record.nop_id) == 10:
                self.refused.add(record.nop_id)
            return record
        said = hash(repr(record.values))
        if record.nop_id not in self.seen:
            self.seen[record.nop_id] = said
            return record
        before = self.seen[record.nop_id]
        wrong = () if before == said else (*record.problems, Problem("REPEATED", "nop_id", record.nop_id))
        return Record(record.row, record.nop_id, {}, wrong)


def _take(actor: Identity, row: DirectoryImport, batch: list[Record], day: writing.Day) -> None:
    """Write one batch, its problems and its counts."""
    good = [record for record in batch if record.values]
    counts = writing.write(actor, good, day, row.pk)
    row.added += counts.added
    row.changed += counts.changed
    row.unchanged += counts.unchanged
    row.status_changes += counts.status_changes
    row.lapsed += counts.lapsed
    refused = sum(record.refused for record in batch)
    row.passed_over += counts.passed_over + len(batch) - len(good) - refused
    found = list(_problems(row, batch))
    room = max(0, PROBLEMS_KEPT - row.refused - row.noted)
    DirectoryProblem.objects.bulk_create(found[:room])
    row.refused += refused
    row.noted += sum(not problem.refused for problem in found)
    row.rows_done += len(batch)


def _problems(row: DirectoryImport, batch: Iterable[Record]) -> Iterator[DirectoryProblem]:
    for record in batch:
        for problem in record.problems:
            yield DirectoryProblem(
                directory_import=row, row=record.row, nop_id=record.nop_id[:20], column=problem.column[:60],
                code=problem.code, value=problem.value[:100], refused=problem.refuses,
            )  # fmt: skip


def _mark_unlisted(actor: Identity, import_id: uuid.UUID, reading: _Reading) -> None:
    """Mark the operations that a full directory does not confirm any more; none is deleted.

    Raises ``InvalidInput`` DIRECTORY-SHRUNK where so many are missing that the file is probably cut off.
    """
    with act_as(actor):
        row = _running(import_id)
        listed = Operation.objects.filter(last_seen=None, directory_date__lte=row.as_of)
        missing: list[uuid.UUID] = []
        unread: list[uuid.UUID] = []
        total = 0
        for pk, nop_id in listed.order_by("pk").values_list("pk", "nop_id").iterator(chunk_size=5000):
            total += 1
            if nop_id not in reading.seen:
                (unread if nop_id in reading.refused else missing).append(pk)
        gone = len(missing)
        if not row.may_shrink and gone > SHRINK_AT_LEAST and gone > total * SHRINK_SHARE // 100:
            words = {"gone": gone, "total": total}
            text = _(
                "%(gone)s of %(total)s operations are not in this file: it is probably cut off. Nothing was unlisted."
            )
            raise InvalidInput("DIRECTORY-SHRUNK", text % words, field="file", details=words)
        newest = newest_full_day()
    keys = sorted([*missing, *unread])
    new = set(missing)
    for start_at in range(0, len(keys), BATCH):
        part = keys[start_at : start_at + BATCH]
        with act_as(actor):
            row = _running(import_id)
            held = Operation.objects.select_for_update(no_key=True).filter(pk__in=part, last_seen=None)
            still = list(held.order_by("pk").values_list("pk", flat=True))
            day: Any = Greatest(F("directory_date"), newest) if newest else F("directory_date")
            Operation.objects.filter(pk__in=still).update(last_seen=day)
            row.no_longer_listed += sum(pk in new for pk in still)
            row.heartbeat_at = clock.now()
            row.save(update_fields=["no_longer_listed", "heartbeat_at"])


def _finish(actor: Identity, import_id: uuid.UUID, reading: _Reading) -> DirectoryImport:
    with act_as(actor):
        row = _running(import_id)
        row.state, row.done_at, row.heartbeat_at = DirectoryImport.State.DONE, clock.now(), clock.now()
        row.rows_total, row.unknown_columns = row.rows_done, reading.rows.unknown
        row.save()
        audit.record(actor, "directory.import_end", "directory_import", row.pk, after=summary(row))
        wake("suspension", None)
    return row


COUNTS = (
    "rows_done", "rows_total", "added", "changed", "unchanged", "passed_over", "refused", "noted", "status_changes",
    "lapsed", "no_longer_listed",
)  # fmt: skip


def summary(row: DirectoryImport) -> dict[str, Any]:
    """The figures of an import, JSON-ready."""
    return {
        "import": str(row.pk), "file": row.file_name, "as_of": row.as_of.isoformat(), "full": row.full,
        "state": row.state, **{name: getattr(row, name) for name in COUNTS}, "unknown_columns": row.unknown_columns,
        "note": row.note,
    }  # fmt: skip


def no_longer_listed() -> Any:
    """Operations that the newest full directory does not confirm, those that went last first."""
    return Operation.objects.filter(Q(last_seen__isnull=False)).order_by(Coalesce("last_seen", "directory_date").desc())
