"""XLSX: an archive that is believed in nothing, then its parts, then its cells.

Every entry is unpacked here with a limit, so an entry that lies about its size is caught; the corners of each sheet are
read from its cells, since readers lay a sheet out as a full grid.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from core.inspection import ARCHIVES, PROGRAMS, Unfit

MAX_ENTRIES = 500
MAX_UNPACKED = 200 * 1024 * 1024
MAX_RATIO = 200
#: Cells of the smallest box round everything on one sheet.
MAX_BOX = 4_000_000
#: Cells of all sheets, where they are read and not only kept; a PVF has a few thousand.
READ_CELLS = 500_000
_CHUNK = 256 * 1024
_LOCAL_HEADER, _END = 30, 22
_PLACE = re.compile(rb"""\sr\s*=\s*["']\s*([A-Za-z]{0,10})([0-9]{0,20})""")
_EXTERNAL = re.compile(rb"<[^<>]*TargetMode\s*=\s*[\"']External[\"'][^<>]*>", re.IGNORECASE)
_MACROS = ("vbaproject", "xl/macrosheets/", "xl/dialogsheets/", "xl/activex/", "customui/")
_LINKS = ("xl/externallinks/", "xl/connections.xml", "xl/querytables/", "xl/webextensions/", "xl/model/")
_NESTED = ("xl/embeddings/", "xl/oleobjects/")
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, ValueError, OSError, NotImplementedError, IndexError)


