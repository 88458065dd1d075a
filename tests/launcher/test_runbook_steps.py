"""Each step of a runbook can be done: pages, management commands and SQL that it names exist."""

from __future__ import annotations

import re

import pytest
from django.core.management import get_commands
from django.db import connection
from django.urls import resolve

from certportal.launcher.places import PROJECT

RUNBOOKS = sorted((PROJECT / "docs" / "runbooks").glob("*.md"))
PAGE = re.compile(r"`(/(?:account|organization|certificates|review|oid|requests|pvf)/[^` ]*)`")
SQL = re.compile(r"```sql\n(.*?)```", re.DOTALL)
WANTED = {"leaked-signing-key.md", "leaked-token.md", "rogue-reviewer.md", "backup-and-restore.md"}


def _found(pattern: re.Pattern[str]) -> list[tuple[str, str]]:
    return [(path.name, step) for path in RUNBOOKS for step in pattern.findall(path.read_text(encoding="utf-8"))]


def test_the_four_emergencies_have_a_runbook():
    assert {path.name for path in RUNBOOKS} >= WANTED


@pytest.mark.parametrize(("runbook", "page"), _found(PAGE))
def test_a_page_that_is_named_exists(runbook: str, page: str):
    assert resolve(page).url_name, runbook


@pytest.mark.parametrize(("runbook", "command"), _found(re.compile(r"\./portal manage ([a-z_]+)")))
def test_a_management_command_that_is_named_exists(runbook: str, command: str):
    assert command in get_commands(), runbook


READS = [(runbook, statement) for runbook, statement in _found(SQL) if statement.lstrip().startswith("SELECT")]


def test_only_the_repair_of_balances_writes():
    """It rebuilds a balance from its movements, as the owner, on purpose."""
    assert {runbook for runbook, statement in _found(SQL) if (runbook, statement) not in READS} == {"reconciliation.md"}


@pytest.mark.django_db
@pytest.mark.parametrize(("runbook", "statement"), READS)
def test_sql_that_is_named_fits_the_tables(runbook: str, statement: str):
    values = {"since": "'2026-01-01'"}
    filled = re.sub(r":'(\w+)'", lambda name: values.get(name[1], "'00000000-0000-0000-0000-000000000000'"), statement)
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + filled.strip().rstrip(";").replace("%", "%%"))
        assert cursor.fetchall(), runbook


def test_the_tests_above_have_found_steps():
    assert len(_found(PAGE)) >= 6
    assert len(READS) >= 4


THREAT_MODEL = (PROJECT / "docs" / "threat-model.md").read_text(encoding="utf-8")


def test_every_proof_that_the_threat_model_names_exists():
    named = re.findall(r"`(tests/[\w/]+\.py)`", THREAT_MODEL)
    assert len(named) > 20
    assert [path for path in named if not (PROJECT / path).is_file()] == []


def test_every_threat_of_a_boundary_names_its_proof():
    rows = [line for line in THREAT_MODEL.splitlines() if re.match(r"\| [STRIDE](, [STRIDE])* \|", line)]
    assert {letter for row in rows for letter in row.split("|")[1] if letter.isalpha()} == set("STRIDE")
    assert [row for row in rows if "`tests/" not in row] == []


def test_the_threat_model_says_what_the_identity_of_a_transaction_is_worth():
    assert "protects against forgetting, not against SQL injection" in THREAT_MODEL
