"""Rules of the house that a linter does not know."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from certportal.celery import app

ROOT = Path(__file__).resolve().parents[1]
FLOORS = (
    "core", "organizations", "pvf", "requests_app", "certificates", "review", "oid_sync", "certportal", "oid_store",
    "tests", "bench", "deploy",
)  # fmt: skip
FILE_LINES, FUNCTION_LINES = 400, 50
#: A file or function over the limit gives its reason in these words.
REASON = re.compile(r"long because", re.IGNORECASE)
EAGER = "task_always" + "_eager"


def sources() -> list[Path]:
    """Every Python file of ours but migrations."""
    return sorted(
        path for floor in FLOORS for path in (ROOT / floor).rglob("*.py")
        if "migrations" not in path.parts and "__pycache__" not in path.parts
    )  # fmt: skip


def is_paper(path: Path) -> bool:
    """Whether it draws papers for tests: one long function a paper, read beside the paper and by nobody else."""
    return "evidence" in path.parts and path.parent.name == "make"


def test_celery_is_never_eager():
    assert getattr(app.conf, EAGER) is False
    named = [str(path.relative_to(ROOT)) for path in sources() if EAGER in path.read_text(encoding="utf-8")]
    named += [
        str(path.relative_to(ROOT))
        for pattern in ("*.toml", "*.yml", "*.yaml", "*.cfg", "*.ini", "portal", ".ci/run", "deploy/*")
        for path in ROOT.glob(pattern)
        if path.is_file() and EAGER.lower() in path.read_text(encoding="utf-8", errors="ignore").lower()
    ]
    assert named == []


def test_files_stay_small():
    def code_lines(text: str) -> int:
        return sum(1 for line in text.splitlines() if line.strip() and not line.strip().startswith("#"))

    long = []
    for path in sources():
        text = path.read_text(encoding="utf-8")
        if code_lines(text) > FILE_LINES and not REASON.search(text) and not is_paper(path):
            long.append(f"{path.relative_to(ROOT)}: {code_lines(text)} lines")
    assert long == []


@pytest.mark.parametrize("floor", FLOORS)
def test_functions_stay_small(floor: str):
    long = []
    for path in sources():
        if path.relative_to(ROOT).parts[0] != floor or is_paper(path):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno:
                length = node.end_lineno - node.lineno + 1
                reason = REASON.search(ast.get_docstring(node) or "")
                if length > FUNCTION_LINES and not reason:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {length} lines")
    assert long == []


#: Chances and seconds of the store's rehearsed faults: the one place where a float is what is meant.
FLOATS_MEANT = ("probability", "isinstance(value, (int, float))")


def test_no_weight_is_a_float():
    """Kilograms and money are Decimal: no float() and no FloatField in the portal's own code."""
    found = []
    for path in sources():
        if path.relative_to(ROOT).parts[0] in {"tests", "bench"} or "launcher" in path.parts:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            meant = any(words in line for words in FLOATS_MEANT)
            if not meant and re.search(r"\bFloatField\b|(?<![\w.])float\(", line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert found == []


def test_no_request_of_a_browser_is_counted_by_a_log_that_it_empties():
    """Round requests of the test client CaptureQueriesContext counts nothing: tests.support.statements.asked does."""
    found = []
    for path in sources():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for block in (node for node in ast.walk(tree) if isinstance(node, ast.With)):
            logs = any(
                "CaptureQueries" in ast.unparse(item) or "num_queries" in ast.unparse(item) for item in block.items
            )
            asks = any(
                isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"get", "post"}
                and node.args
                for part in block.body for node in ast.walk(part)
            )  # fmt: skip
            if logs and asks:
                found.append(f"{path.relative_to(ROOT)}:{block.lineno}")
    assert found == []
