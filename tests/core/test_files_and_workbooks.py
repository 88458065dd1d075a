"""Files come in by their content, lie under their hash, and workbooks that blow up are refused before they are opened."""

from __future__ import annotations

import datetime as dt
import io
import struct
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from core.errors import InvalidInput
from core.files import read_file, store_file
from core.identity import act_as
from core.models import StoredFile
from core.xlsx import MAX_ENTRIES, read_sheets
from tests.support.drafts import PAPER
from tests.support.hostile import picture
from tests.support.world import World, make_world

SHEET = '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'


def _book(rows: int = 3) -> bytes:
    book = Workbook()
    for number in range(rows):
        book.active.append([number, "green coffee"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _replace(data: bytes, name: str, content: bytes) -> bytes:
    """``data`` with one entry of the archive replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, content if entry.filename == name else old.read(entry))
    return out.getvalue()


def _refusal(data: bytes) -> str:
    with pytest.raises(InvalidInput) as refusal:
        read_sheets(data)
    return refusal.value.code


@pytest.mark.django_db
@pytest.mark.parametrize(("data", "kind"), [(PAPER, "application/pdf"), (picture(), "image/png"), (_book(), "xlsx")])
def test_allowed_files_are_kept_and_read_back(world: World, data: bytes, kind: str) -> None:
    with act_as(world.who("preparer")) as actor:
        row = store_file(actor, data, name="a.pdf", certifier_id=world.certifier.pk, client_id=world.client.pk)
        assert read_file(row) == data
        assert row.content_type == kind or "spreadsheetml" in row.content_type


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "FILE-EMPTY"),
        (b"<html><script>alert(1)</script></html>", "FILE-TYPE"),
        (b"MZ" + b"\0" * 400, "FILE-TYPE"),
        (b"PK\x05\x06" + b"\0" * 18, "FILE-TYPE"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "FILE-TYPE"),
    ],
)
def test_the_name_does_not_make_a_file_acceptable(world: World, data: bytes, code: str) -> None:
    with act_as(world.who("preparer")) as actor, pytest.raises(InvalidInput) as refusal:
        store_file(actor, data, name="invoice.pdf", certifier_id=world.certifier.pk)
    assert refusal.value.code == code


@pytest.mark.django_db
def test_large_files_are_refused(world: World, settings: object) -> None:
    settings.UPLOAD_MAX_BYTES = 100  # type: ignore[attr-defined]
    with act_as(world.who("preparer")) as actor, pytest.raises(InvalidInput) as refusal:
        store_file(actor, PAPER, name="a.pdf", certifier_id=world.certifier.pk)
    assert refusal.value.code == "FILE-SIZE"


@pytest.mark.django_db
def test_the_same_bytes_are_kept_once_and_half_a_file_is_mended(world: World, settings: object) -> None:
    root = Path(settings.PORTAL_DATA_DIR) / "files"  # type: ignore[attr-defined]
    with act_as(world.who("reviewer")) as actor:
        one = store_file(actor, PAPER, name="a.pdf", certifier_id=world.certifier.pk)
        (root / one.path).write_bytes(PAPER[:10])
        with pytest.raises(ValueError, match="not what was stored"):
            read_file(one)
        two = store_file(actor, PAPER, name="b.pdf", certifier_id=world.certifier.pk)
    assert one.path == two.path
    assert one.sha256 in one.path
    assert read_file(two) == PAPER
    assert [path for path in root.rglob("*") if path.is_file()] == [root / one.path]


@pytest.mark.django_db
def test_files_of_two_certifiers_lie_apart_and_are_not_seen_across(world: World) -> None:
    other = make_world(2)
    with act_as(world.who("manager")) as actor:
        one = store_file(actor, PAPER, name="a.pdf", certifier_id=world.certifier.pk)
    with act_as(other.who("manager")) as actor:
        two = store_file(actor, PAPER, name="a.pdf", certifier_id=other.certifier.pk)
        assert set(StoredFile.objects.values_list("pk", flat=True)) == {two.pk}
    assert one.path != two.path


def test_a_sound_workbook_is_read() -> None:
    assert read_sheets(_book())["Sheet"][1] == [1.0, "green coffee"]


def test_days_and_moments_come_through_as_what_they_are() -> None:
    book = Workbook()
    book.active.append([dt.date(2026, 7, 31), dt.datetime(2026, 7, 31, 9, 30), True, None, "=1+1"])  # noqa: DTZ001
    out = io.BytesIO()
    book.save(out)
    day, moment, truth, *_rest = read_sheets(out.getvalue())["Sheet"][0]
    assert str(day).startswith("2026-07-31") and str(moment) == "2026-07-31 09:30:00" and truth is True


def test_an_entry_that_unpacks_a_thousandfold_is_refused() -> None:
    assert _refusal(_replace(_book(), "xl/worksheets/sheet1.xml", b" " * 50_000_000)) == "FILE-BOMB"


def test_an_entry_that_lies_about_its_size_is_measured_all_the_same() -> None:
    data = bytearray(_replace(_book(), "xl/worksheets/sheet1.xml", b" " * 50_000_000))
    for mark, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = data.find(mark)
        while at >= 0:
            struct.pack_into("<I", data, at + offset, 10)
            at = data.find(mark, at + 4)
    assert _refusal(bytes(data)) == "FILE-BOMB"


@pytest.mark.parametrize("place", ['<c r="XFD1048576"><v>1</v></c>', "<row r='1048576'><c r='a1'/><c r='xfd1'/></row>"])
def test_two_cells_in_far_corners_are_refused(place: str) -> None:
    sheet = SHEET + '<row r="1"><c r="A1"><v>1</v></c></row>' + place + "</sheetData></worksheet>"
    assert _refusal(_replace(_book(), "xl/worksheets/sheet1.xml", sheet.encode())) == "FILE-BOMB"


def test_thousands_of_entries_are_refused() -> None:
    out = io.BytesIO(_book())
    with zipfile.ZipFile(out, "a") as archive:
        for number in range(MAX_ENTRIES):
            archive.writestr(f"xl/extra{number}.xml", b"")
    assert _refusal(out.getvalue()) == "FILE-BOMB"


@pytest.mark.parametrize("cut", [30, 200, 1000])
def test_a_torn_workbook_is_refused_with_words(cut: int) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_sheets(_book()[:-cut])
    assert refusal.value.code == "FILE-BROKEN"
