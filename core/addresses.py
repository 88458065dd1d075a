"""Addresses of callers: whom a limit counts as one, and how much of an address is kept."""

from __future__ import annotations

import ipaddress

#: Bits that one subscriber cannot choose: a whole IPv4 address; the network half of an IPv6 one.
_ONE_CALLER = {4: 32, 6: 64}
#: Bits that are kept: they tell a neighbourhood, not a household.
_KEPT = {4: 24, 6: 48}


def _network(text: str, bits: dict[int, int]) -> str:
    try:
        address = ipaddress.ip_address(text.strip().partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(ipaddress.ip_network((address, bits[address.version]), strict=False))


def one_caller(text: str) -> str:
    """Whom a limit counts as one: an IPv4 address, the /64 of an IPv6 one; all that is no address together ("")."""
    return _network(text, _ONE_CALLER)


def shortened(text: str) -> str:
    """What is kept of an address: its /24 (IPv4) or /48 (IPv6) as "192.0.2.0/24"; empty for what is no address."""
    return _network(text, _KEPT)
