"""Every document there is has the same bytes in every process and time zone."""

from __future__ import annotations

import pytest

from tests.certificates.document import scripts
from tests.certificates.document.test_scripts import hashes_elsewhere, hashes_here


@pytest.mark.timeout(600)
@pytest.mark.parametrize("zone", ["America/Anchorage", "Asia/Kolkata"])
def test_the_same_data_give_the_same_bytes_everywhere(zone: str):
    assert hashes_elsewhere(scripts.ALL, zone, seconds=500) == hashes_here(scripts.ALL)
