"""What a person typed stays text in every table that leaves the portal: no formula, no link, no command."""

from __future__ import annotations

import ast
import csv
import datetime as dt
import io
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from certificates.domain import bundle_files
from core.exports import harmless, new_cell, put
from core.identity import act_as
from oid_sync.connectors.assisted import workbook as by_hand
from pvf.domain import statement, statement_sheet, workbook_out
from pvf.domain.rows import ProposedLine
from tests.support.world import World

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("core", "organizations", "pvf", "requests_app", "certificates", "review", "oid_sync", "certportal")
#: The modules that write tables; a new one belongs into the test below.
WRITERS = {
    "organizations/access_sheet.py",
    "pvf/domain/workbook_out.py", "pvf/domain/statement_sheet.py", "oid_sync/connectors/assisted/workbook.py",
    "certificates/domain/bundle_files.py",
}  # fmt: skip
EVIL = (
    '=HYPERLINK("http://x.invalid","x")', "+1+cmd|'/C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "\r=1", "＝1+1", " =1+1",
    "_x003D_1", "=\x00\x07" + "1", "=" + "9" * 40_000, "\u202e=1",
)  # fmt: skip


def _only_text(data: bytes) -> None:
    """No cell of a workbook is a formula, a link, or an error; nothing in it refers to elsewhere."""
    for sheet in load_workbook(io.BytesIO(data)):
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type in {"s", "n", "d", "b"}, cell.coordinate
                assert cell.hyperlink is None
                if isinstance(cell.value, str) and cell.value.lstrip(" ").startswith(("=", "+", "-", "@")):
                    assert cell.quotePrefix, cell.coordinate
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            assert b"<f>" not in archive.read(name) and b'TargetMode="External"' not in archive.read(name), name


@pytest.mark.parametrize("evil", EVIL)
def test_a_cell_keeps_a_text_a_text(evil: str) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("A")
    sheet.append([new_cell(sheet, evil)])
    out = io.BytesIO()
    book.save(out)
    _only_text(out.getvalue())
    kept = load_workbook(io.BytesIO(out.getvalue()))["A"]["A1"].value
    assert str(kept)[:3].strip("\ufffd\r\n") in evil.replace("\x00", "\ufffd") or "_x" in evil


def test_figures_and_moments_stay_exact() -> None:
    sheet = Workbook().active
    assert put(sheet["A1"], Decimal("1234.500")).value == Decimal("1234.5")
    assert put(sheet["A2"], Decimal("12345678901234.567")).value == "12345678901234.567"
    assert put(sheet["A3"], dt.datetime(2026, 7, 31, 12, tzinfo=dt.UTC)).value == dt.datetime(2026, 7, 31, 12)  # noqa: DTZ001


@pytest.mark.parametrize("evil", EVIL)
def test_csv_has_an_apostrophe_before_it(evil: str) -> None:
    begins = evil.lstrip(" ")[:1]
    assert harmless(evil).startswith("'") is (begins in "=+-@\t\r＝" and bool(begins))


@pytest.mark.django_db
def test_every_export_with_evil_names(world: World) -> None:
    """Each writer, given what people may type in the fields that it prints."""
    for evil in EVIL:
        line = ProposedLine(
            1, evil[:200], evil[:200], "handling", ("0901110015",), ("PE",), Decimal(1), "KGM", evil[:900]
        )
        _only_text(workbook_out.write_pvf({"number": evil[:40], "period_start": "=1", "period_end": "+1"}, [line]))
        row = dict.fromkeys(bundle_files.COLUMNS, evil)
        said = next(iter(csv.reader(io.StringIO(bundle_files.as_csv([row]).split("\r\n", 1)[1]))))
        assert all(not text.startswith(("=", "+", "-", "@", "\t", "\r")) for text in said)
    with act_as(world.who("manager")) as actor:
        found = statement.read(actor, world.line.pk)
        found.line.pvf.number = EVIL[0]
        found.line.pvf.client.operation.name = EVIL[1]
        _only_text(statement_sheet.write(found))
    _only_text(by_hand.write([]))


def test_no_other_module_writes_tables() -> None:
    found = set()
    for floor in FLOORS:
        for path in (ROOT / floor).rglob("*.py"):
            name = str(path.relative_to(ROOT))
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                called = isinstance(node, ast.Call) and ast.unparse(node.func)
                if called in {"Workbook", "openpyxl.Workbook", "csv.writer", "csv.DictWriter"}:
                    found.add(name)
                if called == "WriteOnlyCell":
                    assert name == "core/exports.py", f"{name}: cells are written by core.exports"
    assert found == WRITERS
