"""The directory is read in whole or goes on where it was left; only what differs is written; nothing is deleted."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import Workbook

from core.errors import NotPermitted
from core.identity import Identity, act_as
from organizations.domain.directory import imports
from organizations.domain.directory.listing import with_days
from organizations.domain.directory.sources import source_of
from organizations.models import DirectoryImport, DirectoryProblem, Operation, OperationStatus
from tests.support.world import PLATFORM, World, make_operation

pytestmark = pytest.mark.django_db
HEADERS = (
    "op_nopOpID op_name op_status op_statusEffectiveDate opSC_CR opSC_LS opSC_WC opSC_HANDLING opPA_country op_email"
).split()
ROOT = Path(__file__).resolve().parents[2]


def row(nop_id: str, name: str = "Invented Farm", status: str = "Certified", **more: str) -> dict[str, str]:
    """One operation as OID writes it."""
    return {
        "op_nopOpID": nop_id, "op_name": name, "op_status": status, "op_statusEffectiveDate": "07/31/2024",
        "opSC_CR": "Certified", "opPA_country": "Peru", "op_email": "farm@invented.example", **more,
    }  # fmt: skip


def workbook(path: Path, rows: list[dict[str, str]], headers: list[str] | None = None, above: str = "") -> Path:
    """A workbook of these rows, as openpyxl writes it (texts in the cells)."""
    book = Workbook()
    assert book.active is not None
    if above:
        book.active.append([above])
    names = headers or HEADERS
    book.active.append(names)
    for values in rows:
        book.active.append([values.get(name) for name in names])
    book.save(path)
    return path


def xml(path: Path, rows: list[dict[str, str]]) -> Path:
    """The read API's answer with these rows."""
    inner = "".join(
        "<a:Operation>" + "".join(f"<a:{key}>{value}</a:{key}>" for key, value in values.items())
        + "<a:items><a:item><a:itemName>Coffee</a:itemName></a:item></a:items></a:Operation>"
        for values in rows
    )  # fmt: skip
    path.write_text(f'<?xml version="1.0"?><Operations xmlns:a="http://invented.example/oid">{inner}</Operations>')
    return path


def load(path: Path, *more: str, as_of: str = "2026-09-01") -> dict[str, Any]:
    """What the command says in JSON at its end."""
    out = io.StringIO()
    given = ["--xml", str(path)] if path.suffix in {".xml", ".zip"} else [str(path)]
    call_command("import_directory", *given, "--as-of", as_of, "--json", *more, stdout=out)
    return dict(json.loads(out.getvalue().splitlines()[-1]))


def figures(result: dict[str, Any], *names: str) -> list[Any]:
    return [result["result"][name] for name in names]


def state() -> list[tuple[Any, ...]]:
    """Every operation without its key."""
    names = [field.name for field in Operation._meta.concrete_fields if field.name != "id"]
    return sorted(Operation.objects.values_list(*names), key=str)


def test_a_workbook_is_read_by_its_headers(tmp_path: Path) -> None:
    rows = [row("1010000011", "Valle del Sisa", opSC_HANDLING="Certified", opSC_LS="Surrendered"), row("1010000022")]
    result = load(workbook(tmp_path / "a.xlsx", rows, above="INTEGRITY"))
    assert figures(result, "added", "changed", "refused", "rows_done") == [2, 0, 0, 2]
    operation = Operation.objects.get(nop_id="1010000011")
    assert (operation.name, operation.country, operation.scopes) == ("Valle del Sisa", "PE", ["Crops", "Handling"])
    assert (operation.status_as_of, operation.directory_date) == (dt.date(2024, 7, 31), dt.date(2026, 9, 1))
    assert operation.last_seen is None


def test_the_row_of_explanations_under_the_headers_is_no_operation(tmp_path: Path) -> None:
    said = dict.fromkeys(HEADERS, "Text") | {"op_nopOpID": "NOP Operation ID"}
    assert figures(load(workbook(tmp_path / "a.xlsx", [said, row("1010000011")])), "added", "refused") == [1, 0]


