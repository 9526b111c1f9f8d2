"""What counts as one visitor where the address is all that is known."""

from __future__ import annotations

import ipaddress


def network(address: str) -> str:
    """What one customer has: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if found.version == 6:
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
    return str(found)
