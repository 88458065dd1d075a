"""Strangers' bytes are parsed in a limited process of their own: little memory, little time, no files, no network.

Each process of the portal has one such helper (:mod:`core.sandbox_worker`), started at the first file and kept warm; every
job is a fork of it that ends with the job. On Linux (x86-64, ARM 64) a filter in the kernel lets the fork compute, read
what it was given and write its answer, and nothing else. Where that filter cannot be had, nothing is parsed in production.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO, Any

import structlog
from django.conf import settings
from django.utils.translation import gettext as _

from core.errors import DomainError
from core.inspection import Unfit

log = structlog.get_logger(__name__)

#: Of one job: bytes of address space (the parsers themselves take 300 MB of it), seconds, bytes of the answer.
MEMORY = 1024 * 1024 * 1024
SECONDS = 15
ANSWER = 64 * 1024 * 1024
#: Jobs of one process of the portal at a time; the others wait so many seconds for their turn.
AT_A_TIME = 2
TURN_SECONDS = 20
_ROOT = Path(__file__).resolve().parent.parent
_START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from core.sandbox_worker import main; main()"


class SandboxAway(DomainError):
    """The file could not be looked at just now (503): nothing is known about it, and nothing was kept."""

    status = 503

    def __init__(self, why: str) -> None:
        log.error("sandbox_away", why=why)
        text = _("The file could not be checked just now. Nothing was kept. Send it again in a minute.")
        super().__init__("FILE-UNCHECKED", text, field="file")


class _Helper:
    """The warm process of this process of the portal, and the line to it."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.line = ours
        command = [sys.executable, "-I", "-c", _START, str(_ROOT), str(theirs.fileno())]
        with theirs:
            self.process = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], env={"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}, cwd="/",
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip

    @property
    def is_ours(self) -> bool:
        """Whether it lives, and belongs to this process and not to the one that this was forked from."""
        return self.owner == os.getpid() and self.process.poll() is None

    def end(self) -> None:
        """Close the line: the helper then ends by itself."""
        self.line.close()
        if self.owner == os.getpid():
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=5)


_lock = threading.Lock()
_turns = threading.BoundedSemaphore(AT_A_TIME)
_helper: _Helper | None = None


def _begin_anew() -> None:
    """A fork of this process has none of its threads: what they held would be held for good."""
    global _lock, _turns
    _lock, _turns = threading.Lock(), threading.BoundedSemaphore(AT_A_TIME)


os.register_at_fork(after_in_child=_begin_anew)


def _helper_of_this_process() -> _Helper:
    global _helper  # noqa: PLW0603 - one a process, started when it is first needed
    with _lock:
        if _helper is None or not _helper.is_ours:
            if _helper is not None:
                _helper.end()
            _helper = _Helper()
        return _helper


def run(job: str, source: bytes | IO[bytes], **options: Any) -> Any:
    """Do ``job`` (a key of ``core.sandbox_worker.JOBS``) with a file; what it gives back: JSON, bytes, or both.

    ``source`` is a file with a descriptor, whose position is left alone, or bytes. Raises ``Unfit`` with a code where the
    file is refused (FILE-LIMITS: it took too much memory or time; FILE-BROKEN: a parser died of it), ``SandboxAway``.
    """
    turns = _turns
    if not turns.acquire(timeout=TURN_SECONDS):
        raise SandboxAway("busy")
    try:
        with _with_descriptor(source) as file:
            return _result(_ask(job, file, options))
    finally:
        turns.release()


@contextlib.contextmanager
def _with_descriptor(source: bytes | IO[bytes]) -> Any:
    """``source`` as a file that another process can be handed."""
    if not isinstance(source, bytes):
        with contextlib.suppress(OSError, AttributeError, io.UnsupportedOperation):
            source.fileno()
            source.flush()
            yield source
            return
    with tempfile.TemporaryFile() as copy:
        if isinstance(source, bytes):
            copy.write(source)
        else:
            source.seek(0)
            shutil.copyfileobj(source, copy)
        copy.flush()
        yield copy


def _ask(job: str, file: IO[bytes], options: dict[str, Any]) -> bytes:
    """Hand the job over and collect the answer, all of it or what there was when the job died."""
    order = {
        "job": job, "options": options, "size": os.fstat(file.fileno()).st_size, "memory": MEMORY, "seconds": SECONDS,
        "must_be_closed": settings.PRODUCTION,
    }  # fmt: skip
    ours, theirs = os.pipe()
    try:
        try:
            for attempt in (1, 2):
                helper = _helper_of_this_process()
                try:
                    socket.send_fds(helper.line, [json.dumps(order).encode()], [file.fileno(), theirs])
                    break
                except OSError:
                    # it died since the last job: one new start
                    if attempt == 2:
                        raise
        finally:
            os.close(theirs)
        answer = _collected(ours)
        if not answer and not helper.is_ours:
            raise SandboxAway("helper ended")
        return answer
    except OSError as error:
        raise SandboxAway(type(error).__name__) from error
    finally:
        os.close(ours)


def _collected(handle: int) -> bytes:
    # the first job also waits for the start of the helper
    until = time.monotonic() + 2 * SECONDS
    parts: list[bytes] = []
    size = 0
    while True:
        left = until - time.monotonic()
        if left <= 0 or not select.select([handle], [], [], left)[0]:
            raise Unfit("FILE-LIMITS")
        part = os.read(handle, 1 << 20)
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
        if size > ANSWER:
            raise Unfit("FILE-BOMB")


def _result(answer: bytes) -> Any:
    """What the answer says. It comes from a process that read a stranger's file, so nothing in it is believed blindly."""
    if not answer:
        raise Unfit("FILE-LIMITS")
    line, _end, body = answer.partition(b"\n")
    try:
        head = json.loads(line)
    except ValueError as error:
        raise Unfit("FILE-LIMITS") from error
    if not isinstance(head, dict):
        raise Unfit("FILE-LIMITS")
    if "unfit" in head:
        words = head.get("words")
        plain = words if isinstance(words, dict) else {}
        raise Unfit(str(head["unfit"])[:40], **{str(name)[:20]: _plain(value) for name, value in plain.items()})
    if head.get("fault") == "seccomp":
        raise SandboxAway("seccomp")
    if head.get("done") is not True:
        # what the fault says may repeat the stranger's file: seen by developers only
        said = {} if settings.PRODUCTION else {"words": str(head.get("words"))[:200]}
        log.warning("parser_fault", fault=str(head.get("fault"))[:80], **said)
        raise Unfit("FILE-BROKEN", kind="")
    if head.get("both") is True:
        return head.get("value"), body
    return head.get("value", body)


def _plain(value: Any) -> str | int:
    return value if isinstance(value, int) else str(value)[:80]
