"""Files that nobody should send: made from a seed, so that a finding can be made again."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from random import Random

import pikepdf
from openpyxl import Workbook
from PIL import Image

from tests.support.drafts import PAPER


def book(rows: int = 3) -> bytes:
    """A sound workbook."""
    sheets = Workbook()
    for number in range(rows):
        sheets.active.append([number, "green coffee"])
    out = io.BytesIO()
    sheets.save(out)
    return out.getvalue()


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30)) -> bytes:
    """A sound picture."""
    out = io.BytesIO()
    Image.new("RGB", size, (10, 90, 160)).save(out, kind)
    return out.getvalue()


def pdf(change: Callable[[pikepdf.Pdf], object] | None = None, **options: object) -> bytes:
    """A sound PDF of one page, or what ``change`` makes of it."""
    document = pikepdf.new()
    document.add_blank_page()
    if change:
        change(document)
    out = io.BytesIO()
    document.save(out, **options)
    return out.getvalue()


def with_entries(data: bytes, entries: dict[str, bytes]) -> bytes:
    """A workbook with entries of its archive replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            if entry.filename not in entries:
                new.writestr(entry.filename, old.read(entry))
        for name, content in entries.items():
            new.writestr(name, content)
    return out.getvalue()


def zipped(name: str = "a.html", content: bytes = b"<script>alert(1)</script>") -> bytes:
    """A ZIP of one entry."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, content)
    return out.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def huge_png(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG of a few hundred bytes that says it is huge."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


def nested(depth: int) -> bytes:
    """A ZIP in a ZIP in a ZIP."""
    data = b"\0" * 100_000
    for level in range(depth):
        data = zipped(f"{level}.zip", data)
    return data


def _action(kind: str) -> Callable[[pikepdf.Pdf], object]:
    def change(document: pikepdf.Pdf) -> None:
        document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name(kind), JS="app.alert(1)", F="calc.exe")

    return change


def _attached(name: str, content: bytes) -> Callable[[pikepdf.Pdf], object]:
    def change(document: pikepdf.Pdf) -> None:
        document.attachments[name] = pikepdf.AttachedFileSpec(document, content, filename=name)

    return change


def _deep_link(document: pikepdf.Pdf) -> None:
    """An action that stands directly inside an annotation's dictionary, inside an array, inside a page."""
    action = pikepdf.Dictionary(S=pikepdf.Name("/Launch"), F="calc.exe")
    document.pages[0].Annots = pikepdf.Array(
        [pikepdf.Dictionary(Subtype=pikepdf.Name("/Link"), Rect=[0, 0, 1, 1], A=action)]
    )


def _relation(kind: str, target: str) -> bytes:
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    return (
        f'<Relationships xmlns="{space}"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/'
        f'2006/relationships/{kind}" TargetMode="External" Target="{target}"/></Relationships>'
    ).encode()


