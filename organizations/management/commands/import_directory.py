"""``manage.py import_directory``: OID's monthly workbook, or its read API's XML from a file or an address."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import clock
from core.errors import DomainError
from core.identity import Identity, Kind, act_as
from organizations.domain.directory import imports, problems
from organizations.domain.directory.sources import Source, downloaded, source_of
from organizations.models import DirectoryImport, DirectoryProblem

#: Problems shown at the end; all of them are kept with the import.
SHOWN = 50


class Command(BaseCommand):
    """Stopped or killed on the way, the same command goes on where it was left. Run again, it writes nothing."""

    help = "Read OID's directory of operations from a workbook or XML (docs/directory-workbook.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="the monthly workbook (XLSX), or XML of the read API")
        parser.add_argument(
            "--xml", metavar="FILE_OR_URL", help="XML of the read API, or a ZIP of it: file or https address"
        )
        parser.add_argument(
            "--as-of", type=_day, metavar="YYYY-MM-DD", help="day of the data (default: by the file's name)"
        )
        which = parser.add_mutually_exclusive_group()
        which.add_argument(
            "--full", action="store_true", help="the file lists the whole directory (default: a workbook)"
        )
        which.add_argument("--partial", action="store_true", help="it lists some operations (default: XML)")
        parser.add_argument("--allow-shrink", action="store_true", help="accept that far fewer operations are listed")
        parser.add_argument("--json", action="store_true", help="progress and result as lines of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        given = options["xml"] or options["file"]
        if not given or (options["xml"] and options["file"]):
            raise CommandError("Name one file: FILE.xlsx, or --xml FILE_OR_URL.")
        try:
            with ExitStack() as stack:
                is_url = str(given).startswith(("https://", "http://"))
                source = stack.enter_context(downloaded(str(given))) if is_url else source_of(Path(given))
                row = self._import(source, options, clock.now().date() if is_url else None)
        except OSError as error:
            raise CommandError(f"{given}: {error.strerror or error}") from error
        except DomainError as error:
            raise CommandError(f"{error.code}: {error.message}") from error
        self._report(row, options["json"])

    def _import(self, source: Source, options: dict[str, Any], today: dt.date | None) -> DirectoryImport:
        as_of = options["as_of"] or source.said_day or today
        if as_of is None:
            raise CommandError(f"The name {source.name} does not tell the day of the data: add --as-of YYYY-MM-DD.")
        full = options["full"] or (source.is_workbook and not options["partial"])
        actor = Identity(kind=Kind.PLATFORM)
        with imports.alone():
            with act_as(actor):
                row = imports.start(actor, source, as_of=as_of, full=full, may_shrink=options["allow_shrink"])
            if row.rows_done:
                self._say({"going_on_at": row.rows_done}, f"Going on after row {row.rows_done}.", options["json"])
            return imports.run(actor, row.pk, source, lambda now: self._progress(now, options["json"]))

    def _progress(self, row: DirectoryImport, as_json: bool) -> None:
        figures = {name: getattr(row, name) for name in ("rows_done", "rows_total", "added", "changed", "refused")}
        total = row.rows_total or "?"
        text = f"{row.rows_done}/{total} rows: {row.added} added, {row.changed} changed, {row.refused} refused"
        self._say({"progress": figures}, text, as_json)

    def _say(self, figures: dict[str, Any], text: str, as_json: bool) -> None:
        self.stdout.write(json.dumps(figures, ensure_ascii=False) if as_json else text)
        self.stdout.flush()

    def _report(self, row: DirectoryImport, as_json: bool) -> None:
        with act_as(Identity(kind=Kind.PLATFORM)):
            found = DirectoryProblem.objects.filter(directory_import=row).order_by("row", "pk")
            count, shown = found.count(), list(found[: None if as_json else SHOWN])
        if as_json:
            rows = [
                {
                    "row": p.row,
                    "nop_id": p.nop_id,
                    "column": p.column,
                    "code": p.code,
                    "value": p.value,
                    "refused": p.refused,
                }
                for p in shown
            ]
            self._say({"result": imports.summary(row), "problems": rows}, "", True)
            return
        for problem in shown:
            kind = "refused" if problem.refused else "note"
            self.stdout.write(
                f"  row {problem.row} ({kind}) {problem.nop_id} {problem.column}: {problems.TEXTS[problem.code]}"
                + (f" [{problem.value}]" if problem.value else "")
            )
        if count > len(shown):
            self.stdout.write(f"  … and {count - len(shown)} more: ./portal manage import_directory --json shows all.")
        if row.unknown_columns:
            self.stdout.write(f"Columns that are not known and were not read: {', '.join(row.unknown_columns)}.")
        self.stdout.write(
            f"Directory of {row.as_of}, {row.rows_done} rows: {row.added} added, {row.changed} changed, "
            f"{row.unchanged} unchanged, {row.passed_over} passed over, {row.refused} refused, {row.noted} notes. "
            f"Status changes: {row.status_changes}, of which no longer Certified: {row.lapsed}. "
            f"No longer listed: {row.no_longer_listed}."
        )


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)
