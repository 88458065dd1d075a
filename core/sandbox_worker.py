"""The limited process itself: reads one stranger's file, says what it is, and can do nothing else.

Started by :mod:`core.sandbox` with a clean environment and one socket. It loads the parsers once; each job is a fork of
it that lives for that job alone, so that one file never meets another. Before it reads the first byte the fork gives up
everything but computing: limits of memory and time, and a filter in the kernel (seccomp) that allows no file to be
opened, no socket, no program, no other process. It knows nothing of the framework, the settings or the database.
"""

from __future__ import annotations

import ctypes
import io
import json
import os
import platform
import resource
import select
import signal
import socket
import sys
import time
import zipfile
from collections.abc import Callable
from typing import Any

import pikepdf
from PIL import Image

from core.inspection import Unfit, pdf, pictures, words, workbook

#: What a parser needs: memory, clocks, reading what is open already, writing the answer, ending. By machine.
_ALLOWED = {
    "x86_64": (
        0xC000003E,
        (0, 1, 3, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17, 19, 20, 24, 25, 28, 35, 39, 60, 72, 96, 97, 98, 99, 131, 186,
         201, 202, 204, 219, 228, 229, 230, 231, 262, 273, 318, 324, 334),
    ),
    "aarch64": (
        0xC00000B7,
        (25, 57, 62, 63, 64, 65, 66, 67, 73, 79, 80, 93, 94, 98, 99, 101, 113, 114, 115, 123, 124, 128, 132, 134, 135,
         139, 163, 165, 169, 172, 178, 179, 214, 215, 216, 222, 226, 233, 278, 283, 293),
    ),
}  # fmt: skip
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2
_KILL, _REFUSE, _PASS = 0x80000000, 0x00050001, 0x7FFF0000
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
#: Seconds beyond a job's own after which the fork is ended from outside.
_GRACE = 2

#: Ways of writing letters that parsers ask for by name.
_CODECS = (
    "ascii",
    "latin-1",
    "cp437",
    "cp1252",
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "utf-32-le",
)
#: The fonts that every PDF reader has, and one that none has.
_FONTS = ("Helvetica", "Times-Roman", "Courier-Bold", "Symbol", "ZapfDingbats", "Unheard-Of")

Job = Callable[..., Any]


def _document(data: bytes, *, kind: str) -> None:
    if kind == "PDF":
        pdf.inspect(data)
    elif kind == "XLSX":
        workbook.inspect(data)
    else:
        pictures.inspect(data, kind)


JOBS: dict[str, Job] = {
    "document": _document, "logo": pictures.logo, "sheets": workbook.sheets, "words": words.words,
    "page_image": words.page_image,
}  # fmt: skip


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_ushort), ("yes", ctypes.c_ubyte), ("no", ctypes.c_ubyte), ("value", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.POINTER(_Instruction)))


def close_the_door() -> bool:
    """Put the filter on this process, for good. False where the machine or its kernel knows none."""
    known = _ALLOWED.get(platform.machine())
    if known is None or not sys.platform.startswith("linux"):
        return False
    architecture, calls = known
    steps = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    steps += [(_EQUAL, len(calls) - place, 0, call) for place, call in enumerate(calls)]
    steps += [(_RETURN, 0, 0, _REFUSE), (_RETURN, 0, 0, _PASS)]
    # ctypes keeps the array alive as long as the program that points to it
    code = (_Instruction * len(steps))(*(_Instruction(*step) for step in steps))
    program = _Program(len(steps), code)
    kernel = ctypes.CDLL(None, use_errno=True)
    if kernel.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    return bool(kernel.prctl(_SECCOMP, _FILTER, ctypes.byref(program), 0, 0) == 0)


