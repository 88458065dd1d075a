"""The catalogues of refusals and checks are current, and read every shape in which the code words a refusal."""

from __future__ import annotations

import ast
from pathlib import Path
from types import ModuleType

import pytest
from django.conf import settings

from certportal import check_catalogue, error_catalogue
from certportal.error_catalogue import PLURAL, refusals, wordings
from core.checks import registry


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("catalogue", [error_catalogue, check_catalogue], ids=["refusals", "checks"])
def test_the_page_is_current(catalogue: ModuleType, language: str) -> None:
    written = (Path(settings.BASE_DIR) / catalogue.PAGES[language]).read_text(encoding="utf-8")
    assert written == catalogue.page(language), "run: python manage.py write_error_catalogue"


def test_nearly_every_refusal_has_its_words() -> None:
    silent = {one.code for one in refusals() if not one.words}
    assert silent <= {"CERTIFIER-FIELD", "COOP-CHECKS"}, "word it beside its code, or say here why not"


def test_every_check_is_there_and_says_something() -> None:
    page = check_catalogue.page("en")
    for check in registry.all():
        assert f"## {check.code}: " in page
        assert check_catalogue.said_by(type(check)), check.code


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ('refuse(_("No."))', ["No."]),
        ('refuse(_("No %(x)s.") % {"x": 1})', ["No %(x)s."]),
        ('refuse(_("No.") if a else _("Never."))', ["No.", "Never."]),
        ('refuse(ngettext("One.", "Many.", n) % {"n": n})', [f"One.{PLURAL}Many."]),
        ('text = _("Old.")\ntext = _("No.")\nrefuse(text)', ["No."]),
        ("refuse(text)", []),
        ("refuse(error.message)", []),
    ],
)
def test_each_shape_is_read(code: str, words: list[str]) -> None:
    tree = ast.parse(code)
    call = next(
        node for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "refuse"
    )  # fmt: skip
    assert wordings(call.args[0], tree, call.lineno) == words
