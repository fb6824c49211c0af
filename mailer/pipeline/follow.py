"""How far mailings are, counted once for all who watch.

Counting a large mailing takes a while. However many look, it is counted once a second
at most, and so seldom that counting takes no more than a twentieth of the time.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from mailer.core.speed import Speed
from mailer.ports import Held, Standing

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


@dataclass(slots=True)
class _Watched:
    lock: Lock = field(default_factory=Lock)
    speed: Speed = field(default_factory=Speed)
    standing: Standing | None = None
    at: datetime | None = None
    held: Sequence[Held] = ()
    stopped: str | None = None
    counted: float = 0.0  # when, on the monotonic clock
    took: float = 0.0


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
        self._held = held
        self._stopped = stopped
        self._count = count
        self._clock = clock
        self._monotonic = monotonic
        self._watched: OrderedDict[int, _Watched] = OrderedDict()
        self._lock = Lock()

    def look(self, number: int) -> Progress:
        """Return how far a mailing is; whoever looks meanwhile gets the same count."""
        watched = self._of(number)
        with watched.lock:
            now = self._monotonic()
            pause = max(_every(watched.standing), COUNTING * watched.took)
            if watched.standing is None or now - watched.counted >= pause:
                standing = self._count(number)
                watched.standing, watched.at = standing, self._clock()
                watched.held, watched.stopped = self._held(), self._stopped()
                watched.counted = self._monotonic()
                watched.took = watched.counted - now
                watched.speed.add(watched.counted, standing.settled)
            return self._progress(number, watched, watched.standing)

    def forget(self, number: int) -> None:
        """Count anew when somebody looks next: a person has just turned it."""
        with self._lock:
            self._watched.pop(number, None)

    def _of(self, number: int) -> _Watched:
        with self._lock:
            watched = self._watched.setdefault(number, _Watched())
            self._watched.move_to_end(number)
            while len(self._watched) > _KNOWN:
                self._watched.popitem(last=False)
        return watched

    def _progress(self, number: int, watched: _Watched, standing: Standing) -> Progress:
        return Progress(
            number=number,
            standing=standing,
            at=watched.at or self._clock(),
            age=self._monotonic() - watched.counted,
            per_second=watched.speed.rate,
            seconds_left=watched.speed.left(standing.due - standing.settled),
            held=watched.held,
            stopped=watched.stopped,
        )


def _every(standing: Standing | None) -> float:
    over = standing is not None and standing.state in ("finished", "cancelled")
    return _OVER if over else EVERY