def overlapped() -> bytes:
    """An archive whose directory names the bytes of one entry twice."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        with zipfile.ZipFile(io.BytesIO(book())) as sound:
            for entry in sound.infolist():
                archive.writestr(entry.filename, sound.read(entry))
        archive.writestr("xl/a.xml", b"1" * 1000)
        archive.writestr("xl/b.xml", b"1" * 1000)
        archive.getinfo("xl/b.xml").header_offset = archive.getinfo("xl/a.xml").header_offset
    return out.getvalue()


#: Known attacks by name: the code with which each is refused, and how its bytes are made.
ATTACKS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "javascript": ("FILE-ACTIVE", lambda: pdf(_action("/JavaScript"))),
    "launch": ("FILE-ACTIVE", lambda: pdf(_action("/Launch"))),
    "submit form": ("FILE-ACTIVE", lambda: pdf(_action("/SubmitForm"))),
    "launch inside a page": ("FILE-ACTIVE", lambda: pdf(_deep_link)),
    "launch in an object stream": (
        "FILE-ACTIVE", lambda: pdf(_deep_link, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    ),
    "program attached": ("FILE-EMBEDDED", lambda: pdf(_attached("invoice.exe", b"MZ"))),
    "program called data": ("FILE-EMBEDDED", lambda: pdf(_attached("invoice.xml", b"MZ" + b"\0" * 100))),
    "password": (
        "FILE-LOCKED", lambda: pdf(encryption=pikepdf.Encryption(user="secret", owner="secret"))
    ),
    "page before a pdf": ("FILE-TYPE", lambda: b"<script>alert(1)</script>\n" + PAPER),
    "page in the head of a pdf": ("FILE-MIXED", lambda: PAPER[:9] + b"%<html><script>\n" + PAPER[9:]),
    "zip behind a pdf": ("FILE-MIXED", lambda: PAPER + zipped()),
    "pdf end in a zip comment": (
        "FILE-MIXED", lambda: PAPER + zipped()[:-2] + struct.pack("<H", 6) + b"%%EOF\n"
    ),
    "text behind a pdf": ("FILE-MIXED", lambda: PAPER + b"MZ and so on"),
    "half a pdf": ("FILE-BROKEN", lambda: PAPER[:60]),
    "no pdf": ("FILE-BROKEN", lambda: b"%PDF-1.7\n" + b"\0" * 500 + b"%%EOF"),
    "huge picture": ("FILE-PIXELS", huge_png),
    "half a picture": ("FILE-BROKEN", lambda: picture(size=(400, 400))[:-40]),
    "half a photograph": ("FILE-BROKEN", lambda: picture("JPEG", (600, 400))[:-2]),
    "zip behind a picture": ("FILE-MIXED", lambda: picture() + zipped()),
    "zip behind a photograph": ("FILE-MIXED", lambda: picture("JPEG") + zipped()),
    "photograph end in a zip comment": (
        "FILE-MIXED", lambda: picture("JPEG") + zipped()[:-2] + struct.pack("<H", 2) + b"\xff\xd9"
    ),
    "svg": ("FILE-TYPE", lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    "program": ("FILE-TYPE", lambda: b"MZ" + b"\0" * 400),
    "zip": ("FILE-TYPE", zipped),
    "zips in zips": ("FILE-TYPE", lambda: nested(6)),
    "macros": ("FILE-MACRO", lambda: with_entries(book(), {"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"})),
    "macro type": (
        "FILE-MACRO",
        lambda: with_entries(book(), {"[Content_Types].xml": b"<T ContentType='ms-excel.sheet.macroEnabled'/>"}),
    ),
    "dde": ("FILE-LINKS", lambda: with_entries(book(), {"xl/externalLinks/externalLink1.xml": b"<ddeLink/>"})),
    "template from elsewhere": (
        "FILE-LINKS",
        lambda: with_entries(
            book(), {"xl/worksheets/_rels/sheet1.xml.rels": _relation("image", "http://invented.example/a.png")}
        ),
    ),
    "zip in a workbook": ("FILE-EMBEDDED", lambda: with_entries(book(), {"xl/media/image1.png": zipped()})),
    "object in a workbook": ("FILE-EMBEDDED", lambda: with_entries(book(), {"xl/embeddings/a.bin": b"x"})),
    "path out": ("FILE-BROKEN", lambda: with_entries(book(), {"../../etc/cron.d/x": b"x"})),
    "absolute path": ("FILE-BROKEN", lambda: with_entries(book(), {"/etc/cron.d/x": b"x"})),
    "entities": (
        "FILE-BROKEN",
        lambda: with_entries(book(), {"xl/worksheets/sheet1.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><worksheet/>'}),
    ),
    "bytes before a workbook": ("FILE-TYPE", lambda: b"GIF89a" + book()),
    "bytes behind a workbook": ("FILE-MIXED", lambda: book() + b"<script>"),
    "workbook bomb": ("FILE-BOMB", lambda: with_entries(book(), {"xl/worksheets/sheet1.xml": b" " * 50_000_000})),
    "entries on each other": ("FILE-BOMB", overlapped),
    "nothing": ("FILE-EMPTY", lambda: b""),
}  # fmt: skip


def mangled(data: bytes, random: Random) -> bytes:
    """A file with some of its bytes changed, cut out, doubled or added."""
    changed = bytearray(data)
    for _ in range(random.randint(1, 12)):
        at = random.randrange(max(len(changed), 1))
        match random.randrange(5):
            case 0:
                changed[at : at + 1] = random.randbytes(1)
            case 1:
                del changed[at : at + random.randint(1, 60)]
            case 2:
                changed[at:at] = random.randbytes(random.randint(1, 60))
            case 3:
                changed[at:at] = changed[at : at + random.randint(1, 400)]
            case _:
                changed[at : at + 4] = struct.pack("<I", random.choice([0, 2**31 - 1, 2**32 - 1, 65_535]))
    return bytes(changed)