@pytest.mark.parametrize("pack", [False, True])
def test_the_read_apis_xml_gives_the_same_as_the_workbook(tmp_path: Path, pack: bool) -> None:
    rows = [row("1010000011"), row("1010000022", status="Suspended", opPA_country="India")]
    path = xml(tmp_path / "operations.xml", rows)
    if pack:
        with zipfile.ZipFile(tmp_path / "operations.zip", "w") as archive:
            archive.write(path, "stream.xml")
        path = tmp_path / "operations.zip"
    assert figures(load(path), "added", "full") == [2, False]
    by_xml = state()
    assert figures(load(workbook(tmp_path / "a.xlsx", rows)), "added", "changed", "unchanged") == [0, 0, 2]
    assert state() == by_xml


def test_a_second_run_writes_no_operation(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [row("1010000011"), row("1010000022")])
    load(path)
    before = state()
    with CaptureQueriesContext(connection) as queries:
        result = load(path)
    assert figures(result, "added", "changed", "unchanged") == [0, 0, 2]
    written = [
        query["sql"] for query in queries
        if "organizations_operation" in query["sql"] and query["sql"].lstrip().split()[0] in {"UPDATE", "INSERT"}
    ]  # fmt: skip
    assert written == []
    assert state() == before


def test_rows_are_locked_in_the_one_order_before_they_are_written(tmp_path: Path) -> None:
    load(workbook(tmp_path / "a.xlsx", [row("1010000033"), row("1010000044")]))
    changed = [row("1010000033", status="Revoked"), row("1010000044", status="Revoked")]
    with CaptureQueriesContext(connection) as queries:
        load(workbook(tmp_path / "b.xlsx", changed), as_of="2026-10-01")
    mine = [query["sql"] for query in queries if "organizations_operation" in query["sql"]]
    lock = next(number for number, text in enumerate(mine) if text.endswith("ORDER BY id FOR NO KEY UPDATE"))
    update = next(number for number, text in enumerate(mine) if "UPDATE organizations_operation" in text)
    assert lock < update


def test_next_month_only_what_differs_is_written_and_all_are_confirmed(tmp_path: Path, world: World) -> None:
    make_operation("1010000099", "Old", "PE", directory_date=dt.date(2026, 9, 1))
    load(workbook(tmp_path / "a.xlsx", [row("1010000033"), row("1010000022")]))
    result = load(
        workbook(tmp_path / "b.xlsx", [row("1010000033"), row("1010000022", status="Revoked")]), as_of="2026-10-01"
    )
    assert figures(result, "added", "changed", "unchanged", "status_changes", "lapsed") == [0, 1, 1, 1, 1]
    same, changed = Operation.objects.get(nop_id="1010000033"), Operation.objects.get(nop_id="1010000022")
    assert same.directory_date == dt.date(2026, 9, 1)
    assert (changed.status, changed.directory_date) == (OperationStatus.REVOKED, dt.date(2026, 10, 1))
    with act_as(world.who("preparer")):
        assert [row.confirmed_day for row in with_days([same, changed])] == [dt.date(2026, 10, 1)] * 2


def test_what_a_full_directory_does_not_list_is_marked_and_comes_back(tmp_path: Path) -> None:
    both = workbook(tmp_path / "a.xlsx", [row("1010000011"), row("1010000022")])
    load(both)
    result = load(workbook(tmp_path / "b.xlsx", [row("1010000011")]), as_of="2026-10-01")
    assert figures(result, "no_longer_listed", "changed") == [1, 0]
    gone = Operation.objects.get(nop_id="1010000022")
    assert (gone.status, gone.last_seen) == (OperationStatus.CERTIFIED, dt.date(2026, 9, 1))
    assert figures(load(both, as_of="2026-11-01"), "changed", "unchanged", "no_longer_listed") == [0, 2, 0]
    assert Operation.objects.get(nop_id="1010000022").last_seen is None


def test_a_partial_file_unlists_nobody(tmp_path: Path) -> None:
    load(workbook(tmp_path / "a.xlsx", [row("1010000011"), row("1010000022")]))
    result = load(workbook(tmp_path / "b.xlsx", [row("1010000011")]), "--partial", as_of="2026-10-01")
    assert figures(result, "no_longer_listed") == [0]
    dates = dict(Operation.objects.values_list("nop_id", "directory_date"))
    assert dates == {"1010000011": dt.date(2026, 10, 1), "1010000022": dt.date(2026, 9, 1)}


