"""History is shown on each object: every kind of object that acts are recorded of has its place on a page."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("core", "organizations", "pvf", "requests_app", "review", "certificates", "oid_sync")
#: Object type -> templates that show what has happened to one: a timeline, or the link to its part of the trail.
SHOWN: dict[str, tuple[str, ...]] = {
    "request": ("requests_app/detail.html", "review/request.html"),
    "certificate": ("certificates/detail.html",),
    "pvf": ("pvf/detail.html",),
    "client": ("organizations/client.html",),
    "membership": ("organizations/member.html",),
    "certifier": (
        "organizations/settings.html", "organizations/letterhead.html", "certificates/signing.html",
        "oid_sync/connection.html",
    ),
}  # fmt: skip
#: Kinds that have no page of their own, or one that tells each act itself with person and time.
OTHERWISE: dict[str, str] = {
    "guarded_change": "Changes for two managers: who proposed and who decided, when, before and after",
    "access_review": "Access review: who confirmed, when, what was found",
    "delegation": "Brokers: who granted, when, until when, revoked when, last used",
    "support_session": "Support sessions: operator, reason, opened, ended; what was read is in the trail",
    "reconciliation": "Reconciliation: each run with its beginning, end and figures",
    "api_token": "API keys: made, last used, revoked; a person's own",
    "invitation": "People: invited, until when; it becomes a membership",
    "broker": "the platform's; grants to it are on Brokers",
    "bundle": "Download many: a person's own, gone after hours",
    "directory_import": "Imports of the directory: each with what it did",
    "hts_edition": "Tariff editions: each with its first day",
    "operation": "Directory: OID's words with their date; confirmations become memberships",
    "person": "Accounts, for the platform operator; sessions on the person's own page",
    "user": "an erased person: nothing of them is shown",
    "storedfile": "a file that the scanner refused; its document's page says so",
    "url": "a page that was refused to somebody: in the trail by person",
}


def _called_record(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name == "record" and len(node.args) >= 4


def recorded() -> Iterator[tuple[str, str]]:
    """Each object type given to ``audit.record``, with where."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if _called_record(node):
                    kind = node.args[2]  # type: ignore[attr-defined]
                    if isinstance(kind, ast.Constant):
                        yield str(kind.value), f"{path.relative_to(ROOT)}:{node.lineno}"  # type: ignore[attr-defined]


def test_every_kind_of_object_has_its_place() -> None:
    kinds = dict(recorded())
    assert len(kinds) > 18
    missing = {kind: where for kind, where in kinds.items() if kind not in SHOWN and kind not in OTHERWISE}
    assert not missing, f"say in this file where the history of these is shown: {missing}"
    assert set(SHOWN) | set(OTHERWISE) == set(kinds)


@pytest.mark.parametrize("kind", SHOWN)
def test_the_page_shows_it(kind: str) -> None:
    for name in SHOWN[kind]:
        text = (ROOT / "templates" / name).read_text(encoding="utf-8")
        assert "{% timeline " in text or "organizations/_trail_link.html" in text, name
