"""What a worker is told: where it works, by which means, and when it dies."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import orjson


class Means(StrEnum):
    """What the provider offers for finding out about a call."""

    KEY = "key"
    KEY_EACH = "key each"  # one message per call, a window of calls at once
    SEARCH = "search"
    NEITHER = "neither"


class Point(StrEnum):
    """Where a worker may be when something happens to it."""

    CLAIMED = "claimed"  # it holds a lease
    BEGUN = "begun"  # its intent is committed
    CALLED = "called"  # the provider has answered, or has not
    RECORDED = "recorded"  # the outcome is committed


class Deed(StrEnum):
    """What happens to a worker."""

    KILL = "kill"  # as `kill -9`
    STOP = "stop"  # as `kill -STOP`: it goes on whenever somebody lets it


class Mutant(StrEnum):
    """A mistake that others have made; NONE is the program as it is."""

    NONE = "none"
    BLIND_RETRY = "blind retry"
    MARK_BEFORE_SEND = "mark before send"
    NO_DURABLE_INTENT = "no durable intent"
    NO_EPOCH_CHECK = "no epoch check"
    CURSOR_ON_FETCH = "cursor advanced on fetch"
    NO_DEADLINE_CHECK = "no deadline check"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peril:
    """What happens at a point: by chance at each passage, or at the n-th."""

    point: Point
    deed: Deed = Deed.KILL
    chance: float = 0.0
    nth: int | None = None  # counted from 1, in one worker's life


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """One life of one worker."""

    folder: str
    mailing_id: int
    means: Means
    batch: int = 10  # messages that are claimed and recorded together
    mutant: Mutant = Mutant.NONE
    perils: Sequence[Peril] = ()
    seed: int = 0

    def dump(self) -> bytes:
        """Return these orders as one line."""
        return orjson.dumps(asdict(self))

    @classmethod
    def load(cls, line: bytes) -> "Orders":
        """Read a line that `dump` made."""
        told: dict[str, Any] = orjson.loads(line)
        perils = [
            Peril(**{**one, "point": Point(one["point"]), "deed": Deed(one["deed"])})
            for one in told["perils"]
        ]
        means, mutant = Means(told["means"]), Mutant(told["mutant"])
        return cls(**{**told, "perils": perils, "means": means, "mutant": mutant})
