"""Where directory data come from: the monthly workbook, the read API's XML, or that XML in a ZIP, all streamed."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import hashlib
import re
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from django.utils.translation import gettext as _
from lxml import etree

from core import clock
from core.errors import InvalidInput
from core.xlsx_stream import BoundedInput, SheetStream
from organizations.domain.directory.columns import HEADERS, REQUIRED, Layout, Record, plain

CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS = 10, 60, 1800
LARGEST_DOWNLOAD = 2 * 2**30
LAYOUTS_KEPT = 200
_REQUIRED_ELEMENTS = tuple(HEADERS[name][0] for name in REQUIRED)
_NOP_ID = frozenset(plain(header) for header in HEADERS["nop_id"])


@dataclasses.dataclass(frozen=True)
class Source:
    """A file of directory data. ``kind``: "xlsx", "xml" or "zip" (of one XML file), told by its content."""

    path: Path
    name: str
    kind: str
    sha256: str

    @property
    def said_day(self) -> dt.date | None:
        """The day of the data by the file's name (INTEGRITY_Data_20261101.xlsx)."""
        found = re.search(r"(20\d{2})-?(\d{2})-?(\d{2})(?!\d)", self.name)
        if found is None:
            return None
        try:
            return dt.date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError:
            return None

    @property
    def is_workbook(self) -> bool:
        """Whether it is the monthly workbook, which lists everything."""
        return self.kind == "xlsx"


def source_of(path: Path, name: str = "") -> Source:
    """The file at ``path``. Raises ``InvalidInput`` FILE-TYPE for what is neither of the three, ``OSError`` without it."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        start = file.read(4096)
        digest.update(start)
        while chunk := file.read(2**20):
            digest.update(chunk)
    kind = ""
    if start.startswith(b"PK"):
        kind = "xlsx" if _is_workbook(path) else "zip"
    elif start.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \r\n\t").startswith(b"<"):
        kind = "xml"
    if not kind:
        text = _("%(name)s is neither an XLSX workbook nor XML of OID's read API.") % {"name": name or path.name}
        raise InvalidInput("FILE-TYPE", text, field="file")
    return Source(path, name or path.name, kind, digest.hexdigest())


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.startswith("xl/") for name in archive.namelist())
    except zipfile.BadZipFile as error:
        raise InvalidInput("FILE-BROKEN", _("The file is damaged. Fetch it again."), field="file") from error


@contextlib.contextmanager
def downloaded(url: str) -> Iterator[Source]:
    """The answer of an address as a temporary file, within the limits of time and size.

    Raises ``InvalidInput`` DIRECTORY-URL: the message names the host alone, since the address holds a key.
    """
    host = urlsplit(url).hostname or ""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "operations"
        try:
            _fetch(url, path)
        except (requests.RequestException, ValueError, OSError) as error:
            words = {"host": host, "why": type(error).__name__}
            text = _("%(host)s did not give the directory (%(why)s). Try again, or fetch the file by hand.") % words
            raise InvalidInput("DIRECTORY-URL", text, field="file") from error
        yield source_of(path, f"{host} {clock.now():%Y-%m-%d}")


def _fetch(url: str, path: Path) -> None:
    end, size = time.monotonic() + WHOLE_SECONDS, 0
    with requests.get(url, stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS)) as answer, path.open("wb") as file:
        if answer.status_code != 200:
            raise ValueError(f"status {answer.status_code}")
        for chunk in answer.iter_content(2**16):
            size += len(chunk)
            if size > LARGEST_DOWNLOAD or time.monotonic() > end:
                raise ValueError("too large or too slow")
            file.write(chunk)


class Rows:
    """The records of a source. ``total`` is known before where the file says it, else None."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.total: int | None = None
        self.unknown: list[str] = []

    def __iter__(self) -> Iterator[Record]:
        """Raises ``InvalidInput`` DIRECTORY-COLUMNS, FILE-BROKEN or FILE-BOMB."""
        return self._workbook() if self.source.is_workbook else self._xml()

    def _workbook(self) -> Iterator[Record]:
        with SheetStream(self.source.path) as sheet:
            rows = sheet.rows()
            # a title may stand above the headers: the first row that names the NOP ID holds them
            headers: list[str] = []
            for number, values in rows:
                if number == 1 or not headers:
                    headers = values
                if _NOP_ID & {plain(value) for value in values}:
                    headers = values
                    break
                if number >= 20:
                    break
            layout = Layout(headers)
            self.unknown = layout.unknown
            self.total = max(sheet.rows_said - 1, 0) if sheet.rows_said else None
            sheet.choose(layout.columns)
            for number, values in rows:
                record = layout.record(number, values)
                if record is not None:
                    yield record

    def _xml(self) -> Iterator[Record]:
        with contextlib.ExitStack() as stack:
            source = self._opened(stack)
            try:
                yield from self._records(source)
            except (etree.LxmlError, zipfile.BadZipFile, EOFError) as error:
                text = _("The XML is damaged or cut off: %(why)s") % {"why": str(error)[:120]}
                raise InvalidInput("FILE-BROKEN", text, field="file") from error

    def _opened(self, stack: contextlib.ExitStack) -> BoundedInput:
        path = self.source.path
        if self.source.kind == "xml":
            size = path.stat().st_size
            return BoundedInput(stack.enter_context(path.open("rb")), size)
        archive = stack.enter_context(zipfile.ZipFile(path))
        entries = [entry for entry in archive.infolist() if entry.filename.lower().endswith(".xml")]
        if len(entries) != 1:
            raise InvalidInput("FILE-TYPE", _("The ZIP must hold exactly one XML file."), field="file")
        return BoundedInput(stack.enter_context(archive.open(entries[0])), entries[0].compress_size)

    def _records(self, source: BoundedInput) -> Iterator[Record]:
        layouts: dict[tuple[str, ...], Layout] = {}
        unknown: dict[str, None] = {}
        number = 0
        for given in _operations(source):
            number += 1
            found = given
            if number > 1:
                # what the first operation has, a later one may leave out: an empty value, not a missing column
                found = {**dict.fromkeys(_REQUIRED_ELEMENTS, ""), **given}
            shape = tuple(found)
            layout = layouts.get(shape)
            if layout is None:
                if len(layouts) >= LAYOUTS_KEPT:
                    layouts.clear()
                layout = layouts[shape] = Layout(shape)
                unknown.update(dict.fromkeys(layout.unknown[: LAYOUTS_KEPT - len(unknown)]))
                self.unknown = list(unknown)
            values = list(found.values())
            record = layout.record(number, [values[column] for column in layout.columns])
            if record is not None:
                yield record
        if not number:
            text = _("The XML names no operation: no element op_nopOpID was found.")
            raise InvalidInput("DIRECTORY-COLUMNS", text, field="file")


def _operations(source: BoundedInput) -> Iterator[dict[str, str]]:
    """Each operation's own values by element name: whatever element holds one named like a NOP ID is an operation."""
    operation_tag = None
    events = etree.iterparse(
        source, events=("end",), resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    for _event, element in events:
        if operation_tag is None and plain(_local(element)) in _NOP_ID:
            operation_tag = element.getparent().tag
        if operation_tag is not None and element.tag == operation_tag:
            yield {_local(child): child.text or "" for child in element if len(child) == 0}
            element.clear(keep_tail=False)
            parent = element.getparent()
            while parent is not None and element.getprevious() is not None:
                del parent[0]
            source.mark()


def _local(element: Any) -> str:
    return str(etree.QName(element).localname)
