"""Which addresses of the network are everybody's: nothing else may be asked for strangers.

From the registries of special-purpose addresses (IANA, RFC 6890; read 2026-11-21), and
stricter: of IPv6 only what is handed out to networks, and nothing that wraps an IPv4
address, behind which another gate may open (RFC 4291, 6052, 3056, 4380).
"""

from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)

_HANDED_OUT = IPv6Network("2000::/3")
_NOT_FOR_ALL_4 = (
    IPv4Network("192.0.0.0/24"),  # protocols; some Pythons call parts of it global
    IPv4Network("192.88.99.0/24"),  # relays of 6to4, given up
)
_NOT_FOR_ALL_6 = (
    IPv6Network("2001::/23"),  # Teredo and other protocols
    IPv6Network("2001:db8::/32"),
    IPv6Network("2002::/16"),  # 6to4: an IPv4 address within
    IPv6Network("3fff::/20"),  # documentation, since RFC 9637
)


def is_public(address: str) -> bool:
    """Tell whether anybody on the Internet may reach it; False for what is no address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address):
        return _is_public_6(parsed)
    return _is_public_4(parsed)


def _is_public_4(address: IPv4Address) -> bool:
    special = (
        address.is_multicast
        or address.is_reserved
        or any(address in network for network in _NOT_FOR_ALL_4)
    )
    return address.is_global and not special


def _is_public_6(address: IPv6Address) -> bool:
    if address.scope_id is not None or address not in _HANDED_OUT:
        return False
    special = any(address in network for network in _NOT_FOR_ALL_6)
    return address.is_global and not special