def inspect(data: bytes) -> None:
    """Raise ``Unfit``: FILE-TYPE, FILE-BROKEN, FILE-BOMB, FILE-MIXED, FILE-MACRO, FILE-LINKS, FILE-EMBEDDED."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except _BROKEN as error:
        raise Unfit("FILE-BROKEN", kind="XLSX") from error
    names = [entry.filename.lower() for entry in entries]
    if "xl/workbook.xml" not in names:
        raise Unfit("FILE-TYPE", found="XLSX" if "[content_types].xml" in names else "ZIP")
    try:
        _require_plain(data, entries)
        _require_parts(names)
        _measure(data, entries)
    except _BROKEN as error:
        raise Unfit("FILE-BROKEN", kind="XLSX") from error


def sheets(data: bytes) -> dict[str, list[list[Any]]]:
    """The cells of every sheet by its name, as JSON holds them: text, number, truth, or ``{"date": …}`` and the like."""
    inspect(data)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        found: dict[str, list[list[Any]]] = {}
        left = READ_CELLS
        for name in book.sheet_names:
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            left -= sum(len(row) for row in rows)
            if left < 0:
                raise Unfit("FILE-BOMB")
            found[name] = [[_plain(cell) for cell in row] for row in rows]
    except (CalamineError, *_BROKEN) as error:
        raise Unfit("FILE-BROKEN", kind="XLSX") from error
    return found


def _plain(cell: Any) -> Any:
    if isinstance(cell, dt.datetime):
        return {"moment": cell.isoformat()}
    if isinstance(cell, dt.date):
        return {"date": cell.isoformat()}
    if isinstance(cell, dt.time):
        return {"time": cell.isoformat()}
    if isinstance(cell, dt.timedelta):
        return {"milliseconds": cell // dt.timedelta(milliseconds=1)}
    return cell


def _require_plain(data: bytes, entries: list[zipfile.ZipInfo]) -> None:
    """The archive is what it shows: begins at the first byte, ends at the last, no entry lies on another or leads out."""
    at = data.rfind(b"PK\x05\x06")
    if at < 0 or at + _END != len(data):
        raise Unfit("FILE-MIXED", kind="XLSX", found="")
    size, offset = struct.unpack("<II", data[at + 12 : at + 20])
    if offset + size != at or not data.startswith(b"PK\x03\x04"):
        raise Unfit("FILE-MIXED", kind="XLSX", found="")
    if len(entries) > MAX_ENTRIES:
        raise Unfit("FILE-BOMB")
    seen: set[str] = set()
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        name = entry.filename
        parts = name.split("/")
        if name.startswith("/") or "\\" in name or ":" in name or ".." in parts or "\0" in entry.orig_filename:
            raise Unfit("FILE-BROKEN", kind="XLSX")
        if name.lower() in seen or (entry.external_attr >> 16) & 0o170000 == 0o120000:
            raise Unfit("FILE-BROKEN", kind="XLSX")
        seen.add(name.lower())
        start = entry.header_offset
        if start < end:
            raise Unfit("FILE-BOMB")
        mark, length, extra = _local(data, start)
        if mark != b"PK\x03\x04" or data[start + _LOCAL_HEADER : start + _LOCAL_HEADER + length] != _raw(entry):
            raise Unfit("FILE-BROKEN", kind="XLSX")
        end = start + _LOCAL_HEADER + length + extra + entry.compress_size
    if end > offset:
        raise Unfit("FILE-BOMB")


def _local(data: bytes, at: int) -> tuple[bytes, int, int]:
    length, extra = struct.unpack("<HH", data[at + 26 : at + _LOCAL_HEADER])
    return data[at : at + 4], length, extra


def _raw(entry: zipfile.ZipInfo) -> bytes:
    return entry.orig_filename.encode("utf-8" if entry.flag_bits & 0x800 else "cp437")


def _require_parts(names: list[str]) -> None:
    for code, places in (("FILE-MACRO", _MACROS), ("FILE-LINKS", _LINKS), ("FILE-EMBEDDED", _NESTED)):
        for name in names:
            if any(name.startswith(place) or (place in name and "/" not in place) for place in places):
                raise Unfit(code, found=name[:80])


def _measure(data: bytes, entries: list[zipfile.ZipInfo]) -> None:
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise Unfit("FILE-BOMB")
    unpacked = 0
    for entry in entries:
        corner = _Corner()
        name = entry.filename.lower()
        # a sheet may lie anywhere in the archive: only the shared texts cannot be one
        is_sheet = "sharedstrings" not in name
        first = True
        for chunk in _inflate(data, entry):
            unpacked += len(chunk)
            if unpacked > MAX_UNPACKED or (unpacked > 2**20 and unpacked > MAX_RATIO * len(data)):
                raise Unfit("FILE-BOMB")
            if first:
                _judge(name, chunk)
                first = False
            elif name.endswith(".rels") or name == "[content_types].xml":
                # a list of parts that does not fit into one piece is none
                raise Unfit("FILE-BOMB")
            if is_sheet:
                corner.take(chunk)
        if corner.rows * max(corner.columns, 1) > MAX_BOX:
            raise Unfit("FILE-BOMB")


def _judge(name: str, start: bytes) -> None:
    """Refuse what the beginning of an entry gives away: another file, a macro, a link to elsewhere."""
    if start.startswith((*ARCHIVES, *PROGRAMS, b"%PDF")) and not name.startswith("xl/printersettings/"):
        raise Unfit("FILE-EMBEDDED", found=name[:80])
    if not name.endswith((".xml", ".rels", ".vml")):
        return
    # in UTF-16 none of what follows would be found, and no spreadsheet program writes it
    if b"\0" in start or b"<!DOCTYPE" in start or b"<!ENTITY" in start:
        raise Unfit("FILE-BROKEN", kind="XLSX")
    if name == "[content_types].xml":
        lowered = start.lower()
        if b"macroenabled" in lowered or b"vbaproject" in lowered:
            raise Unfit("FILE-MACRO", found=name)
    if name.endswith(".rels"):
        for link in _EXTERNAL.findall(start):
            if b"/hyperlink" not in link:
                raise Unfit("FILE-LINKS", found=name[:80])


def _inflate(data: bytes, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The bytes of an entry as they really are, whatever its header says of their number."""
    at = entry.header_offset
    _mark, name_length, extra_length = _local(data, at)
    start = at + _LOCAL_HEADER + name_length + extra_length
    packed = memoryview(data)[start : start + entry.compress_size]
    if entry.flag_bits & 1:
        raise ValueError("a workbook is not encrypted")
    if entry.compress_type == zipfile.ZIP_STORED:
        yield bytes(packed)
        return
    if entry.compress_type != zipfile.ZIP_DEFLATED:
        raise ValueError("a workbook is not packed in another way")
    engine = zlib.decompressobj(-15)
    rest: bytes | memoryview = packed
    while not engine.eof:
        chunk = engine.decompress(rest, _CHUNK)
        rest = engine.unconsumed_tail
        if not chunk and not rest:
            raise ValueError("an entry ends too early")
        yield chunk


class _Corner:
    """The last row and column that a sheet's cells name."""

    def __init__(self) -> None:
        self.rows = 0
        self.columns = 0
        self._tail = b""

    def take(self, chunk: bytes) -> None:
        """Read the next part of the sheet; a place cut in two by the parts is read with the second one."""
        text = self._tail + chunk
        for letters, digits in _PLACE.findall(text):
            if digits:
                self.rows = max(self.rows, int(digits))
            column = 0
            for letter in letters.upper():
                column = column * 26 + letter - 64
            self.columns = max(self.columns, column)
        self._tail = text[-64:]
