"""How fast: so many messages in a second, a minute or an hour."""

import re
from dataclasses import dataclass

_UNITS = {"second": 1, "minute": 60, "hour": 3600}
_WRITTEN = re.compile(r"([0-9]{1,9})\s*(?:/|per)\s*(second|minute|hour)", re.ASCII)
HINT = 'must be written as "50/second", "600/minute" or "20000/hour"'


@dataclass(frozen=True, slots=True)
class Rate:
    """So many messages in so many seconds, by all workers together."""

    messages: int
    seconds: int

    @property
    def per_second(self) -> float:
        """Return messages per second."""
        return self.messages / self.seconds

    @property
    def together(self) -> int:
        """Return how many may go at once: a second's worth, of an hourly rate a minute's."""
        return max(1, self.messages * max(1, self.seconds // 60) // self.seconds)


def parse(written: str) -> Rate | None:
    """Read "50/second"; None if it is not written so, or nothing would ever go."""
    found = _WRITTEN.fullmatch(written.strip())
    if not found or not int(found[1]):
        return None
    return Rate(int(found[1]), _UNITS[found[2]])
