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
from mailer.ports import Answer, Answers, ApiTokens, Blasts, Card, Ledger, Records
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A version of a draft as a reader gets it, to the byte."""

    subject: str
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
    ledger: Ledger
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