def _limit(memory: int, seconds: int) -> None:
    for what, most in (
        (resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        resource.setrlimit(what, (most, most))


def _answer(job: str, data: bytes, options: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    try:
        found = JOBS[job](data, **options)
    except Unfit as refusal:
        return {"unfit": refusal.code, "words": refusal.words}, b""
    except (MemoryError, RecursionError):
        return {"unfit": "FILE-LIMITS", "words": {}}, b""
    if isinstance(found, bytes):
        return {"done": True}, found
    if isinstance(found, tuple):
        return {"done": True, "both": True, "value": found[0]}, found[1]
    return {"done": True, "value": found}, b""


def _do(order: dict[str, Any], source: int, target: int) -> None:
    """One job, in a fork: read, close the door, judge, answer."""
    _limit(order["memory"], order["seconds"])
    data = os.pread(source, order["size"], 0)
    if not close_the_door() and order["must_be_closed"]:
        _write(target, {"fault": "seccomp"}, b"")
        return
    try:
        head, body = _answer(order["job"], data, order["options"])
    except Exception as error:
        # a parser's own fault: the file is not what it says, and the parent is told which fault it was
        head, body = {"fault": type(error).__name__, "words": str(error)[:200]}, b""
    _write(target, head, body)


def _write(target: int, head: dict[str, Any], body: bytes) -> None:
    rest = memoryview(json.dumps(head).encode() + b"\n" + body)
    while rest:
        rest = rest[os.write(target, rest) :]


def _warm() -> None:
    """Use every parser once, so that nothing is left to be loaded when the door is closed."""
    Image.init()
    page = pikepdf.new()
    page.add_blank_page()
    locks: bool | pikepdf.Encryption
    for locks in (False, pikepdf.Encryption(user="", owner="x", R=4), pikepdf.Encryption(user="", owner="x", R=6)):
        paper = io.BytesIO()
        page.save(paper, encryption=locks)
        _answer("document", paper.getvalue(), {"kind": "PDF"})
    _warm_pages()
    for kind in ("PNG", "JPEG"):
        drawn = io.BytesIO()
        Image.new("RGB", (32, 32)).save(drawn, kind)
        _answer("document", drawn.getvalue(), {"kind": kind})
        sizes = {"max_pixels": 10**6, "min_side": 1, "width": 16, "height": 16, "kept_bytes": 1}
        _answer("logo", drawn.getvalue(), sizes)
        _answer("page_image", drawn.getvalue(), {"kind": kind})
    _answer("sheets", _small_book(), {})
    # characters are looked up in modules that are loaded when they are first met
    for name in _CODECS:
        b"".decode(name)


def _warm_pages() -> None:
    """A page with letters in each kind of font that needs no file: the library looks for the machine's fonts at the first."""
    document = pikepdf.new()
    fonts = {}
    for place, name in enumerate(_FONTS):
        face = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": f"/{name}"}
        fonts[f"/F{place}"] = {key: pikepdf.Name(value) for key, value in face.items()}
    page = document.add_blank_page()
    page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(fonts))
    shown = " ".join(f"/F{place} 9 Tf 0 12 Td (Net 18,000 kg) Tj" for place in range(len(_FONTS)))
    page.Contents = document.make_stream(f"BT {shown} ET".encode())
    paper = io.BytesIO()
    document.save(paper)
    _answer("words", paper.getvalue(), {})
    for legible in (False, True):
        _answer("page_image", paper.getvalue(), {"legible": legible, "width": 200})


def _small_book() -> bytes:
    main = "http://schemas.openxmlformats.org"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{main}/package/2006/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{main}/package/2006/relationships"/>',
        "xl/workbook.xml": f'<workbook xmlns="{main}/spreadsheetml/2006/main" xmlns:r="{main}/officeDocument/2006/'
        'relationships"><sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{main}/package/2006/relationships"><Relationship Id="rId1" '
        f'Type="{main}/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1">'
        "<v>1</v></c></row></sheetData></worksheet>",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


class Server:
    """Waits for jobs and forks one process for each; ends with the portal's process that started it."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._running: dict[int, float] = {}

    def serve(self) -> None:
        """Until the other end is closed."""
        while True:
            ready, _w, _x = select.select([self._line], [], [], 0.2 if self._running else None)
            self._reap()
            if not ready:
                continue
            message, handles, _flags, _address = socket.recv_fds(self._line, 65_536, 2)
            if not message:
                break
            if len(handles) == 2:
                self._start(json.loads(message), handles[0], handles[1])
            for handle in handles:
                os.close(handle)
        for process in self._running:
            os.kill(process, signal.SIGKILL)

    def _start(self, order: dict[str, Any], source: int, target: int) -> None:
        process = os.fork()
        if process:
            self._running[process] = time.monotonic() + order["seconds"] + _GRACE
            return
        try:
            self._line.close()
            _do(order, source, target)
        finally:
            os._exit(0)

    def _reap(self) -> None:
        for process, until in list(self._running.items()):
            if os.waitpid(process, os.WNOHANG)[0]:
                del self._running[process]
            elif time.monotonic() > until:
                os.kill(process, signal.SIGKILL)


def main() -> None:
    """Take the socket that is handed in as the first argument, and serve it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    line = socket.socket(fileno=int(sys.argv[1]))
    _warm()
    Server(line).serve()


if __name__ == "__main__":
    main()
