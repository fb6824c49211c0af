"""What visitors ask for through forms, which only the owner of an address may grant.

A request is made by whoever typed an address, and counts for nothing until its owner
says so through a link that was mailed there. Some then wait for a person of ours.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

COOLDOWN = timedelta(minutes=15)  # between two letters that ask one address
# After so long, a letter that was to be written and is not on its way is written anew.
CLAIM = timedelta(minutes=1)
A_DAY = 3  # such letters to one address within a day, and as many of its owner's own
RETURN = timedelta(days=7)  # between two to somebody who complained, or was erased
MOST_OPEN = 20  # requests of a kind and an address that wait for its owner
# Who may be asked once more although nobody may write to them: they may have returned.
RETURNING = frozenset(("complained", "erased"))


class Kind(StrEnum):
    """What is asked for."""

    SUBSCRIBE = "subscribe"  # one or more lists
    ENDORSE = "endorse"  # an organization under a call, and its lists
    SUBMIT = "submit"  # an action
    READDRESS = "readdress"  # to say at which other address they want our mail
    MOVE = "move"  # another address in place of the one we write to
    MOVE_BACK = "move-back"  # the old one again
    HAND_OVER = "hand-over"  # to say which colleague takes their seat
    SEAT_BACK = "seat-back"  # to keep it after all
    SEAT = "seat"  # to take over somebody's seat at an organization
    EXPORT = "export"  # to see what we hold
    ERASE = "erase"  # to be forgotten


class State(StrEnum):
    """How far it has come."""

    ASKED = "asked"  # nobody has been written to
    WRITTEN = "written"  # the owner of the address was asked
    WAITING = "waiting"  # the owner agreed; a person of ours decides
    DONE = "done"  # granted
    DECLINED = "declined"  # a person of ours said no


MODERATED = frozenset((Kind.ENDORSE, Kind.SUBMIT))
# These give away or take away what is somebody's: a link of their own, and a short one.
OWN = (
    Kind.EXPORT,
    Kind.READDRESS,
    Kind.HAND_OVER,
    Kind.ERASE,
)  # asked of whoever we write to
GRAVE = frozenset((*OWN, Kind.MOVE, Kind.MOVE_BACK, Kind.SEAT, Kind.SEAT_BACK))
# Whoever is given something is asked; an address that is not to be mailed is not.
GIVEN = frozenset((Kind.MOVE, Kind.SEAT))
_VALID = {
    Kind.EXPORT: timedelta(minutes=30),
    Kind.ERASE: timedelta(minutes=30),
    Kind.HAND_OVER: timedelta(minutes=30),
    Kind.READDRESS: timedelta(minutes=30),
    Kind.MOVE: timedelta(minutes=30),
}


def valid_for(kind: Kind) -> timedelta:
    """Return how long the mailed link grants such a request."""
    return _VALID.get(kind, timedelta(days=7))


def granted_until(
    kind: Kind, asked_at: datetime, written_at: datetime | None
) -> datetime:
    """Return the moment from which a mailed link grants such a request no more.

    A letter that had to wait loses nothing by it: its time begins as it is written.
    """
    return max(asked_at, written_at or asked_at) + valid_for(kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a form posted, checked and ready to keep.

    `about` makes it one: asked again under the same words, it is the same request with
    newer facts. `facts` are what the kind needs, fit for JSON; of `place` and `wording`
    (what the owner agrees to, as the form says it) every kind makes the same.
    """

    kind: Kind
    address: str = field(repr=False)  # as `adapters.addresses` checks it
    language: str
    list_number: int  # the list under whose name we write
    joins: tuple[int, ...] = ()  # the lists that the owner will be on
    about: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How many requests wait for a moderator, and since when the oldest of them."""

    count: int
    oldest: datetime | None  # when it was asked; None: none waits


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it is kept."""

    number: int
    public_id: str  # 22 characters, random
    kind: Kind
    state: State
    language: str
    list_number: int
    joins: tuple[int, ...]
    about: str
    facts: Mapping[str, Any] = field(repr=False)
    masked_address: str
    subscriber: (
        bytes | None
    )  # the random id of whoever has the address, once written to
    asked_at: datetime
    written_at: datetime | None = None  # when its letter was, or is to be, written
    confirmed_at: datetime | None = None
    settled_at: datetime | None = None
    reason: str | None = None  # a moderator's words

    def granted_until(self) -> datetime:
        """Return the moment from which its link grants nothing any more."""
        return granted_until(self.kind, self.asked_at, self.written_at)


def fingerprint(requests: Iterable[Request]) -> str:
    """Return what stands for all that is asked; another word makes it another.

    A page carries it, so that a press grants what was read there and nothing else.
    """
    asked = [
        (each.number, each.kind, each.about, each.joins, each.facts, each.language)
        for each in sorted(requests, key=lambda each: each.number)
    ]
    written = json.dumps(asked, sort_keys=True).encode()
    return hashlib.sha256(written).hexdigest()[:32]


class Moving(StrEnum):
    """What came of moving to another address, or of taking over a seat."""

    DONE = "done"
    KNOWN = "known"  # the new address gets our mail already; nothing was changed
    BUSY = "busy"  # a message to them is on its way at this moment; later
    OVER = "over"  # the link is used up, or too old


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What came of it, and who may take it back by which request."""

    what: Moving
    # The random id of whoever may take it back, and the number of the request.
    back: tuple[bytes, int] | None = None
    other: bytes | None = None  # the random id of whoever had the seat until now
    language: str | None = None  # which they read
    organization: str | None = None  # whose seat it is
    successor: str | None = None  # the masked address of whoever has it now
    ended: tuple[int, ...] = ()  # the lists that do not go to `other` any more
    kept: tuple[int, ...] = ()  # those that go on going there all the same
    gets: tuple[int, ...] = ()  # those that go to whoever has the seat now


@dataclass(frozen=True, slots=True, kw_only=True)
class Handing:
    """A seat that is to go to a colleague, or back, with the lists that go along."""

    organization: str
    lists: tuple[int, ...]  # their numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A letter that is to be written: who is asked, about which request."""

    number: int
    name: str  # the letter's, which makes it unique
    kind: Kind
    to: bytes  # the random id of whoever has the address
    language: str
    list_number: int
    joins: tuple[int, ...]  # every list that a press puts them on
    until: datetime  # the link's last moment


def a_day(kind: Kind) -> int:
    """Return after how many letters of a day no such request causes another.

    Strangers cannot use up what the owner of an address asks for with a link of theirs.
    """
    return 2 * A_DAY if kind in OWN else A_DAY


def is_grave(kind: Kind) -> bool:
    """Whether it is granted by a link of its own, and never together with others."""
    return kind in GRAVE
