"""Whom a rule reaches, and what a person must know before they approve it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from mailer.core.caps import Cap
from mailer.core.rule import Rule


class LeftOut(StrEnum):
    """Why somebody whom the rule means gets nothing; the first that applies."""

    SUPPRESSED = "suppressed"  # nobody may mail this address
    NO_CONSENT = "no consent"  # no active subscription of the list
    PAUSED = "paused"  # they paused the list until a date
    CAPPED = "capped"  # they had as many blasts as anybody gets


class ConsentAge(StrEnum):
    """How long ago somebody agreed to the list."""

    FRESH = "under 1 year"
    OLDER = "1 to 2 years"
    OLD = "over 2 years"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Under which a blast goes out."""

    list_slug: str  # whoever agreed to this list may get it
    at: datetime  # pauses and caps are those of this moment
    urgent: bool = False  # no cap keeps it back, and it counts towards none
    caps: tuple[Cap, ...] = ()
    zone: str = "UTC"  # of people whose own zone, and whose place's, is not known
    besides: int | None = None  # the mailing itself, once it has deliveries


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Some of an audience; `name` is None for those of whom it is not known."""

    name: str | None
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One of an audience, as a coordinator may see them."""

    masked_address: str
    organization: str | None
    place: str | None
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """How many people the last mailings of a list were for."""

    mailings: int
    least: int
    median: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """An audience at one moment; the shares of each kind add up to the count."""

    at: datetime
    count: int
    regions: Sequence[Share]  # slugs; the largest first, as everywhere
    languages: Sequence[Share]
    organizations: Sequence[Share]  # of their first seats; ten, and none
    other_organizations: int  # people of all the others
    consent: Mapping[ConsentAge, int]
    examples: Sequence[Example]  # ten at most, from all over the audience
    left_out: Mapping[LeftOut, int]
    mailed_lately: int  # of the count: within the last 24 hours, by any list
    usual: Usual | None  # None: this list never had a mailing


class Audiences(Protocol):
    """Finds people by rule. Places of the rule must be located (`core.rule.located`).

    Every method raises InputError, with the path, for what the rule names and nobody
    knows: an organization that is misspelt must not silently be nobody.
    """

    def card(self, rule: Rule, terms: Terms) -> Card:
        """Return what a person must know of an audience before they approve it."""
        ...

    def count(self, rule: Rule, terms: Terms) -> int:
        """Return how many would get a blast."""
        ...
