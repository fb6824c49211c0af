"""How much strangers may ask of the forms: by network, and in all.

No limit of this kind defends whoever's address is typed: that is done where letters
are due (`core.requests`). It keeps one machine from filling the table.
"""

import ipaddress

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.exceptions import HTTPException
from starlette.requests import Request

from mailer.web.form import Fields

TRAP = "homepage"  # a field that people do not see, and programs fill in
_PER_NETWORK = parse("20/hour")  # a whole meeting may sit behind one address
_ALL = parse("1000/hour")
_BAD = parse("60/minute")  # links that are nobody's; whoever tries tokens tries many
_V6_NETWORK = 64  # bits: what one household or machine is given
_OURS = ("same-origin", "none")  # sent from a page of ours, or typed
_FORBIDDEN, _TOO_MANY = 403, 429


class Guard:
    """Counts what is posted, in the memory of one process."""

    def __init__(
        self,
        *,
        network: RateLimitItem = _PER_NETWORK,
        every: RateLimitItem = _ALL,
        bad: RateLimitItem = _BAD,
    ) -> None:
        self._windows = MovingWindowRateLimiter(MemoryStorage())
        self._network, self._every, self._bad = network, every, bad

    def admit(self, request: Request, form: Fields, *, domain: str) -> bool:
        """Spend one of the visitor's posts; False for a program, which is not told.

        `domain` is the one that visitors know us by.

        Raises HTTPException 429 when there have been too many, and 403 when another
        site's page sent the form.
        """
        if not _is_ours(request, domain):
            raise HTTPException(_FORBIDDEN)
        if not self._windows.hit(self._network, network(request)):
            raise HTTPException(
                _TOO_MANY, headers={"Retry-After": str(self._network.get_expiry())}
            )
        if not self._windows.hit(self._every, "all"):
            raise HTTPException(
                _TOO_MANY, headers={"Retry-After": str(self._every.get_expiry())}
            )
        return not form.get(TRAP)

    def suspect(self, request: Request) -> None:
        """Count a link that nobody has; raises HTTPException 429 after too many.

        Whoever comes with a good one is not asked, wherever they come from.
        """
        if not self._windows.hit(self._bad, "bad", network(request)):
            raise HTTPException(
                _TOO_MANY, headers={"Retry-After": str(self._bad.get_expiry())}
            )


def _is_ours(request: Request, domain: str) -> bool:
    """Tell whether no other site's page sent a form, as far as the browser says.

    One that is older than 2023 may name the origin alone; "null" is what our own
    pages' policy makes of ours.
    """
    if said := request.headers.get("sec-fetch-site"):
        return said in _OURS
    origin = request.headers.get("origin", "null")
    host = origin.partition("://")[2]
    return (
        origin == "null"
        or host == request.headers.get("host")
        or host.partition(":")[0] == domain
    )


def network(request: Request) -> str:
    """Return the network of whoever asks: of an IPv6 address the first half."""
    return network_of(request.client.host if request.client else "")


def network_of(host: str) -> str:
    """Return the network of an address; "unknown" of what is none."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, _V6_NETWORK), strict=False))
