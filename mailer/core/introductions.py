"""Who could be introduced to whom, and how far an introduction has come."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from mailer.core.assembly import distance_km
from mailer.core.model import Place
from mailer.core.sharing.words import one_line

WINDOW = timedelta(days=14)  # in which both must agree
REST = timedelta(days=7)  # between two proposals to one host
LEAST = timedelta(days=1)  # before both actions, or the answer comes too late
_LONGEST = 80  # characters of a name
_NEIGHBOURS = 20  # in time, that are weighed for each host
_KM_A_DAY = 100.0  # so many kilometres part two actions as much as a day does
_UNKNOWN_KM = 300.0  # where one place has no coordinates
_DAY = timedelta(days=1)
_LINKING = re.compile(r"[@/\\:<>\"=|\[\]{}\u3002]+")
_JOINING_DOT = re.compile(r"\.(?=\w)")


class State(StrEnum):
    """How far an introduction has come."""

    ASKED = "asked"  # who has answered what is told to nobody
    AGREED = "agreed"  # both have; their letters are still to be written
    INTRODUCED = "introduced"
    ENDED = "ended"


class Ending(StrEnum):
    """Why nothing came of one."""

    CANCELLED = "cancelled"  # one of the actions
    OVER = "over"  # one of the actions
    GONE = "gone"  # a host was erased, is suppressed, or does not wish it any more
    UNANSWERED = "unanswered"  # not both have agreed in time


class Reply(StrEnum):
    """What a host says to it."""

    AGREED = "agreed"
    DECLINED = "declined"


class Standing(StrEnum):
    """What the page of one of the two shows; the other's reply is not among it."""

    OPEN = "open"
    INTRODUCED = "introduced"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeker:
    """A host who wishes to be connected, with one of their actions."""

    host: int
    action: int
    starts_at: datetime
    place: Place
    targets: Collection[int] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two who could meet; `first` is the host with the lower number."""

    first: Seeker
    second: Seeker


def match(
    seekers: Sequence[Seeker],
    *,
    acquainted: Collection[tuple[int, int]] = (),
    joined: Collection[tuple[int, int]] = (),
) -> Sequence[Pair]:
    """Return whom to introduce to whom, each host at most once, the nearest first.

    Two fit whose actions are in one region or have a target in common. `acquainted`
    are hosts who were asked about each other before, `joined` are actions whose hosts
    were; the lower number comes first in both.
    """
    found = {
        (pair.first.host, pair.second.host, pair.first.action, pair.second.action): pair
        for group in _groups(seekers)
        for pair in _neighbours(group, acquainted, joined)
    }
    taken: set[int] = set()
    together: set[tuple[int, int]] = set()
    chosen = []
    for _, pair in sorted(found.items(), key=lambda one: (_apart(one[1]), one[0])):
        actions = _ordered(pair.first.action, pair.second.action)
        hosts = {pair.first.host, pair.second.host}
        if taken.isdisjoint(hosts) and actions not in together:
            taken |= hosts
            together.add(actions)
            chosen.append(pair)
    return chosen


def question(number: int, side: int) -> str:
    """Return the name of the note that asks one of the two: 0 or 1."""
    return f"introduce {number} {side}"


def letter(number: int, side: int) -> str:
    """Return the name of the note that tells one of the two who the other is."""
    return f"introduced {number} {side}"


def signature(name: str | None) -> str | None:
    """Return a name that a visitor typed as somebody else may read it in mail.

    On one line, bounded, and without what a mail program would make a link of.
    """
    said = _LINKING.sub(" ", unicodedata.normalize("NFKC", name or ""))
    said = one_line(_JOINING_DOT.sub(". ", one_line(said)))
    if len(said) > _LONGEST:
        said = said[: _LONGEST - 1].rstrip() + "…"
    return said or None


def _groups(seekers: Iterable[Seeker]) -> Iterable[Sequence[Seeker]]:
    groups: dict[Hashable, list[Seeker]] = defaultdict(list)
    for seeker in seekers:
        if seeker.place.region:
            groups[seeker.place.country, seeker.place.region].append(seeker)
        for target in seeker.targets:
            groups[target].append(seeker)
    return groups.values()


def _neighbours(
    group: Sequence[Seeker],
    acquainted: Collection[tuple[int, int]],
    joined: Collection[tuple[int, int]],
) -> Iterator[Pair]:
    """Pair each of a group with those who come next in time: a few of thousands."""
    in_time = sorted(group, key=lambda one: (one.starts_at, one.host, one.action))
    for index, one in enumerate(in_time):
        left = _NEIGHBOURS
        for other in in_time[index + 1 :]:
            if (
                one.host == other.host
                or one.action == other.action
                or _ordered(one.host, other.host) in acquainted
                or _ordered(one.action, other.action) in joined
            ):
                continue
            first, second = (one, other) if one.host < other.host else (other, one)
            yield Pair(first=first, second=second)
            left -= 1
            if not left:
                break


def _apart(pair: Pair) -> float:
    """Return how far apart they are, in days."""
    days = abs(pair.first.starts_at - pair.second.starts_at) / _DAY
    km = distance_km(pair.first.place, pair.second.place)
    return days + (_UNKNOWN_KM if km is None else km) / _KM_A_DAY


def _ordered(one: int, other: int) -> tuple[int, int]:
    return (one, other) if one < other else (other, one)
