"""`mailer status --watch`: how far mailings are, how fast, how long it takes, what waits."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from mailer.adapters.database.gauges import held
from mailer.bootstrap import Project
from mailer.cli import output
from mailer.ports import Mailing, Standing

_UNDER_WAY = ("planned", "sending")
_EVERY = 1.0  # seconds; longer where counting takes long
_COUNTING = 20.0  # times what counting takes, so that it costs a twentieth
_WINDOW = 30.0  # seconds over which the rate is taken


@dataclass(slots=True)
class Pulse:
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


def follow(
    project: Project,
    mailing: Mailing,
    *,
    as_json: bool,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Show progress until the mailing is over, held, or waits for a person."""
    began, pulse = monotonic(), Pulse()
    name = f"{mailing.list_slug}/{mailing.edition}"
    with output.progress(name) as bar:
        while True:
            asked = monotonic()
            standing = project.ledger.standing(mailing.id)
            now = monotonic()
            settled, due = standing.settled, standing.due
            pulse.add(now, settled)
            waits = _waits(project, standing)
            if as_json:
                output.emit_line(_beat(standing, pulse, due - settled, waits))
            else:
                bar(settled, due, _note(pulse, waits))
            if standing.state not in _UNDER_WAY:
                break
            sleep(max(_EVERY, _COUNTING * (now - asked)))
    if not as_json:
        output.say(_summary(standing, settled, monotonic() - began))


def _beat(
    standing: Standing, pulse: Pulse, missing: int, waits: Sequence[str]
) -> dict[str, Any]:
    return {
        **asdict(standing),
        "per_second": round(pulse.rate, 1),
        "seconds_left": pulse.left(missing),
        "waits": list(waits),
    }


def _note(pulse: Pulse, waits: Sequence[str]) -> str:
    rate = f"{pulse.rate:,.0f}/s" if pulse.rate >= 10 else f"{pulse.rate:.1f}/s"
    return "; ".join((rate, *waits))


def _waits(project: Project, standing: Standing) -> Sequence[str]:
    """Say in words why less goes out than could."""
    words: list[str] = []
    if stop := project.instance.stopped():
        words.append(f"all sending is stopped: {stop.reason}")
    for each in held(project.ready):
        kind, _, name = each.name.partition(":")
        if kind == "provider":
            why = each.reason or "its rate"
            words.append(f"{name} waits {each.seconds:.0f} s ({why})")
        elif kind == "barred":
            words.append(f"others carry the mail of {name} ({each.reason})")
        elif kind == "domain":
            words.append(f"{name} waits {each.seconds:.0f} s (its pace)")
    unknown = standing.deliveries.get("unknown", 0)
    if unknown:
        words.append(f"{unknown:,} are being found out")
    return words


def _summary(standing: Standing, settled: int, seconds: float) -> str:
    """Say how it stands now, and what a person can do about it."""
    took = timedelta(seconds=round(seconds))
    words = f"{standing.mailing} is {standing.state}; watched for {took}, {settled:,} settled."
    parked = standing.deliveries.get("parked", 0)
    if parked:
        words += f" {parked:,} wait for you: mailer parked"
    if standing.state == "paused":
        words += f" {standing.reason or ''} To go on: mailer resume {standing.mailing}"
    return words
