"""Large workbooks row by row, in constant memory.

:mod:`core.xlsx` opens small workbooks whole and bounds them before. Here a workbook of any length is read as it is
unpacked: what stays in memory is one row and the shared texts. So the bounds are others: what an entry unpacks to (a
bound on time), the ratio to its packed size, one row, the shared texts. An archive that lies about its sizes gains
nothing, since nothing is taken from what it says.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from lxml import etree

from core.errors import InvalidInput
from core.xlsx import MAX_ENTRIES, MAX_RATIO, bomb

#: Bytes that one sheet may unpack to: about two million rows of sixty columns.
MAX_SHEET = 8 * 2**30
#: Bytes of XML between the end of one row and the end of the next.
MAX_ROW = 4 * 2**20
#: Bytes of all shared texts together; they stay in memory while the sheet is read.
MAX_TEXTS = 96 * 2**20
MAX_COLUMNS = 16_384
_SPACES = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
)
_DIMENSION = re.compile(rb"""<(?:\w+:)?dimension\s[^>]*ref=["'][A-Z]+\d+:[A-Z]+(\d+)["']""")
_BROKEN = (etree.LxmlError, zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, KeyError)


def _tags(name: str) -> list[str]:
    return [f"{{{space}}}{name}" for space in _SPACES]


class BoundedInput(io.RawIOBase):
    """Bytes of ``source``, counted; ``mark()`` says that a record has ended. Raises ``InvalidInput`` FILE-BOMB."""

    def __init__(self, source: Any, packed: int, largest: int = MAX_SHEET) -> None:
        super().__init__()
        self.source, self.packed, self.largest = source, packed, largest
        self.count = 0
        self._marked = 0

    def mark(self) -> None:
        """A record has ended: the next one may be as long again."""
        self._marked = self.count

    def read(self, size: int = -1) -> bytes:
        """The next bytes, checked against the bounds."""
        chunk: bytes = self.source.read(size if size and size > 0 else 65536)
        self.count += len(chunk)
        if self.count > self.largest or (self.count > 2**20 and self.count > MAX_RATIO * self.packed):
            raise bomb()
        if self.count - self._marked > MAX_ROW:
            raise bomb()
        return chunk


def parse(source: BoundedInput, tags: Sequence[str]) -> Iterator[Any]:
    """The elements named ``tags`` as they end, each forgotten before the next. Entities and DTDs are not resolved."""
    events = etree.iterparse(
        source, events=("end",), tag=tags, resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    for _event, element in events:
        yield element
        element.clear(keep_tail=False)
        parent = element.getparent()
        if parent is not None:
            while element.getprevious() is not None:
                del parent[0]
        source.mark()


class SharedTexts:
    """The texts that cells name by number: one block of bytes and where each begins, a fifth of a list of strings."""

    def __init__(self) -> None:
        self._block = bytearray()
        self._starts = array("Q", [0])

    def add(self, text: str) -> None:
        """Append the next text. Raises ``InvalidInput`` FILE-BOMB above :data:`MAX_TEXTS`."""
        self._block += text.encode("utf-8", "replace")
        self._starts.append(len(self._block))
        if len(self._block) + 8 * len(self._starts) > MAX_TEXTS:
            raise bomb()

    def __getitem__(self, number: int) -> str:
        if not 0 <= number < len(self._starts) - 1:
            raise ValueError("a cell names a text that is not there")
        return self._block[self._starts[number] : self._starts[number + 1]].decode("utf-8")


class SheetStream:
    """The first sheet of a workbook, row by row, as texts.

    Use as a context manager. Every method raises ``InvalidInput`` FILE-BROKEN or FILE-BOMB for what is no sound XLSX.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._wanted: list[int] | None = None
        self._width = 0
        with _sound():
            self._archive = zipfile.ZipFile(path)
            if len(self._archive.infolist()) > MAX_ENTRIES:
                raise bomb()
            self._sheet = self._archive.getinfo(self._first_sheet())
        #: Rows by the sheet's own word, headers included; None where it does not say. An estimate, for progress only.
        self.rows_said = self._rows_said()
        self._texts = self._shared_texts()

    def __enter__(self) -> SheetStream:
        return self

    def __exit__(self, *_error: object) -> None:
        self._archive.close()

    def choose(self, columns: Sequence[int]) -> None:
        """Give only these columns (from 0) of the rows that follow, in this order: the others cost less then."""
        self._wanted = list(columns)

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row with its number in the sheet; empty cells are empty texts. Errors of the XML are raised on the way."""
        with _sound(), self._archive.open(self._sheet) as file:
            source = BoundedInput(file, self._sheet.compress_size)
            number = 0
            for row in parse(source, _tags("row")):
                said = row.get("r")
                number = int(said) if said else number + 1
                yield number, self._values(row)

    def _values(self, row: Any) -> list[str]:
        if self._wanted is None:
            found = dict(self._placed(row))
            self._width = max(found, default=-1) + 1
            return [self._text(found[column]) if column in found else "" for column in range(self._width)]
        if self._is_full(row):
            return [self._text(row[column]) if column < self._width else "" for column in self._wanted]
        found = dict(self._placed(row))
        return [self._text(found[column]) if column in found else "" for column in self._wanted]

    def _is_full(self, row: Any) -> bool:
        """Whether the row has a cell in every column, in order: then a cell's place is its column."""
        if len(row) != self._width:
            return False
        place = row[-1].get("r")
        return place is None or column_of(place) == self._width - 1

    def _placed(self, row: Any) -> Iterator[tuple[int, Any]]:
        column = -1
        for cell in row:
            place = cell.get("r")
            column = column_of(place) if place else column + 1
            yield column, cell

    def _text(self, cell: Any) -> str:
        kind = cell.get("t")
        if kind == "inlineStr":
            return "".join(cell.itertext())
        if not len(cell):
            return ""
        last = cell[-1]
        if not last.tag.endswith("}v"):
            last = next((child for child in cell if child.tag.endswith("}v")), None)
            if last is None:
                return ""
        text: str = last.text or ""
        if kind == "s":
            return self._texts[int(text)]
        return "" if kind == "e" else text

    def _first_sheet(self) -> str:
        names = [entry.filename for entry in self._archive.infolist()]
        sheets = [name for name in names if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name)]
        if not sheets:
            raise ValueError("no sheet")
        # sheet2 before sheet10
        return min(sheets, key=lambda name: (len(name), name))

    def _rows_said(self) -> int | None:
        with _sound(), self._archive.open(self._sheet) as file:
            found = _DIMENSION.search(file.read(4096))
        return int(found[1]) if found and int(found[1]) <= 1_048_576 else None

    def _shared_texts(self) -> SharedTexts:
        texts = SharedTexts()
        name = next((name for name in self._archive.namelist() if name.lower() == "xl/sharedstrings.xml"), None)
        if name is None:
            return texts
        entry = self._archive.getinfo(name)
        with _sound(), self._archive.open(entry) as file:
            for item in parse(BoundedInput(file, entry.compress_size), _tags("si")):
                texts.add(item[0].text or "" if len(item) == 1 and len(item[0]) == 0 else _runs(item))
        return texts


def _runs(item: Any) -> str:
    """The text of an entry with several runs; how it is to be pronounced is left out."""
    parts = []
    for child in item:
        if child.tag.endswith("}t"):
            parts.append(child.text or "")
        elif child.tag.endswith("}r"):
            parts.extend(text.text or "" for text in child if text.tag.endswith("}t"))
    return "".join(parts)


_known_columns: dict[str, int] = {}


def column_of(place: str) -> int:
    """The column (from 0) of a place such as "AB17". Raises ``ValueError`` for one beyond a sheet's last column."""
    letters = place.rstrip("0123456789")
    column = _known_columns.get(letters)
    if column is None:
        number = 0
        for letter in letters.upper():
            if not "A" <= letter <= "Z" or len(letters) > 3:
                raise ValueError("a cell without a place")
            number = number * 26 + ord(letter) - 64
        if not 1 <= number <= MAX_COLUMNS:
            raise ValueError("a cell beyond the last column")
        column = _known_columns[letters] = number - 1
    return column


class _sound:
    """Turns what a damaged workbook raises into ``InvalidInput`` FILE-BROKEN."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, _BROKEN):
            text = _("The workbook cannot be read. Save it again as XLSX.")
            raise InvalidInput("FILE-BROKEN", text, field="file") from error
