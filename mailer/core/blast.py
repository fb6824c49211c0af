"""A coordinator's message to its readers, in one language or two."""

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum

from mailer.core.prose import Block


class Urgency(StrEnum):
    """How loud a message is."""

    PLAIN = "plain"
    URGENT = "urgent"  # people are needed within two days


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """The words of a blast in one language."""

    language: str  # "en", "es"
    headline: tuple[str, ...]  # an instruction with place and hour, in short lines
    preheader: str | None = None  # None: the day, the place and the reason
    reason: str = ""  # why, at most 40 words
    where: str | None = None
    target: str | None = None
    bring: str | None = None
    body: tuple[Block, ...] = ()
    answer: str | None = None  # the button's words; None: "Our organization is coming"


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """When and where people are called to; hours on the wall clock of the place."""

    day: date
    starts: time | None = None
    ends: time | None = None
    calendar: str | None = None  # URL of an .ics file
    directions: str | None = None  # URL of a map


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """Who vouches for a blast."""

    checked_at: time  # on the wall clock of the list
    coordinators: int  # who checked, at least one
    by: str | None = None  # the organization on the spot
    again_before: time | None = None  # if anything changes, we write before then


@dataclass(frozen=True, slots=True, kw_only=True)
class Blast:
    """A message to one audience; with `translation` both languages are in one mail."""

    version: Version
    translation: Version | None = None
    urgency: Urgency = Urgency.PLAIN
    occasion: Occasion | None = None
    answer_url: str | None = None  # where the button leads; None: no button
    confirmed: Confirmed | None = None

    @property
    def is_urgent(self) -> bool:
        """Tell whether it takes the alarm's colours."""
        return self.urgency is Urgency.URGENT

    @property
    def headline(self) -> str:
        """Return the headline on one line."""
        return " ".join(self.version.headline)
