"""Large workbooks are read row by row: every way to write a cell, gaps, and bounds on what unpacks."""

from __future__ import annotations

import tracemalloc
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from core import xlsx_stream
from core.errors import InvalidInput
from core.xlsx_stream import SheetStream, column_of

SPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
STRICT = 'xmlns="http://purl.oclc.org/ooxml/spreadsheetml/main"'


def book(path: Path, rows: str, texts: str = "", *, head: str = "", space: str = SPACE) -> Path:
    """A workbook of one sheet with this XML."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "xl/worksheets/sheet1.xml", f"{head}<worksheet {space}><sheetData>{rows}</sheetData></worksheet>"
        )
        if texts:
            archive.writestr("xl/sharedStrings.xml", f"<sst {space}>{texts}</sst>")
    return path


def read(path: Path, *chosen: int) -> list[tuple[int, list[str]]]:
    with SheetStream(path) as sheet:
        rows = sheet.rows()
        first = next(rows)
        if chosen:
            sheet.choose(chosen)
        return [first, *rows]


def test_every_way_to_write_a_cell(tmp_path: Path) -> None:
    cells = (
        '<c r="A1" t="s"><v>1</v></c><c r="B1" t="inlineStr"><is><t>in</t></is></c><c r="C1"><v>8150001234</v></c>'
        '<c r="D1" t="str"><f>A1</f><v>formula</v></c><c r="E1" t="b"><v>1</v></c><c r="F1" t="e"><v>#N/A</v></c><c r="G1"/>'
        '<c r="H1" t="s"><v>2</v></c>'
    )
    texts = "<si><t>zero</t></si><si><t>one é</t></si><si><r><t>ri</t></r><r><t>ch</t></r><rPh><t>no</t></rPh></si>"
    path = book(tmp_path / "a.xlsx", f'<row r="1">{cells}</row>', texts)
    assert read(path) == [(1, ["one é", "in", "8150001234", "formula", "1", "", "", "rich"])]


@pytest.mark.parametrize("space", [SPACE, STRICT])
def test_gaps_are_empty_and_places_count(tmp_path: Path, space: str) -> None:
    head = "".join(f'<c r="{letter}1"><v>{letter}</v></c>' for letter in "ABCD")
    rows = f'<row r="1">{head}</row><row r="5"><c r="B5"><v>2</v></c><c r="D5"><v>4</v></c></row><row r="6"/>'
    path = book(tmp_path / "a.xlsx", rows, space=space)
    assert read(path, 3, 1, 0) == [(1, list("ABCD")), (5, ["4", "2", ""]), (6, ["", "", ""])]


def test_rows_without_places_go_by_their_order(tmp_path: Path) -> None:
    path = book(
        tmp_path / "a.xlsx", "<row><c><v>a</v></c><c><v>b</v></c></row><row><c><v>1</v></c><c><v>2</v></c></row>"
    )
    assert read(path, 1) == [(1, ["a", "b"]), (2, ["2"])]


def test_what_openpyxl_writes_is_read(tmp_path: Path) -> None:
    made = Workbook()
    assert made.active is not None
    made.active.append(["a", "b"])
    made.active.append([None, 12])
    made.save(tmp_path / "a.xlsx")
    assert read(tmp_path / "a.xlsx") == [(1, ["a", "b"]), (2, ["", "12"])]
    with SheetStream(tmp_path / "a.xlsx") as sheet:
        assert sheet.rows_said == 2


def test_columns_by_their_letters() -> None:
    assert [column_of(place) for place in ("A1", "Z9", "AA10", "XFD1")] == [0, 25, 26, 16383]
    for wrong in ("1", "XFE1", "AAAA1", "É1"):
        with pytest.raises(ValueError, match="cell"):
            column_of(wrong)


def refusal(path: Path) -> str:
    with pytest.raises(InvalidInput) as error:
        read(path)
    return error.value.code


@pytest.mark.long
def test_an_archive_that_unpacks_into_far_more_is_refused_without_being_held(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", "<row><c><v>1</v></c></row>" * 1_000_000)
    tracemalloc.start()
    with SheetStream(path) as sheet, pytest.raises(InvalidInput, match="FILE-BOMB"):
        for _row in sheet.rows():
            pass
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10 * 2**20


def test_one_endless_row_is_refused(tmp_path: Path) -> None:
    cells = "".join(f"<c><v>{number * 7919 % 1000003}</v></c>" for number in range(400_000))
    assert refusal(book(tmp_path / "a.xlsx", f"<row>{cells}</row>")) == "FILE-BOMB"


def test_shared_texts_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_stream, "MAX_TEXTS", 1000)
    path = book(tmp_path / "a.xlsx", "<row/>", "".join(f"<si><t>text {number}</t></si>" for number in range(200)))
    assert refusal(path) == "FILE-BOMB"


@pytest.mark.parametrize(
    ("rows", "head"),
    [
        ('<row><c r="ZZZZ1"><v>1</v></c></row>', ""),
        ('<row><c t="s"><v>5</v></c></row>', ""),
        ('<row><c t="s"><v>x</v></c></row>', ""),
        ("<row><c>", ""),
    ],
)
def test_a_damaged_sheet_is_refused(tmp_path: Path, rows: str, head: str) -> None:
    assert refusal(book(tmp_path / "a.xlsx", rows, head=head)) == "FILE-BROKEN"


def test_no_entity_is_expanded(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    head = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}"><!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    path = book(tmp_path / "a.xlsx", "<row><c><v>&e;&b;</v></c></row>", head=head)
    assert read(path) == [(1, [""])]


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_workbook_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    assert refusal(path) == "FILE-BROKEN"
