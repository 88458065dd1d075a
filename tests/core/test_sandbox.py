"""A stranger's file is parsed where nothing can be done to us: no files, no network, no programs, little memory and time."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from core import sandbox, sandbox_worker
from core.errors import DomainError
from core.inspection import Unfit
from tests.support.drafts import PAPER
from tests.support.hostile import picture


def _behind_the_door(act: Callable[[], object]) -> str:
    """What becomes of ``act`` in a fork that has closed the door: the name of its error, or "done"."""
    ours, theirs = os.pipe()
    process = os.fork()
    if not process:
        said = "door open"
        try:
            sandbox_worker._limit(1 << 30, 2)
            if sandbox_worker.close_the_door():
                act()
                said = "done"
        except BaseException as error:
            said = type(error).__name__
        finally:
            os.write(theirs, said.encode())
            os._exit(0)
    os.close(theirs)
    os.waitpid(process, 0)
    with os.fdopen(ours) as answer:
        return answer.read()


def _kill_the_parent() -> None:
    os.kill(os.getppid(), signal.SIGTERM)


@pytest.mark.parametrize(
    "act",
    [
        lambda: Path("/etc/passwd").read_bytes(),
        lambda: os.open("/tmp/x-uploads", os.O_CREAT | os.O_WRONLY),  # noqa: S108
        lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
        lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM),
        os.fork,
        lambda: os.execv("/bin/true", ["true"]),  # noqa: S606
        lambda: os.listdir("/"),
        _kill_the_parent,
    ],
    ids=["read", "write", "network", "socket", "fork", "program", "list", "kill"],
)
def test_nothing_can_be_reached_from_there(act: Callable[[], object]) -> None:
    assert _behind_the_door(act) == "PermissionError"


def test_computing_goes_on_there() -> None:
    assert _behind_the_door(lambda: sum(bytes(10_000_000))) == "done"


def test_memory_and_time_are_bounded() -> None:
    assert _behind_the_door(lambda: bytearray(2 << 30)) == "MemoryError"


def test_another_call_by_number_is_refused_too() -> None:
    """The older and the wider numbers of the same calls (x32) are on no list, so they are refused like the rest."""
    kernel = ctypes.CDLL(None, use_errno=True)

    def act() -> None:
        if kernel.syscall(0x40000000 | 41, 2, 1, 0) == -1:
            raise OSError(ctypes.get_errno(), "refused")

    assert _behind_the_door(act) in {"PermissionError", "OSError"}


def test_the_helper_has_no_secret_of_ours() -> None:
    sandbox.run("document", PAPER, kind="PDF")
    helper = sandbox._helper
    assert helper is not None
    there = Path(f"/proc/{helper.process.pid}/environ").read_bytes()
    for name in (b"SECRET_KEY", b"DATABASE_URL", b"FIELD_ENCRYPTION_KEY", b"REDIS_URL"):
        assert name not in there
    handles = {os.readlink(path) for path in Path(f"/proc/{helper.process.pid}/fd").iterdir()}
    assert len([name for name in handles if name.startswith("socket:")]) == 1


def test_a_helper_that_died_is_started_again() -> None:
    sandbox.run("document", PAPER, kind="PDF")
    first = sandbox._helper
    assert first is not None
    first.process.kill()
    first.process.wait(timeout=5)
    assert sandbox.run("document", PAPER, kind="PDF") is None
    assert sandbox._helper is not first


def test_a_job_that_takes_too_long_is_ended() -> None:
    assert _behind_the_door(_forever) == ""


def _forever() -> None:
    while True:
        pass


def test_an_answer_is_not_believed_blindly() -> None:
    for answer in (b"", b"nonsense\n", b"[]\n", b'{"done": 1}\n', b'{"unfit": 5, "words": [1]}\n', b'{"fault": {}}\n'):
        with pytest.raises((Unfit, DomainError)):
            sandbox._result(answer)


def test_jobs_at_the_same_time_do_not_mix_up() -> None:
    found: list[object] = []

    def one() -> None:
        found.append(sandbox.run("document", PAPER, kind="PDF"))
        sizes = {"max_pixels": 10**6, "min_side": 1, "width": 16, "height": 16, "kept_bytes": 10**6}
        found.append(sandbox.run("logo", picture(), **sizes)[:4])

    threads = [Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found, key=str) == sorted([None] * 6 + [b"\x89PNG"] * 6, key=str)


def test_a_fork_of_the_portal_gets_a_helper_of_its_own() -> None:
    sandbox.run("document", PAPER, kind="PDF")
    helper = sandbox._helper
    process = os.fork()
    if not process:
        try:
            sandbox.run("document", PAPER, kind="PDF")
            os._exit(0 if sandbox._helper is not helper else 3)
        except BaseException:
            os._exit(4)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0
    assert sandbox.run("document", PAPER, kind="PDF") is None
    assert sandbox._helper is helper


def test_a_portal_that_ends_leaves_no_helper() -> None:
    helper = sandbox._Helper()
    helper.end()
    assert helper.process.poll() is not None
    assert isinstance(helper.process, subprocess.Popen)
