"""What the API works with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mailer.core.draft import Draft
from mailer.core.findings import Finding
from mailer.core.lists import MailingList
from mailer.core.model import Action
from mailer.core.rule import Rule
from mailer.pipeline.propose import Proposer
from mailer.ports import (
    Answer,
    Answers,
    ApiTokens,
    Blasts,
    Card,
    Mailing,
    Records,
    Standing,
)
from mailer.web.api.limits import Limits


class Stopped(Protocol):
    """Since when and why nothing is sent."""

    @property
    def since(self) -> datetime:
        """Return when it was stopped."""
        ...

    @property
    def reason(self) -> str:
        """Return why."""
        ...


class Switch(Protocol):
    """Stops and starts all sending."""

    def stopped(self) -> Stopped | None:
        """Return since when and why nothing is sent; None: it may be."""
        ...

    def stop(self, *, reason: str, actor: str, at: datetime) -> None:
        """Let no call begin any more, of any mailing."""
        ...

    def start(self, *, actor: str, at: datetime) -> Stopped | None:
        """Let calls begin again; returns what it was stopped for."""
        ...


class Mailings(Protocol):
    """The part of a ledger that programs see and turn."""

    def every(self) -> Sequence[Mailing]:
        """Return all mailings but the notes to single persons, newest first."""
        ...

    def mailing(self, list_slug: str, edition: str) -> Mailing | None:
        """Return a mailing by its identity."""
        ...

    def standing(self, mailing_id: int) -> Standing:
        """Count a mailing's deliveries by state."""
        ...

    def in_hand(self, mailing_id: int | None) -> int:
        """Count the messages of calls that have begun and are not recorded yet."""
        ...

    def pause(self, mailing_id: int, *, reason: str, at: datetime) -> bool:
        """Stop a mailing until a person resumes it: no call begins any more."""
        ...

    def resume(self, mailing_id: int, *, at: datetime) -> bool:
        """Go on with a paused mailing; False if it is not paused."""
        ...

    def cancel(self, mailing_id: int, *, reason: str, at: datetime) -> bool:
        """End a mailing for good: whoever waits in it is skipped."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A version of a draft as a reader gets it, to the byte."""

    html: str
    text: str
    eml: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Automation:
    """What programs ask, and with what it is kept."""

    tokens: ApiTokens
    answers: Answers
    records: Records
    blasts: Blasts
    ledger: Mailings
    switch: Switch
    lists: Mapping[str, MailingList]
    proposer: Callable[[], Proposer]
    check: Callable[[Draft], Sequence[Finding]]
    preview: Callable[[Draft, str], Letter]  # in a language
    audience: Callable[[Rule, str, bool], tuple[Rule, Card]]  # located; list, urgent
    coming: Callable[[], Sequence[tuple[Action, Answer | None]]]
    counts: Callable[[], Mapping[str, Mapping[str, int]]]  # by list and state
    clock: Callable[[], datetime]
    limits: Limits
