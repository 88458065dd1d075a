"""Every document there is has the same bytes in every process and time zone, and keeps to the rules of its standards."""

from __future__ import annotations

import pytest

from tests.certificates.document import pictures, scripts
from tests.certificates.document.test_conformance import assert_in_order
from tests.certificates.document.test_scripts import hashes_elsewhere, hashes_here, words


@pytest.mark.timeout(600)
@pytest.mark.parametrize("zone", ["America/Anchorage", "Asia/Kolkata"])
def test_the_same_data_give_the_same_bytes_everywhere(zone: str):
    assert hashes_elsewhere(scripts.ALL, zone, seconds=500) == hashes_here(scripts.ALL)


@pytest.mark.parametrize("name", scripts.ALL)
def test_each_document_keeps_to_the_rules(name: str):
    assert_in_order(name)


@pytest.mark.parametrize("document", sorted(pictures.SLOW))
def test_names_of_many_characters_look_as_stored_and_can_be_read(document: str):
    pdf = scripts.render(document)
    assert pictures.difference(pictures.picture_of(pdf, 0), pictures.stored(document, 0)) <= pictures.LIMIT
    name, _address, _code, _country, label = scripts.NAMES[document]
    assert name.replace(" ", "") in words(pdf)
    assert label.replace(" ", "") in words(pdf)
