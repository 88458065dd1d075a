"""The command line starts on a bare Python and says clearly what it cannot do."""

import io
import os
import subprocess
import sys
from gettext import GNUTranslations
from pathlib import Path

import pytest

from certportal.launcher import cli
from certportal.launcher.console import Console
from certportal.launcher.messages import compile_catalogue, main
from certportal.launcher.places import PROJECT, Places
from certportal.launcher.provision import read_accounts
from certportal.launcher.testrun import CheckRun, closing_line, summary_counts

BEFORE_THE_ENVIRONMENT = ("cli", "up", "install", "check", "testrun", "stack", "mirror", "supervisor")


@pytest.mark.parametrize("module", BEFORE_THE_ENVIRONMENT)
def test_launcher_needs_only_the_standard_library(module: str) -> None:
    """-S and -I leave no installed package within reach."""
    code = f"import sys; sys.path.insert(0, {str(PROJECT)!r}); import certportal.launcher.{module}"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_help_names_every_command() -> None:
    done = subprocess.run([PROJECT / "portal", "--help"], capture_output=True, text=True, check=True)
    listed = {
        line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ") and not line.startswith("   ")
    }
    assert set(cli.COMMANDS) <= listed


def test_unknown_command_is_refused_with_a_hint() -> None:
    done = subprocess.run([PROJECT / "portal", "upp"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--help" in done.stdout


@pytest.mark.parametrize("port", ["80", "65536", "seven"])
def test_port_that_an_ordinary_user_cannot_open_is_refused(port: str) -> None:
    with pytest.raises(SystemExit):
        cli.parse_up(["--port", port])


def test_ci_runs_both_suites_and_nothing_else() -> None:
    lines = (PROJECT / ".ci" / "run").read_text().splitlines()
    assert lines[0] == "#!/usr/bin/env bash"
    assert [line for line in lines if line.startswith("./portal")] == ["./portal test", "./portal test --long"]
    assert os.access(PROJECT / ".ci" / "run", os.X_OK)


@pytest.mark.parametrize(
    ("line", "counts", "closing"),
    [
        ("===== 12 passed in 3.21s =====", {"passed": 12}, "12 passed, 0 failed"),
        ("\x1b[31m= 1 failed, 2 passed, 3 skipped in 0.5s =\x1b[0m", None, "2 passed, 1 failed"),
        ("== 2 passed, 1 error in 62.10s (0:01:02) ==", None, "2 passed, 1 failed"),
    ],
)
def test_last_line_counts_what_pytest_counted(line: str, counts: dict[str, int] | None, closing: str) -> None:
    found = summary_counts(line)
    assert found is not None
    assert counts is None or found == counts
    assert closing_line(found) == closing


def test_ordinary_output_is_no_summary() -> None:
    assert summary_counts("tests/core/test_units.py::test_three passed in kilograms") is None


class _Quiet:
    def line(self, text: str = "") -> None: ...


@pytest.mark.parametrize(
    ("arguments", "present", "absent"),
    [
        ([], ["tests", "-m", "not long", "-n", "2"], ["long"]),
        (["--long"], ["tests", "-m", "long", "-n"], ["not long"]),
        (["tests/launcher", "-n", "0"], ["tests/launcher", "0"], ["tests", "2"]),
    ],
)
def test_suites_are_chosen_by_argument(arguments: list[str], present: list[str], absent: list[str]) -> None:
    command = CheckRun(Places(), _Quiet(), arguments).pytest_command()  # type: ignore[arg-type]
    assert all(word in command for word in present)
    assert not any(word in command for word in absent)


def test_compiled_catalogue_has_the_translations(tmp_path: Path) -> None:
    source = tmp_path / "django.po"
    source.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Request"\nmsgstr "Solicitud"\n'
    )
    compile_catalogue(source)
    with source.with_suffix(".mo").open("rb") as made:
        assert GNUTranslations(made).gettext("Request") == "Solicitud"
    source.write_text('msgid "broken\n')
    assert main([str(source)]) == 1


def test_demo_accounts_are_read_or_there_are_none(tmp_path: Path) -> None:
    path = tmp_path / "demo_accounts.json"
    assert read_accounts(path) == []
    path.write_text('{"accounts": [{"role": "reviewer", "email": "r@example.org"}, 1]}')
    assert read_accounts(path) == [{"role": "reviewer", "email": "r@example.org"}]
    path.write_text('["no object"]')
    assert read_accounts(path) == []


class _Steps(CheckRun):
    """Two linters of which one fails, and a pytest that passes or breaks off."""

    outcome: tuple[int, dict[str, int]] = (0, {"passed": 3})

    def _linters(self) -> list[tuple[str, list[str]]]:
        return [("fine", [sys.executable, "-c", ""]), ("faulty", [sys.executable, "-c", "raise SystemExit(1)"])]

    def _pytest(self, env: dict[str, str]) -> tuple[int, dict[str, int]]:
        return self.outcome


def test_fault_of_a_linter_fails_the_command_and_hides_no_test() -> None:
    out = io.StringIO()
    first = _Steps(Places(), Console(out), [])
    assert first._steps(dict(os.environ)) == 1
    assert out.getvalue().splitlines()[-1] == "3 passed, 1 failed"
    out = io.StringIO()
    assert _Steps(Places(), Console(out), ["--no-lint"])._steps(dict(os.environ)) == 0
    assert out.getvalue().splitlines()[-1] == "3 passed, 0 failed"
