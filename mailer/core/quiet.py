"""Hours in which nobody is written to, on the clock of whoever would be woken."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_CLOCK = r"((?:[01]\d|2[0-3]):[0-5]\d)"
_WRITTEN = re.compile(rf"{_CLOCK}\s*[-–]\s*{_CLOCK}", re.ASCII)  # noqa: RUF001 - the dash that people write
HINT = 'must be written as "21:00-08:00": from when until when'


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """From one time of day until another, perhaps over midnight."""

    begin: time
    end: time  # the first minute that is not quiet any more

    def __str__(self) -> str:
        """Write them as `parse` reads them."""
        return f"{self.begin:%H:%M}-{self.end:%H:%M}"

    def is_quiet(self, at: datetime, zone: ZoneInfo) -> bool:
        """Tell whether the clock of a zone shows a quiet hour."""
        clock = at.astimezone(zone).time()
        if self.begin < self.end:
            return self.begin <= clock < self.end
        return clock >= self.begin or clock < self.end

    def next(self, at: datetime, zone: ZoneInfo) -> datetime:
        """Return when somebody in a zone may be written to next: now, or their morning.

        In UTC. When clocks are set forward over the end, it is the first minute after;
        when they are set back over it, the first time that they show it from `at` on.
        """
        now = at.astimezone(UTC)
        if not self.is_quiet(now, zone):
            return now
        here = at.astimezone(zone)
        day = here.date()
        if self.begin > self.end and here.time() >= self.begin:
            day += timedelta(days=1)
        end = datetime.combine(day, self.end, tzinfo=zone)
        ends = (end.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
        return next(each for each in ends if each >= now)


def parse(written: str) -> QuietHours | None:
    """Read "21:00-08:00"; None if it is not written so, or no time is left."""
    found = _WRITTEN.fullmatch(written.strip())
    if not found or found[1] == found[2]:
        return None
    return QuietHours(
        begin=time.fromisoformat(found[1]), end=time.fromisoformat(found[2])
    )


def zone_of(names: Iterable[str | None], otherwise: ZoneInfo) -> ZoneInfo:
    """Return the first zone that is known: a person's own, else their place's.

    `otherwise` is the list's. A name that no table of zones has any more is passed by.
    """
    for name in names:
        found = _zone(name) if name else None
        if found is not None:
            return found
    return otherwise


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
