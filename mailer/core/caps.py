"""How many blasts one person gets at most: so many in a day, a week or a month."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

_UNITS = {"day": 1, "week": 7, "month": 30}  # days
_WRITTEN = re.compile(r"([1-9][0-9]{0,2})\s*(?:/|per)\s*(day|week|month)", re.ASCII)
HINT = 'must be written as "3/week" (or "1/day", "8/month"; several in a list)'


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """So many blasts within so much time before the next one; urgent ones aside."""

    times: int
    unit: str  # "day", "week", "month": 24 hours, 7 days, 30 days

    @property
    def period(self) -> timedelta:
        """Return how far back is counted."""
        return timedelta(days=_UNITS[self.unit])

    def __str__(self) -> str:
        """Write it as `parse` reads it."""
        return f"{self.times}/{self.unit}"


def said(caps: Sequence[Cap], *, urgent: bool) -> str | None:
    """Say what caps do to a blast, and what they exempt; None if there are none."""
    if not caps:
        return None
    named = f"the cap of {' and '.join(map(str, caps))}"
    if urgent:
        return (
            f"It is urgent: {named} holds nobody back, and it counts towards none for"
            " later ones."
        )
    return (
        f"{named[0].upper()}{named[1:]} counts blasts of every list. Exempt are urgent"
        " ones, digests and letters: they are neither counted nor held back."
    )


def parse(written: str) -> Cap | None:
    """Read "3/week"; None if it is not written so."""
    found = _WRITTEN.fullmatch(written.strip())
    return Cap(times=int(found[1]), unit=found[2]) if found else None
