"""What goes wrong, and when: by chance or at the n-th call."""

import random
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

_SEARCH = "search/"


class Fault(StrEnum):
    """One way in which a call goes wrong; `after`: what it asked for was done."""

    TOO_MANY = "429"
    TOO_MANY_SECONDS = "429-seconds"  # with Retry-After in seconds
    TOO_MANY_DATE = "429-date"  # with Retry-After as an HTTP date
    UNAUTHORIZED = "401"
    ERROR_BEFORE = "500-before"
    ERROR_AFTER = "500-after"
    UNAVAILABLE = "503-before"
    RESET_BEFORE = "reset-before"
    RESET_AFTER = "reset-after"
    HANG_BEFORE = "hang-before"
    HANG_AFTER = "hang-after"
    DRIP = "drip"  # the whole answer, octet by octet
    TRUNCATED = "truncated"
    HTML_BEFORE = "html-before"
    HTML_AFTER = "html-after"
    PARTIAL = "partial"  # some messages of a call are refused, one by one


BEFORE = frozenset(Fault) - {
    Fault.ERROR_AFTER, Fault.RESET_AFTER, Fault.HANG_AFTER, Fault.DRIP,
    Fault.TRUNCATED, Fault.HTML_AFTER, Fault.PARTIAL,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """When a fault happens."""

    fault: Fault
    chance: float = 0.0
    nth: int | None = None  # counted from 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """The faults of the calls that send, and of those that search."""

    sends: Sequence[Trigger]
    searches: Sequence[Trigger]


def parse(spec: str) -> Script:
    """Read `429=0.1,reset-after@7,search/hang-before=0.05`; raises ValueError."""
    sends: list[Trigger] = []
    searches: list[Trigger] = []
    for words in filter(None, (part.strip() for part in spec.split(","))):
        searching = words.startswith(_SEARCH)
        trigger = _trigger(words.removeprefix(_SEARCH))
        if searching and trigger.fault is Fault.PARTIAL:
            raise ValueError(f"{words}: a search accepts nothing")
        (searches if searching else sends).append(trigger)
    for triggers in (sends, searches):
        if sum(trigger.chance for trigger in triggers) > 1.0:
            raise ValueError(f"{spec}: the chances add up to more than 1")
    return Script(sends=sends, searches=searches)


def _trigger(words: str) -> Trigger:
    name, at, nth = words.partition("@")
    if at:
        return Trigger(fault=Fault(name), nth=int(nth))
    name, equals, chance = words.partition("=")
    if not equals:
        raise ValueError(f"{words}: write {words}=CHANCE or {words}@N")
    return Trigger(fault=Fault(name), chance=float(chance))


class Dice:
    """Tells each call what goes wrong with it: the same seed, the same sequence."""

    def __init__(self, triggers: Sequence[Trigger], seed: int) -> None:
        """Take the triggers of one kind of call."""
        self._triggers = triggers
        self._random = random.Random(seed)  # noqa: S311 - a script, not a secret
        self._lock = threading.Lock()
        self.calls = 0
        self.thrown: Counter[str] = Counter()

    def throw(self) -> Fault | None:
        """Return what goes wrong with the next call, if anything does."""
        with self._lock:
            self.calls += 1
            fault = self._next()
            if fault is not None:
                self.thrown[fault.value] += 1
            return fault

    def _next(self) -> Fault | None:
        rolled = self._random.random()  # also where it is not used: same sequence
        for trigger in self._triggers:
            if trigger.nth == self.calls:
                return trigger.fault
            if rolled < trigger.chance:
                return trigger.fault
            rolled -= trigger.chance
        return None
