"""How far mailings are, counted once for all who watch.

Counting a large mailing takes a while. However many look, it is counted once a second
at most, and so seldom that counting takes no more than a twentieth of the time.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Generic, TypeVar

from mailer.core.speed import Speed
from mailer.ports import Fared, Following, Held, Mailing, Standing, Version

T = TypeVar("T")
EVERY = 1.0  # seconds between two counts
COUNTING = 20.0  # times what a count takes, where that is longer
_OVER = 60.0  # seconds, of what is over: a list of such is not counted each time
_KNOWN = 256  # mailings that are remembered


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a mailing was when it was last counted."""

    number: int
    standing: Standing
    at: datetime
    age: float  # seconds since then
    per_second: float
    seconds_left: float | None  # None: nobody can say
    held: Sequence[Held] = ()  # what waits for its time
    stopped: str | None = None  # why nothing is sent at all

    @property
    def waiting(self) -> int:
        """Return how many are still to get it."""
        return self.standing.due - self.standing.settled


class Seldom(Generic[T]):
    """Works something out of a mailing as seldom as it takes long.

    Whoever asks meanwhile gets what is known, or waits for who is at it.
    """

    def __init__(
        self,
        work: Callable[[int, T | None], T],
        *,
        every: Callable[[T], float],
        monotonic: Callable[[], float],
    ) -> None:
        """Take the work, told what it made before, and for how many seconds it holds."""
        self._work = work
        self._every = every
        self._monotonic = monotonic
        self._known: OrderedDict[int, _Known[T]] = OrderedDict()
        self._lock = Lock()

    def get(self, number: int) -> tuple[T, float]:
        """Return what is known of a mailing, and its age in seconds."""
        known = self._of(number)
        with known.lock:
            now = self._monotonic()
            before = known.made
            if before is None or now - known.at >= self._pause(before, known.took):
                before = known.made = self._work(number, before)
                known.at = self._monotonic()
                known.took = known.at - now
            return before, self._monotonic() - known.at

    def forget(self, number: int) -> None:
        """Work it out anew when somebody asks next."""
        with self._lock:
            self._known.pop(number, None)

    def _pause(self, made: T, took: float) -> float:
        return max(self._every(made), COUNTING * took)

    def _of(self, number: int) -> "_Known[T]":
        with self._lock:
            known = self._known.setdefault(number, _Known())
            self._known.move_to_end(number)
            while len(self._known) > _KNOWN:
                self._known.popitem(last=False)
        return known


@dataclass(slots=True)
class _Known(Generic[T]):
    lock: Lock = field(default_factory=Lock)
    made: T | None = None
    at: float = 0.0  # on the monotonic clock
    took: float = 0.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    standing: Standing
    at: datetime
    held: Sequence[Held]
    stopped: str | None
    speed: Speed


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a mailing, and of each of its variants."""

    fared: Fared
    versions: Sequence[Version]

    @property
    def languages(self) -> Mapping[str, int]:
        """Return how many people get it in which language, the most first."""
        found: Counter[str] = Counter()
        for each in self.versions:
            found[each.language] += each.people
        return dict(found.most_common())


def outcomes(
    following: Following, *, monotonic: Callable[[], float]
) -> Seldom[Outcome]:
    """Return what works outcomes out, each for some seconds."""

    def work(number: int, _before: Outcome | None) -> Outcome:
        return Outcome(
            fared=following.fared(number), versions=following.versions(number)
        )

    return Seldom(work, every=lambda _made: EVERY, monotonic=monotonic)


class Meter:
    """Counts mailings, and remembers how fast they are."""

    def __init__(
        self,
        count: Callable[[int], Standing],
        *,
        held: Callable[[], Sequence[Held]],
        stopped: Callable[[], str | None],
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        """Take what counts deliveries by state, and what says why less goes out."""
        self._count = count
        self._held = held
        self._stopped = stopped
        self._clock = clock
        self._monotonic = monotonic
        self._seldom = Seldom(self._counted, every=_every, monotonic=monotonic)

    def look(self, number: int) -> Progress:
        """Return how far a mailing is; whoever looks meanwhile gets the same count."""
        counted, age = self._seldom.get(number)
        standing = counted.standing
        return Progress(
            number=number,
            standing=standing,
            at=counted.at,
            age=age,
            per_second=counted.speed.rate,
            seconds_left=counted.speed.left(standing.due - standing.settled),
            held=counted.held,
            stopped=counted.stopped,
        )

    def forget(self, number: int) -> None:
        """Count anew when somebody looks next: a person has just turned it."""
        self._seldom.forget(number)

    def _counted(self, number: int, before: _Counted | None) -> _Counted:
        standing = self._count(number)
        speed = before.speed if before else Speed()
        speed.add(self._monotonic(), standing.settled)
        return _Counted(
            standing=standing,
            at=self._clock(),
            held=self._held(),
            stopped=self._stopped(),
            speed=speed,
        )


def _every(counted: _Counted) -> float:
    return _OVER if counted.standing.state in ("finished", "cancelled") else EVERY


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """Mailings whose counts are those that everybody sees."""

    every: Callable[[], Sequence[Mailing]]  # newest first
    meter: Meter

    def standing(self, mailing_id: int) -> Standing:
        """Return a mailing's deliveries by state, as last counted."""
        return self.meter.look(mailing_id).standing
