"""A virus scanner that speaks clamd's INSTREAM: its one virus is the word EVIL."""

from __future__ import annotations

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

EVIL = b"EVIL-TEST-BYTES"


class _Stream(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server: Scanner = self.server  # type: ignore[assignment]
        assert self.rfile.read(10) == b"zINSTREAM\0"
        data = b""
        while size := int.from_bytes(self.rfile.read(4), "big"):
            data += self.rfile.read(size)
        server.seen.append(data)
        said = server.answer or ("stream: Invented.Test FOUND" if EVIL in data else "stream: OK")
        self.wfile.write(said.encode() + b"\0")


class Scanner(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """The server; ``answer`` is said instead of a judgement where it is set, ``seen`` is what was sent."""

    daemon_threads = True
    answer = ""

    def __init__(self, path: Path) -> None:
        self.seen: list[bytes] = []
        super().__init__(str(path), _Stream)


@contextmanager
def scanner(path: Path) -> Iterator[Scanner]:
    """A scanner at a socket, until the end of the block."""
    with Scanner(path) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
