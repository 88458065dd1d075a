"""Ordered start and stop, restart with a growing pause, nothing left behind."""

import os
import pwd
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from certportal.launcher.errors import PortalError
from certportal.launcher.processes import Identity, wait_gone
from certportal.launcher.programs import Program, file_ready
from certportal.launcher.provision import last_line
from certportal.launcher.supervisor import Supervisor, ending
from certportal.launcher.users import ServiceUser

WORKING = """
import pathlib, signal, sys, time
name, order, sign = sys.argv[1:4]
def note(what):
    with open(order, "a") as out: out.write(f"{what} {name}\\n")
def stop(*_):
    note("stop"); sys.exit(0)
signal.signal(signal.SIGTERM, stop)
note("start"); pathlib.Path(sign).touch()
while True: time.sleep(0.05)
"""


def program(name: str, folder: Path, code: str = WORKING) -> Program:
    sign = folder / f"{name}.ready"
    argv = (sys.executable, "-S", "-c", code, name, str(folder / "order"), str(sign))
    return Program(name, argv, dict(os.environ), file_ready(sign), ready_seconds=20, patience=5, signs=(sign,))


def me() -> ServiceUser:
    entry = pwd.getpwuid(os.geteuid())
    return ServiceUser(entry.pw_name, entry.pw_uid, entry.pw_gid, drop=False)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Supervisor]:
    stages = [[program("store", tmp_path)], [program("web", tmp_path)]]
    supervisor = Supervisor(stages, user=me(), root=tmp_path, logs=tmp_path)
    supervisor.start()
    yield supervisor
    supervisor.stop()


def test_stages_start_in_order_and_stop_in_reverse(running: Supervisor, tmp_path: Path) -> None:
    running.stop()
    assert (tmp_path / "order").read_text().split("\n")[:-1] == ["start store", "start web", "stop web", "stop store"]


def test_killed_program_is_started_again_with_a_growing_pause(running: Supervisor) -> None:
    first = running.children["web"].identity
    running.kill("web")
    running.check()
    child = running.children["web"]
    assert not child.alive()
    assert 0 < child.next_try - time.monotonic() <= 0.5
    child.next_try = time.monotonic() - 1
    running.check()
    running.await_ready("web")
    assert child.identity != first
    assert child.restarts == 1
    running.kill("web")
    running.check()
    assert 0.5 < child.next_try - time.monotonic() <= 1.0


def test_program_stopped_on_purpose_stays_down(running: Supervisor) -> None:
    running.stop_one("web")
    running.check()
    assert not running.children["web"].alive()
    running.start_one("web")
    assert running.children["web"].alive()


def test_program_that_dies_at_start_names_its_fault_and_log(tmp_path: Path) -> None:
    broken = program("web", tmp_path, "raise ValueError('no such setting')")
    supervisor = Supervisor([[broken]], user=me(), root=tmp_path, logs=tmp_path)
    with pytest.raises(PortalError, match="web stopped while it started: ValueError: no such setting"):
        supervisor.start()
    supervisor.stop()


def test_programs_do_not_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    """kill -9 of the process that supervises: the kernel tells its children."""
    child_pid = os.fork()
    if child_pid == 0:
        supervisor = Supervisor([[program("web", tmp_path)]], user=me(), root=tmp_path, logs=tmp_path)
        supervisor.start()
        (tmp_path / "pid").write_text(str(supervisor.record()["web"]["pid"]))
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child_pid, 0)
    assert wait_gone(Identity(int((tmp_path / "pid").read_text()), ""), 5)


def test_identity_is_not_fooled_by_a_reused_number() -> None:
    who = Identity.of(os.getpid())
    assert who.alive()
    assert not Identity(who.pid, "1").alive()


def test_fault_is_found_behind_the_last_line(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_text("Traceback\n  File x\ndjango.core.exceptions.ImproperlyConfigured: no SECRET_KEY\nshutting down\n")
    assert last_line(log) == "django.core.exceptions.ImproperlyConfigured: no SECRET_KEY"
    assert last_line(tmp_path / "none.log") == "no log was written"


def test_endings_are_said_in_words() -> None:
    assert ending(-9) == "was killed by SIGKILL"
    assert ending(3) == "stopped with exit code 3"
