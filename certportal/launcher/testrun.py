"""`./portal test`: the linters, then pytest, each step with its seconds; `N passed, N failed` as the last line.

A fault of a linter does not hide the tests: every step runs, a failed one counts as one failed test and fails the command.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import subprocess
import sys

from .advisories import examine
from .commands import own_home, prepare
from .console import WIDTH, Console
from .errors import PortalError
from .places import Places
from .provision import Provisioner


class CheckRun:
    """`./portal test`: the linters, then pytest."""

    def __init__(self, places: Places, console: Console, arguments: list[str]) -> None:
        self.places = places
        self.console = console
        self.long = "--long" in arguments
        self.lint = "--no-lint" not in arguments
        self.arguments = [argument for argument in arguments if argument not in ("--long", "--no-lint")]
        self.bin = places.venv / "bin"

    def run(self) -> int:
        """All steps; 0 only when every one passed."""
        with prepare(self.places, self.console, development=True) as runtime:
            runtime.caller["PORTAL_ENV"] = "test"
            environment, addresses = runtime.environment(), runtime.known_addresses()
            with self.console.step("Collecting static files"):
                Provisioner(environment, addresses, runtime.state).static_files()
            env = own_home(environment.manage(addresses))
            try:
                return self._steps(env)
            finally:
                runtime.give_back_data()

    def _steps(self, env: dict[str, str]) -> int:
        linters = self._linters() if self.lint else []
        failed = [name for name, command in linters if not self._step(name, command, env)]
        if self.lint and not self.advisories():
            failed.append("known weaknesses of packages")
        code, counts = self._pytest(env)
        if failed:
            self.console.line(f"Faults were found by: {', '.join(failed)} (their output stands above)")
        self.console.line(closing_line(counts | {"failed": counts.get("failed", 0) + len(failed)}))
        return code or (1 if failed else 0)

    def _linters(self) -> list[tuple[str, list[str]]]:
        python = str(self.bin / "python")
        return [
            ("ruff check", [str(self.bin / "ruff"), "check", "."]),
            ("ruff format", [str(self.bin / "ruff"), "format", "--check", "."]),
            ("mypy", [python, "-m", "mypy"]),
            ("mypy (store)", [python, "-m", "mypy", "--config-file", "oid_store/mypy.ini", "oid_store"]),
            ("import-linter", [str(self.bin / "lint-imports")]),
            ("makemigrations --check", [python, "manage.py", "makemigrations", "--check", "--dry-run"]),
            ("makemigrations --check (store)", [python, "-m", "oid_store", "makemigrations", "--check", "--dry-run"]),
        ]

    def advisories(self) -> bool:
        """The locked packages against an advisory service; False where a weakness is known and not accepted."""
        report = examine(self.places.root, os.environ, dt.datetime.now(dt.UTC).date())
        self.console.line(f"  {'known weaknesses of packages '.ljust(WIDTH - 2, '.')} {report.summary}")
        for line in report.lines:
            self.console.line(f"    {line}")
        return not report.failed

    def _step(self, name: str, command: list[str], env: dict[str, str]) -> bool:
        """One linter: its output is shown only when it fails."""
        try:
            with self.console.step(name, "passed"):
                done = subprocess.run(
                    command, cwd=self.places.root, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                    text=True, check=False, stdin=subprocess.DEVNULL,
                )  # fmt: skip
                if done.returncode:
                    raise PortalError(f"{name} found faults")
        except PortalError:
            self.console.line(done.stdout)
            return False
        return True

    def pytest_command(self) -> list[str]:
        """pytest with the caller's arguments; without a path among them, the daily suite or the long one."""
        named = any((self.places.root / argument.split("::")[0]).exists() for argument in self.arguments)
        command = [str(self.bin / "python"), "-m", "pytest"]
        if not named:
            command += ["tests", "-m", "long" if self.long else "not long"]
        if not any(argument in ("-n", "-n0") or argument.startswith("-n") for argument in self.arguments):
            command += ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
        if sys.stdout.isatty():
            command.append("--color=yes")
        return command + self.arguments

    def _pytest(self, env: dict[str, str]) -> tuple[int, dict[str, int]]:
        """pytest, its output as it comes; the exit code and what it counted. No count at all is a failure."""
        self.console.line("  pytest")
        counts: dict[str, int] = {}
        child = subprocess.Popen(
            self.pytest_command(), cwd=self.places.root, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert child.stdout is not None
        for line in child.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            counts = summary_counts(line) or counts
        code = child.wait()
        if code and not counts.get("failed") and not counts.get("error"):
            # it broke off, or found no test: that must not read like a success
            counts = counts | {"failed": 1}
        return code, counts


def summary_counts(line: str) -> dict[str, int] | None:
    """The counts in pytest's closing line, such as `=== 3 failed, 41 passed in 9.1s ===`; None for any other line."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", line).strip().strip("= ")
    if not re.search(r" in [0-9.]+s", plain):
        return None
    found = re.findall(r"(\d+) (passed|failed|errors?|skipped|xfailed|xpassed)", plain)
    return {kind.rstrip("s") if kind.startswith("error") else kind: int(number) for number, kind in found} or None


def closing_line(counts: dict[str, int]) -> str:
    """`N passed, N failed`. A test that could not run counts as failed; skipped ones are in pytest's own summary."""
    failed = counts.get("failed", 0) + counts.get("error", 0)
    return f"{counts.get('passed', 0)} passed, {failed} failed"
