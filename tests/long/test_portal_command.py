"""`./portal` as an operator uses it: up, smoke, down, up again, killed; on embedded servers of its own."""

import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from certportal.launcher.environment import COMPOSED
from certportal.launcher.places import PROJECT, Places
from certportal.launcher.ports import free_port
from certportal.launcher.processes import Identity, wait_gone

NUMBER = re.compile(r"^\d{3}-\d{10}-\d{6}$")
UP_SECONDS, COMMAND_SECONDS = 400, 200

pytestmark = [pytest.mark.timeout(900)]


class Portal:
    """One home of its own, and the commands on it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        kept = {name: value for name, value in os.environ.items() if name not in COMPOSED}
        self.env = kept | {"PORTAL_HOME": str(home)}

    def run(self, *arguments: str, code: int = 0, seconds: int = COMMAND_SECONDS) -> str:
        done = subprocess.run(
            [PROJECT / "portal", *arguments], env=self.env, cwd=PROJECT, text=True, timeout=seconds, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert done.returncode == code, done.stdout
        return done.stdout

    def up(self) -> float:
        """Seconds that the start took."""
        start = time.monotonic()
        self.run("up", "--detach", "--port", str(self.port), seconds=UP_SECONDS)
        return time.monotonic() - start

    def record(self) -> dict[str, object]:
        value = json.loads((self.home / "run.json").read_text())
        assert isinstance(value, dict)
        return value

    def alive(self) -> list[str]:
        """Command lines of living processes that belong to this home."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
            except OSError:
                continue
            if str(self.home).encode() in words and int(folder.name) != os.getpid():
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        return found


@pytest.fixture(scope="module")
def portal() -> Iterator[Portal]:
    home = Places.here().home / "homes" / secrets.token_hex(4)
    home.mkdir(parents=True)
    one = Portal(home)
    try:
        yield one
    finally:
        subprocess.run([PROJECT / "portal", "down"], env=one.env, cwd=PROJECT, check=False, timeout=COMMAND_SECONDS)
        shutil.rmtree(home, ignore_errors=True)


def test_first_start_is_healthy_and_names_a_sign_in_for_each_role(portal: Portal) -> None:
    portal.up()
    said = (portal.home / "logs" / "up.log").read_text()
    for role in ("exporter signatory", "reviewer", "approver", "manager", "importer", "broker"):
        assert re.search(rf"^  {role} +\S+@\S+ +\S+", said, re.MULTILINE), role
    assert portal.run("url").strip() == f"http://127.0.0.1:{portal.port}/"
    assert "healthy" in portal.run("status")
    assert requests.get(f"http://127.0.0.1:{portal.port}/healthz", timeout=10).status_code == 200
    assert "Everything is in order" in portal.run("check")


def test_smoke_ends_with_the_number_of_a_new_certificate(portal: Portal) -> None:
    last = [portal.run("smoke").strip().split("\n")[-1] for _ in range(2)]
    assert all(NUMBER.match(line) for line in last)
    assert last[0] != last[1]


def test_second_up_says_where_the_portal_is(portal: Portal) -> None:
    assert "running already" in portal.run("up", "--detach")


def test_down_leaves_no_process_and_up_again_is_fast_and_has_lost_nothing(portal: Portal) -> None:
    accounts = (portal.home / "data" / "demo_accounts.json").read_text()
    before = portal.run("manage", "shell", "-c", COUNT).strip().split("\n")[-1]
    assert "stopped" in portal.run("down")
    assert portal.alive() == []
    portal.run("status", code=3)
    assert portal.up() < 150  # other suites share the machine
    assert (portal.home / "data" / "demo_accounts.json").read_text() == accounts
    assert portal.run("manage", "shell", "-c", COUNT).strip().split("\n")[-1] == before


#: The restricted role sees no request outside an identity; the accounts stand for "nothing lost" here.
COUNT = "from organizations.models import User; print(User.objects.count())"


def test_killed_supervisor_takes_its_processes_along_and_the_next_start_recovers(portal: Portal) -> None:
    record = portal.record()
    supervisor = record["supervisor"]
    assert isinstance(supervisor, dict)
    os.kill(int(supervisor["pid"]), signal.SIGKILL)
    processes = record["processes"]
    assert isinstance(processes, dict)
    for known in processes.values():
        assert wait_gone(Identity(known["pid"], known["started"]), 60)
    portal.up()
    assert NUMBER.match(portal.run("smoke").strip().split("\n")[-1])
    portal.run("down")
    assert portal.alive() == []


def test_smoke_without_a_portal_says_what_to_do(portal: Portal) -> None:
    assert "./portal up" in portal.run("smoke", code=1)