def test_a_file_that_is_cut_off_unlists_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "SHRINK_AT_LEAST", 1)
    load(workbook(tmp_path / "a.xlsx", [row(f"101000001{number}") for number in range(5)]))
    short = workbook(tmp_path / "b.xlsx", [row("1010000010")])
    with pytest.raises(CommandError, match=r"DIRECTORY-SHRUNK: 4 of 5"):
        load(short, as_of="2026-10-01")
    assert Operation.objects.filter(last_seen__isnull=False).count() == 0
    assert figures(load(short, "--allow-shrink", as_of="2026-10-01"), "no_longer_listed") == [4]


def test_rows_with_errors_are_told_row_by_row_and_the_others_are_taken(tmp_path: Path) -> None:
    rows = [
        row("101000001"), row("1010000022", status="Certain"), row("1010000033", ""), row("1010000044"),
        row("1010000044", "Another name"), row("1010000044"), row("1010000055", op_email="none", opPA_country="Utopia"),
    ]  # fmt: skip
    result = load(workbook(tmp_path / "a.xlsx", rows))
    assert figures(result, "added", "refused", "noted", "passed_over") == [2, 4, 2, 1]
    told = [(problem["row"], problem["code"], problem["refused"]) for problem in result["problems"]]
    assert told == [
        (2, "NOP-ID", True), (3, "STATUS", True), (4, "NAME", True), (6, "REPEATED", True), (8, "EMAIL", False),
        (8, "COUNTRY", False),
    ]  # fmt: skip
    assert Operation.objects.get(nop_id="1010000044").name == "Invented Farm"


def test_an_operation_whose_row_is_refused_keeps_its_data_and_is_not_confirmed(tmp_path: Path) -> None:
    load(workbook(tmp_path / "a.xlsx", [row("1010000011")]))
    result = load(workbook(tmp_path / "b.xlsx", [row("1010000011", status="?")]), as_of="2026-10-01")
    assert figures(result, "refused", "no_longer_listed") == [1, 0]
    kept = Operation.objects.get()
    assert (kept.status, kept.last_seen) == (OperationStatus.CERTIFIED, dt.date(2026, 9, 1))


def test_missing_columns_are_one_clear_error_and_unknown_ones_are_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"DIRECTORY-COLUMNS.*op_name, op_status.*op_nopOpID, Colour"):
        load(workbook(tmp_path / "a.xlsx", [row("1010000011")], ["op_nopOpID", "Colour"]))
    assert Operation.objects.count() == 0
    with act_as(PLATFORM):
        assert DirectoryImport.objects.get().state == DirectoryImport.State.FAILED
    result = load(workbook(tmp_path / "b.xlsx", [row("1010000011")], [*HEADERS, "Colour", "opMA_city"]))
    assert result["result"]["unknown_columns"] == ["Colour"]


def test_a_column_that_the_file_has_not_is_left_as_it_was(tmp_path: Path) -> None:
    load(workbook(tmp_path / "a.xlsx", [row("1010000011")]))
    load(workbook(tmp_path / "b.xlsx", [row("1010000011", "New name")], HEADERS[:3]), as_of="2026-10-01")
    operation = Operation.objects.get()
    assert (operation.name, operation.country, operation.scopes) == ("New name", "PE", ["Crops"])


def test_older_data_overwrite_nothing(tmp_path: Path) -> None:
    load(workbook(tmp_path / "a.xlsx", [row("1010000011", "New")]), as_of="2026-10-01")
    old = workbook(tmp_path / "b.xlsx", [row("1010000011", "Old")])
    with pytest.raises(CommandError, match="DIRECTORY-OLDER"):
        load(old)
    assert figures(load(old, "--partial"), "changed", "passed_over") == [0, 1]
    assert Operation.objects.get().name == "New"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "FILE-TYPE"),
        (b"PK\x03\x04 broken", "FILE-BROKEN"),
        (b"<a><b>", "FILE-BROKEN"),
        (b"<a/>", "DIRECTORY-COLUMNS"),
    ],
)
def test_what_is_no_directory_is_refused_with_a_reason(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "odd.xml"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=code):
        load(path)


def test_the_day_comes_from_the_name_or_must_be_given(tmp_path: Path) -> None:
    path = workbook(tmp_path / "INTEGRITY_Data_20260901.xlsx", [row("1010000011")])
    call_command("import_directory", str(path), stdout=io.StringIO())
    with act_as(PLATFORM):
        assert DirectoryImport.objects.get().as_of == dt.date(2026, 9, 1)
    with pytest.raises(CommandError, match="--as-of"):
        call_command("import_directory", str(workbook(tmp_path / "a.xlsx", [row("1010000011")])), stdout=io.StringIO())


