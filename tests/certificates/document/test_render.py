"""The page is made from its data alone, says what they say, and refuses what it cannot print."""

from __future__ import annotations

import dataclasses

import pytest

from certificates.document import errors
from certificates.document.issue import issue_document
from certificates.document.keys import load_signing_key_file, make_demo_key
from certificates.document.render import render_document
from tests.certificates.document import samples

URL = f"{samples.ORIGIN}/certificates/check/?number={samples.NUMBER}&code={samples.CODE}"
ISSUE = {
    "number": samples.NUMBER,
    "check_code": samples.CODE,
    "check_url": URL,
    "issued_at": samples.AT,
    "public_origin": samples.ORIGIN,
}


def test_the_same_data_give_the_same_bytes():
    assert render_document(samples.snapshot(), **ISSUE) == render_document(samples.snapshot(), **ISSUE)


def test_without_a_key_nothing_is_made():
    with pytest.raises(errors.NoSigningKey):
        issue_document(samples.snapshot(), key=None, **ISSUE)


@pytest.mark.parametrize("number", ["", "draft", "1010000011", samples.NUMBER + " draft"])
def test_without_oids_number_nothing_is_made(number: str):
    with pytest.raises(errors.DocumentError):
        render_document(samples.snapshot(), **{**ISSUE, "number": number})


def test_the_check_address_lies_under_the_public_origin():
    with pytest.raises(errors.DocumentError):
        render_document(samples.snapshot(), **{**ISSUE, "check_url": "https://clone.example/check"})


def test_text_that_cannot_be_printed_is_refused_with_its_place():
    product = {"label_name": "Organic \u202ecoffee", "product_name": "Coffee"}
    with pytest.raises(errors.UnprintableText) as refused:
        render_document(samples.snapshot(product=product), **ISSUE)
    assert refused.value.details["characters"] == {"U+202E": "product.label_name"}


def test_an_incomplete_snapshot_is_refused_with_all_that_is_wrong():
    snapshot = samples.snapshot(net_kg=19250.0, standard="")
    del snapshot["lots"]
    with pytest.raises(errors.SnapshotError) as refused:
        render_document(snapshot, **ISSUE)
    assert len(refused.value.problems) >= 2


def test_markup_in_a_name_is_text():
    product = {"label_name": "<img src='file:///etc/passwd'>", "product_name": "x"}
    assert render_document(samples.snapshot(product=product), **ISSUE).startswith(b"%PDF-")


def test_a_demonstration_key_neither_is_made_nor_signs_in_production(tmp_path):
    path = tmp_path / "key.p12"
    with pytest.raises(errors.DemoKeyRefused):
        make_demo_key(path, b"x", "Invented", portal_env="production", now=samples.AT)
    make_demo_key(path, b"x", "Invented", portal_env="test", now=samples.AT)
    with pytest.raises(errors.DemoKeyRefused):
        load_signing_key_file(path, b"x", portal_env="production", now=samples.AT)
    assert dataclasses.is_dataclass(load_signing_key_file(path, b"x", portal_env="test", now=samples.AT))
