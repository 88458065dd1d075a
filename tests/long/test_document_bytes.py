"""Every document there is has the same bytes in every process and time zone, and keeps to the rules of its standards."""

from __future__ import annotations

import pytest

from tests.certificates.document import scripts
from tests.certificates.document.test_conformance import assert_in_order
from tests.certificates.document.test_scripts import hashes_elsewhere, hashes_here


@pytest.mark.timeout(600)
@pytest.mark.parametrize("zone", ["America/Anchorage", "Asia/Kolkata"])
def test_the_same_data_give_the_same_bytes_everywhere(zone: str):
    assert hashes_elsewhere(scripts.ALL, zone, seconds=500) == hashes_here(scripts.ALL)


@pytest.mark.parametrize("name", scripts.ALL)
def test_each_document_keeps_to_the_rules(name: str):
    assert_in_order(name)
