"""Random acts of several people, compared with kilograms counted in plain Python (the long suite has more of them)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.support import kilograms
from tests.support.ledger_machine import run_machine


@pytest.mark.django_db
@pytest.mark.timeout(180)
def test_the_ledger_is_as_counted_after_every_act() -> None:
    run_machine(examples=15, steps=20)


def test_the_plain_count_imports_nothing_of_the_portal() -> None:
    tree = ast.parse(Path(kilograms.__file__).read_text(encoding="utf-8"))
    named = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "."]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert named == {"__future__", "collections", "dataclasses", "decimal"}
