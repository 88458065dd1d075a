"""Workbooks from outside: bounded before they are opened.

What the archive says of itself is not believed: every entry is unpacked here with a limit, so an entry that lies about
its size is caught, and the corners of each sheet are read from its cells, since readers lay a sheet out as a full grid.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook

from core.errors import InvalidInput

MAX_ENTRIES = 500
MAX_UNPACKED = 200 * 1024 * 1024
MAX_RATIO = 200
#: Cells of the smallest box round everything on one sheet.
MAX_BOX = 4_000_000
_CHUNK = 256 * 1024
_LOCAL_HEADER = 30
_PLACE = re.compile(rb"""\sr\s*=\s*["']\s*([A-Za-z]{0,10})([0-9]{0,20})""")


def refuse_bombs(data: bytes) -> None:
    """Refuse a workbook that unpacks into too much. Raises ``InvalidInput`` FILE-BOMB or FILE-BROKEN."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
        _measure(data, entries)
    except (zipfile.BadZipFile, zlib.error, struct.error, ValueError, OSError) as error:
        raise InvalidInput("FILE-BROKEN", _("The workbook is damaged. Save it again as XLSX."), field="file") from error


def _measure(data: bytes, entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise bomb()
    unpacked = 0
    for entry in entries:
        corner = _Corner()
        # a sheet may lie anywhere in the archive: only the shared texts cannot be one
        is_sheet = "sharedstrings" not in entry.filename.lower()
        for chunk in _inflate(data, entry):
            unpacked += len(chunk)
            if unpacked > MAX_UNPACKED or (unpacked > 2**20 and unpacked > MAX_RATIO * len(data)):
                raise bomb()
            if is_sheet:
                corner.take(chunk)
        if corner.rows * max(corner.columns, 1) > MAX_BOX:
            raise bomb()


def _inflate(data: bytes, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """The bytes of an entry as they really are, whatever its header says of their number."""
    at = entry.header_offset
    name_length, extra_length = struct.unpack("<HH", data[at + 26 : at + _LOCAL_HEADER])
    start = at + _LOCAL_HEADER + name_length + extra_length
    packed = memoryview(data)[start : start + entry.compress_size]
    if entry.compress_type == zipfile.ZIP_STORED:
        yield bytes(packed)
        return
    if entry.compress_type != zipfile.ZIP_DEFLATED or entry.flag_bits & 1:
        raise ValueError("a workbook is neither encrypted nor packed in another way")
    engine = zlib.decompressobj(-15)
    rest: bytes | memoryview = packed
    while not engine.eof:
        chunk = engine.decompress(rest, _CHUNK)
        rest = engine.unconsumed_tail
        if not chunk and not rest:
            return
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


def bomb() -> InvalidInput:
    text = _("The workbook unpacks into far more than it should. Save only the sheet that is asked for.")
    return InvalidInput("FILE-BOMB", text, field="file")


def safe_workbook(data: bytes) -> CalamineWorkbook:
    """The workbook, after its bounds were checked. Raises ``InvalidInput`` for anything that is not a sound XLSX."""
    refuse_bombs(data)
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(data))
    except (CalamineError, ValueError, OSError) as error:
        raise InvalidInput(
            "FILE-BROKEN", _("The workbook cannot be read. Save it again as XLSX."), field="file"
        ) from error
