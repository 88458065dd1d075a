"""Whom a limit counts as one, and how much of an address is kept."""

from __future__ import annotations

import pytest

from core.addresses import one_caller, shortened


@pytest.mark.parametrize(
    ("address", "caller", "kept"),
    [
        ("203.0.113.7", "203.0.113.7/32", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.7/32", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/64", "fe80::/48"),
        (" 203.0.113.7 ", "203.0.113.7/32", "203.0.113.0/24"),
        ("", "", ""),
        ("unix:", "", ""),
        ("<script>", "", ""),
    ],
)
def test_an_address_is_counted_by_subscriber_and_kept_by_neighbourhood(address: str, caller: str, kept: str) -> None:
    assert (one_caller(address), shortened(address)) == (caller, kept)
