"""How fast something goes up, and how long the rest of it takes."""

from collections import deque
from dataclasses import dataclass, field

_WINDOW = 30.0  # seconds over which the rate is taken


@dataclass(slots=True)
class Speed:
    """The rate at which something goes up, over a sliding window."""

    _seen: deque[tuple[float, int]] = field(default_factory=deque)

    def add(self, now: float, count: int) -> None:
        """Note how much there is at a moment, in seconds on any clock."""
        self._seen.append((now, count))
        while len(self._seen) > 2 and now - self._seen[0][0] > _WINDOW:
            self._seen.popleft()

    @property
    def rate(self) -> float:
        """Return how many there were per second."""
        if len(self._seen) < 2:
            return 0.0
        (began, first), (now, last) = self._seen[0], self._seen[-1]
        return max(0.0, (last - first) / (now - began)) if now > began else 0.0

    def left(self, missing: int) -> float | None:
        """Return the seconds that the missing ones take; None: nobody can say."""
        return missing / self.rate if self.rate else None
