"""Fourteen faults sown into the ledger, each found by the random acts or by a test that is named in the output."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.long.seeded_faults import FAULTS
from tests.support import databases

pytestmark = pytest.mark.timeout(600)

MACHINE = "tests/pvf/test_ledger_machine.py::test_the_ledger_is_as_counted_after_every_act"
#: Faults that one connection, acting by the rules, cannot see, and the tests that are to find them.
ELSEWHERE = {
    "lock": "tests/pvf/test_ledger.py::test_movements_at_once_never_take_more_than_there_is",
    "clock": "tests/pvf/test_ledger_races.py::test_a_movement_is_timed_under_the_lock",
    "append only": "tests/pvf/test_ledger.py::test_even_the_owner_cannot_change_or_delete_a_movement",
    "table": "tests/pvf/test_ledger.py::test_every_movement_is_allowed_or_refused_as_the_table_says",
}


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_each_fault_is_found(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    catcher = ELSEWHERE.get(name, MACHINE)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n0", "-q", "-x", "-p", "tests.long.seeded_faults", "--no-header", catcher],
        cwd=databases.ROOT, env=os.environ | {"PORTAL_SEEDED_FAULT": name, "PORTAL_ENV": "test"},
        capture_output=True, text=True, check=False, timeout=500,
    )  # fmt: skip
    assert done.returncode == 1, f"not found, or not sown: {name}\n{done.stdout[-3000:]}{done.stderr[-1000:]}"
    failed = re.findall(r"^FAILED (\S+)", done.stdout, re.MULTILINE)
    assert failed == [catcher]
    with capsys.disabled():
        sys.stdout.write(f"\n{name}: {FAULTS[name].what}; found by {catcher}\n")


def test_without_a_fault_the_same_tests_pass() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n0", "-q", "-p", "tests.long.seeded_faults", *ELSEWHERE.values(), MACHINE],
        cwd=databases.ROOT, env=os.environ | {"PORTAL_SEEDED_FAULT": "", "PORTAL_ENV": "test"},
        capture_output=True, text=True, check=False, timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
