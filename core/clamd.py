"""ClamAV over its socket: one file is sent with INSTREAM, the answer is one line. No library: the protocol is ten lines."""

from __future__ import annotations

import socket
import time
from typing import IO

_CHUNK = 64 * 1024
_LONGEST_ANSWER = 4096


class ScannerAway(Exception):
    """The scanner did not answer, or could not scan: nothing is known about the file."""


def scan(file: IO[bytes], address: str, seconds: int) -> str:
    """The name of what was found in ``file``; empty where it is clean.

    ``address``: "host:port", or the path of a Unix socket. ``seconds``: limit of the whole call. Raises ``ScannerAway``.
    """
    until = time.monotonic() + seconds
    try:
        with _connected(address, seconds) as line:
            line.sendall(b"zINSTREAM\0")
            file.seek(0)
            while chunk := file.read(_CHUNK):
                line.settimeout(_left(until))
                line.sendall(len(chunk).to_bytes(4, "big") + chunk)
            line.sendall(bytes(4))
            return _judged(_read(line, until))
    except OSError as error:
        raise ScannerAway(f"{type(error).__name__}: {error}") from error


def _connected(address: str, seconds: int) -> socket.socket:
    if address.startswith("/"):
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(seconds)
        try:
            line.connect(address)
        except OSError:
            line.close()
            raise
        return line
    host, _colon, port = address.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), timeout=seconds)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("the scanner took too long")
    return left


def _read(line: socket.socket, until: float) -> str:
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < _LONGEST_ANSWER:
        line.settimeout(_left(until))
        part = line.recv(_LONGEST_ANSWER)
        if not part:
            break
        answer += part
    return answer.rstrip(b"\0\n").decode("utf-8", "replace")


def _judged(answer: str) -> str:
    """``stream: OK``, ``stream: Name.Of-What FOUND``; everything else (``… ERROR``) is no judgement."""
    said = answer.removeprefix("stream: ")
    if said == "OK":
        return ""
    if said.endswith(" FOUND"):
        return said.removesuffix(" FOUND")[:200] or "?"
    raise ScannerAway(answer[:200] or "no answer")
