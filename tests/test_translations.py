"""The Spanish catalogue says everything, with the placeholders of the original, and compiles."""

from __future__ import annotations

import gettext
import re
import shutil
from pathlib import Path

import polib
import pytest

from certportal.launcher.messages import compile_catalogue

CATALOGUE = Path(__file__).resolve().parents[1] / "locale" / "es" / "LC_MESSAGES" / "django.po"
#: %(name)s, %s, %%, {name} and HTML tags: what a translation must keep.
KEPT = re.compile(r"%\(\w+\)[a-z]|%[sd%]|\{\w*\}|</?\w[^>]*>")


@pytest.fixture(scope="module")
def catalogue() -> polib.POFile:
    return polib.pofile(str(CATALOGUE))


def kept(text: str) -> list[str]:
    return sorted(KEPT.findall(text))


def pairs(entry: polib.POEntry) -> list[tuple[str, str]]:
    """Original and translation; for a plural, one pair for each form."""
    if not entry.msgid_plural:
        return [(entry.msgid, entry.msgstr)]
    return [
        (entry.msgid_plural if number else entry.msgid, text)
        for number, text in sorted(entry.msgstr_plural.items())
    ]  # fmt: skip


def test_the_catalogue_is_the_spanish_one(catalogue: polib.POFile):
    assert catalogue.metadata["Language"] == "es"
    assert not catalogue.metadata_is_fuzzy
    assert len(catalogue) > 1000


def test_no_entry_is_fuzzy(catalogue: polib.POFile):
    assert [entry.msgid for entry in catalogue if entry.fuzzy] == []


def test_every_entry_is_translated(catalogue: polib.POFile):
    """Every form of a plural too."""
    empty = [entry.msgid for entry in catalogue if not all(text.strip() for _, text in pairs(entry))]
    assert empty == []
    forms = re.search(r"nplurals=(\d+)", catalogue.metadata["Plural-Forms"])
    assert forms is not None
    short = [
        entry.msgid for entry in catalogue if entry.msgid_plural and len(entry.msgstr_plural) != int(forms.group(1))
    ]
    assert short == []


def test_translations_keep_the_placeholders(catalogue: polib.POFile):
    changed = [
        (original, text) for entry in catalogue for original, text in pairs(entry) if kept(original) != kept(text)
    ]
    assert changed == []


def test_the_catalogue_compiles(tmp_path: Path, catalogue: polib.POFile):
    copy = Path(shutil.copy(CATALOGUE, tmp_path / "django.po"))
    assert compile_catalogue(copy) == len(catalogue)
    with copy.with_suffix(".mo").open("rb") as compiled:
        spanish = gettext.GNUTranslations(compiled)
    assert spanish.gettext("Requests") == "Solicitudes"