def test_only_the_platform_operator_reads_the_directory_in(world: World, tmp_path: Path) -> None:
    source = source_of(workbook(tmp_path / "a.xlsx", [row("1010000011")]))
    for role in ("manager", "signatory", "importer", "broker"):
        actor = world.who(role)
        with act_as(actor), pytest.raises(NotPermitted):
            imports.start(actor, source, as_of=dt.date(2026, 9, 1), full=True)
    with act_as(world.loop()), pytest.raises(NotPermitted):
        imports.start(world.loop(), source, as_of=dt.date(2026, 9, 1), full=True)


def test_row_security_of_imports(world: World, tmp_path: Path) -> None:
    load(workbook(tmp_path / "a.xlsx", [row("1010000011"), row("1")]))
    for identity in (world.who("manager"), world.who("signatory"), world.who("importer"), world.loop()):
        with act_as(identity):
            assert DirectoryImport.objects.count() == 1  # its day stands in every check
            assert DirectoryImport.objects.update(note="mine") == 0
            assert DirectoryProblem.objects.count() == 0
    with act_as(Identity()):
        assert DirectoryImport.objects.count() == 0
    with act_as(PLATFORM):
        assert DirectoryProblem.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_change_of_status_leaves_an_audit_row(tmp_path: Path, owner_connection: Any) -> None:
    load(workbook(tmp_path / "a.xlsx", [row("1010000011")]))
    load(workbook(tmp_path / "b.xlsx", [row("1010000011", status="Suspended")]), as_of="2026-10-01")
    rows = owner_connection.execute(
        "SELECT before->>'status', after->>'status', object_id FROM core_auditrow WHERE act = 'directory.status'"
    ).fetchall()
    assert rows == [("Certified", "Suspended", str(Operation.objects.get().pk))]


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_an_import_killed_in_the_middle_goes_on_and_ends_as_if_it_had_not_been(
    tmp_path: Path, process_env: dict[str, str], owner_connection: Any
) -> None:
    many = [
        row(f"101{number:07d}", f"Farm {number}", "Suspended" if number % 7 else "Certified") for number in range(6000)
    ]
    bad = [row("1", "Nobody"), row("1010000001", "Repeated, and something else")]
    path = workbook(tmp_path / "INTEGRITY_Data_20260901.xlsx", [*many, *bad])
    make_operation("9990000001", "Not in the file", "PE", directory_date=dt.date(2026, 8, 1))
    command = [sys.executable, "manage.py", "import_directory", str(path)]
    process = subprocess.Popen(command, cwd=ROOT, env=process_env, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.wait(timeout=30)
    done = owner_connection.execute("SELECT state, rows_done FROM organizations_directoryimport").fetchone()
    assert done[0] == "running" and 0 < done[1] < 6000
    assert Operation.objects.count() == done[1] + 1
    again = subprocess.run(command, cwd=ROOT, env=process_env, capture_output=True, text=True, check=True, timeout=110)
    assert f"Going on after row {done[1]}." in again.stdout
    with act_as(PLATFORM):
        row_ = DirectoryImport.objects.get()
        assert imports.summary(row_) | {"import": "", "note": ""} == {
            "import": "", "file": path.name, "as_of": "2026-09-01", "full": True, "state": "done", "rows_done": 6002,
            "rows_total": 6002, "added": 6000, "changed": 0, "unchanged": 0, "passed_over": 0, "refused": 2, "noted": 0,
            "status_changes": 0, "lapsed": 0, "no_longer_listed": 1, "unknown_columns": [], "note": "",
        }  # fmt: skip
        assert DirectoryProblem.objects.count() == 2
    assert Operation.objects.get(nop_id="9990000001").last_seen == dt.date(2026, 8, 1)


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_a_time_are_refused(tmp_path: Path, owner_connection: Any) -> None:
    owner_connection.execute("SELECT pg_advisory_lock(%s)", [imports.LOCK_KEY])
    path = workbook(tmp_path / "a.xlsx", [row("1010000011")])
    with pytest.raises(CommandError, match="DIRECTORY-BUSY"):
        load(path)
    owner_connection.execute("SELECT pg_advisory_unlock_all()")
    assert figures(load(path), "added") == [1]
