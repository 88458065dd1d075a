"""Documents are read from their bytes: text, pictures of pages, sheets; and comparing finds what is known."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from bench.evidence import KINDS, counted, documents
from core import ocr
from requests_app.evidence import compare, reading
from tests.requests_app.evidence.papers import typed

OWN = Path(__file__).resolve().parent / "own"
NAMES = sorted(path.name for path in OWN.iterdir() if path.suffix in KINDS)
QUICK = ["en-invoice-grid.pdf", "es-carta.pdf", "xlsx-packing.xlsx"]


def _read(name: str) -> tuple[reading.Evidence, dict[str, object]]:
    path = OWN / name
    evidence = reading.read(path.read_bytes(), KINDS[path.suffix])
    return evidence, json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))


def _require_known(name: str) -> None:
    evidence, known = _read(name)
    for field in compare.FIELDS:
        truths = known[field] if isinstance(known[field], list) else [known[field]] if known[field] else []
        assert isinstance(truths, list)
        for value in truths:
            found = compare.find_value(evidence, field, str(value))
            assert found is not None, (field, value)
            assert found.place.box if not name.endswith("xlsx") else found.place.cell


@pytest.mark.parametrize("name", QUICK)
def test_known_values_are_found_with_their_places(name: str) -> None:
    _require_known(name)


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in NAMES if name not in QUICK])
def test_all_own_documents(name: str) -> None:
    if name.startswith("scan-") and not ocr.available():
        pytest.skip("Tesseract is not installed")
    _require_known(name)


@pytest.mark.long
def test_recall_and_precision_of_own_documents() -> None:
    for field, count in counted([one for one in documents("own") if one.is_text]).items():
        figures = count.figures()
        assert figures["recall"] >= 0.95, (field, figures)
        assert figures["precision"] >= 0.98, (field, figures)


def test_other_values_are_not_found() -> None:
    evidence, _known = _read("en-invoice-grid.pdf")
    assert compare.find_value(evidence, "net_weight_kg", "18144.000") is None
    assert compare.find_value(evidence, "net_weight_kg", "9001.000") is None
    assert compare.find_value(evidence, "lots", "QN-2603-C") is None
    assert compare.find_value(evidence, "invoice_number", "AVS-2026-0418") is None
    assert compare.find_value(evidence, "importer", "Dark Harvest Trading LLC") is None


def test_a_place_lies_on_its_page() -> None:
    evidence, _known = _read("en-invoice-grid.pdf")
    found = compare.find_value(evidence, "net_weight_kg", "18000")
    assert found is not None
    assert found.place.page == 1
    assert found.place.box is not None
    left, top, right, bottom = found.place.box
    assert 0 < left < right < 596
    assert 0 < top < bottom < 842


def test_without_tesseract_a_scan_is_said_to_be_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "available", lambda: False)
    for name in ("scan-packing.pdf", "scan-photo.jpg"):
        evidence, _known = _read(name)
        assert not evidence.has_text
        assert evidence.pages_without_text == (1,)
        assert compare.find_value(evidence, "invoice_number", "TK-5507") is None


def test_another_kind_is_not_read() -> None:
    assert reading.read(b"anything", "ZIP") == reading.Evidence()


@pytest.mark.parametrize(
    ("field", "printed", "asked", "found"),
    [
        ("invoice_number", "Invoice No. F001-00001234", "f001-1234", True),
        ("invoice_number", "Our reference AVS-0417, thank you", "AVS-0417", True),
        ("invoice_number", "Invoice No. F001-00001234", "F001-1235", False),
        ("lots", "Lot LOT-2026-001", "2026-001", True),
        ("lots", "marked QN-2603-A on each bag", "QN-2603-A", True),
        ("lots", "Lot QN-2603-A", "QN-2603-B", False),
        ("importer", "Importer: BRIGHT HARVEST FOODS INC", "Bright Harvest Foods, Inc.", True),
        ("importer", "we thank Bright Harvest Foods for its order", "Bright Harvest Foods, Inc.", True),
        ("importer", "Importer: Bright Harvest Foods", "Prairie Trading Company", False),
    ],
)
def test_comparing(field: str, printed: str, asked: str, found: bool) -> None:
    assert (compare.find_value(typed(printed), field, asked) is not None) is found


def test_a_field_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown field"):
        compare.find_value(typed("x"), "colour", "red")


@pytest.mark.parametrize("word", ["lot A1, ", "net weight ", "1,", "invoice no ", "The Inc, ", "importer ", "1 kg "])
def test_a_page_of_one_word_takes_no_long_time(word: str) -> None:
    started = time.monotonic()
    typed(word * (8000 // len(word)))
    assert time.monotonic() - started < 3
