"""What an uploaded file really is, told from its bytes. Runs in the limited process of :mod:`core.sandbox`.

Nothing here knows the framework, the database or the network: the process has none of them. A file that is not fit to be
kept raises :class:`Unfit`; :mod:`core.uploads` says it in words.
"""

from __future__ import annotations


class Unfit(Exception):
    """The file is refused. ``code`` is stable, ``words`` are figures and names for the message (JSON-ready)."""

    def __init__(self, code: str, **words: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.words = words


#: Marks at the very beginning of files that have no place inside another one.
ARCHIVES = (
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!",
    b"BZh",
    b"\xfd7zXZ\x00",
    b"\xd0\xcf\x11\xe0",
    b"MSCF",
)
PROGRAMS = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"#!")
_END_OF_ZIP = b"PK\x05\x06"
_PAGES = (b"<html", b"<script", b"<!doctype", b"<svg", b"<?php", b"<iframe", b"<body")


def refuse_second_face(data: bytes, kind: str) -> None:
    """Refuse a file that another program would take for something else: a ZIP at its end, a page at its start.

    A ZIP is found by readers from its end, so that it may hide behind or inside anything. Raises ``Unfit`` FILE-MIXED.
    """
    tail = data[-65_557:]
    at = tail.rfind(_END_OF_ZIP)
    while at >= 0:
        comment = int.from_bytes(tail[at + 20 : at + 22], "little")
        if at + 22 + comment == len(tail):
            raise Unfit("FILE-MIXED", kind=kind, found="ZIP")
        at = tail.rfind(_END_OF_ZIP, 0, at)
    head = data[:1024].lower()
    if any(mark in head for mark in _PAGES):
        raise Unfit("FILE-MIXED", kind=kind, found="HTML")
