"""Pages look as they did when somebody last looked at them."""

from __future__ import annotations

from pathlib import Path

import pytest

from certificates.document.render import render_document
from tests.certificates.document import pictures, scripts

DAILY = [each for each in pictures.PAGES if each[0] not in pictures.SLOW]


@pytest.mark.long
@pytest.mark.parametrize(("document", "page"), DAILY, ids=[pictures.name_of(*each) for each in DAILY])
def test_a_page_looks_as_stored(document: str, page: int, tmp_path: Path):
    now = pictures.picture_of(scripts.render(document), page)
    apart = pictures.difference(now, pictures.stored(document, page))
    now.save(tmp_path / "now.png")
    assert apart <= pictures.LIMIT, f"{pictures.name_of(document, page)} differs by {apart:.1f}; see {tmp_path}/now.png"


@pytest.mark.parametrize(
    "change",
    [
        {"net_kg": "19260.000"},
        {"period": {"start": "2026-02-20", "end": "2026-05-21"}},
    ],
)
def test_one_changed_character_is_found(change: dict[str, object]):
    pdf = render_document(scripts.snapshot_of("latin", **change), **scripts.ISSUE)
    assert pictures.difference(pictures.picture_of(pdf, 0), pictures.stored("latin", 0)) > pictures.LIMIT


def test_no_commit_changes_the_page_and_its_picture_together():
    if not (pictures.ROOT / ".git").exists():
        pytest.skip("not a checkout")
    assert list(pictures.commits_with_both()) == []


def test_pictures_are_not_stored_while_the_page_is_being_changed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pictures, "uncommitted", lambda: ["certificates/document/page.py"])
    before = {path: path.stat().st_mtime_ns for path in pictures.STORED.glob("*.png")}
    assert pictures.main(["--store"]) == 2
    assert {path: path.stat().st_mtime_ns for path in pictures.STORED.glob("*.png")} == before
