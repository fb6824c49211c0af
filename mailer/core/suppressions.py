"""Addresses on a provider's own list, in our words."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Held(StrEnum):
    """Why a provider carries no mail to an address."""

    BOUNCED = "bounced"  # for good
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"  # the reader, through the provider
    MANUAL = "manual"  # somebody of ours put it there
    BLOCKED = "blocked"  # the reader's server refused us; the reader has said nothing


# What we hold ourselves that another who mails for us should know. Nobody is told of
# who was erased, nor of whom merely nothing has reached for some weeks.
TOLD = (Held.BOUNCED, Held.COMPLAINED, Held.MANUAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One address on a list."""

    address: str = field(repr=False)
    held: Held
    since: datetime  # aware
