"""By which means an unknown outcome is found out."""

from enum import StrEnum

from mailer.ports import Capabilities

_TRUSTED = 0.8  # of the time a provider states: its clock is not ours


class Means(StrEnum):
    """What to do about a call whose outcome nobody knows."""

    REPLAY = "replay"  # make it again under its key: the provider takes it once
    SEARCH = "search"  # ask the provider what it accepted
    PARK = "park"  # a person decides


def means(
    capabilities: Capabilities, *, age: float, same_bytes: bool, may_send: bool
) -> Means:
    """Choose for a call first made `age` seconds ago.

    A key is only ever used with the same bytes, and not near the end of its life.
    """
    ttl = capabilities.idempotency_ttl
    if may_send and same_bytes and ttl is not None and age < ttl * _TRUSTED:
        return Means.REPLAY
    search = capabilities.search
    if search is not None and age < search.keeps * _TRUSTED:
        return Means.SEARCH
    return Means.PARK
