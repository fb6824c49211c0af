"""What a reader may choose of one list, what a choice changed, and what comes next."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from mailer.core import editions, scope
from mailer.core.lists import Cadence
from mailer.core.scope import EVERYWHERE, Scope

LONGEST_PAUSE = timedelta(days=366)
UNDOABLE = timedelta(days=30)  # how long a change can be taken back by one press

Value = str | bool | None


class Frequency(StrEnum):
    """How often somebody wants a list's digest."""

    EVERY = "every"  # each edition
    FORTNIGHTLY = "fortnightly"
    MONTHLY = "monthly"
    URGENT = "urgent"  # no digest; only what cannot wait


# A day less than the weeks: an edition sent an hour earlier than the last must count.
GAPS: Mapping[Frequency, timedelta] = {
    Frequency.FORTNIGHTLY: timedelta(days=13),
    Frequency.MONTHLY: timedelta(days=27),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What one reader has chosen of one list; the language is that of all of them."""

    language: str
    frequency: Frequency = Frequency.EVERY
    scope: Scope = EVERYWHERE
    quiet_weeks: bool = False  # wants a short note in weeks without actions
    paused_until: datetime | None = None

    def standing(self, at: datetime) -> "Choices":
        """Return them without a pause that is over."""
        over = self.paused_until is not None and self.paused_until <= at
        return replace(self, paused_until=None) if over else self

    @property
    def lessened(self) -> Mapping[str, Value]:
        """Return what of them keeps mail away: a copy's holder may have chosen it."""
        usual = dump(Choices(language=self.language, quiet_weeks=self.quiet_weeks))
        return {k: value for k, value in dump(self).items() if value != usual[k]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something a reader changed: only what differs, as it was and as it became."""

    number: int
    at: datetime
    before: Mapping[str, Value]
    after: Mapping[str, Value]
    left: tuple[int, ...] = ()  # lists that were left with it


def dump(choices: Choices) -> Mapping[str, Value]:
    """Return choices as JSON values."""
    paused = choices.paused_until
    return {
        **asdict(choices),
        "frequency": choices.frequency.value,
        "scope": str(choices.scope),
        "paused_until": paused.astimezone(UTC).isoformat() if paused else None,
    }


def load(values: Mapping[str, Value]) -> Choices:
    """Return the choices that `dump` wrote; raises InputError, ValueError."""
    paused = values["paused_until"]
    return Choices(
        language=str(values["language"]),
        frequency=Frequency(str(values["frequency"])),
        scope=scope.parse(str(values["scope"])),
        quiet_weeks=bool(values["quiet_weeks"]),
        paused_until=datetime.fromisoformat(str(paused)) if paused else None,
    )


def differences(
    before: Choices, after: Choices
) -> tuple[Mapping[str, Value], Mapping[str, Value]]:
    """Return what differs, as it was and as it is."""
    was, now = dump(before), dump(after)
    names = [name for name in was if was[name] != now[name]]
    return {name: was[name] for name in names}, {name: now[name] for name in names}


def undone(choices: Choices, change: Change) -> Choices:
    """Return choices without a change; what was chosen anew since stays."""
    now = dump(choices)
    back = {
        name: value
        for name, value in change.before.items()
        if now[name] == change.after[name]
    }
    return load({**now, **back})


def next_edition(
    cadence: Cadence | None,
    choices: Choices,
    *,
    told_at: datetime | None,
    now: datetime,
) -> date | None:
    """Return the day of the next edition that is for this reader, if one is planned.

    `told_at` is the moment of the last one that they got.
    """
    if cadence is None or choices.frequency is Frequency.URGENT:
        return None
    gap = GAPS.get(choices.frequency)
    first = now if told_at is None or gap is None else max(now, told_at + gap)
    if choices.paused_until is not None:
        first = max(first, choices.paused_until)
    for occurrence in editions.occurrences(cadence, first):
        if occurrence.due_at > now and occurrence.due_at >= first:
            return occurrence.edition
    raise AssertionError
