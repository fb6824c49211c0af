"""What the API works with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mailer.adapters.database.instance import Instance
from mailer.core.accounts import Account
from mailer.core.draft import Draft
from mailer.core.findings import Finding
from mailer.core.lists import MailingList
from mailer.core.model import Action
from mailer.core.proposal import Proposal
from mailer.core.rule import Rule
from mailer.pipeline.halt import Halter
from mailer.pipeline.propose import Proposer
from mailer.ports import (
    Accounts,
    Answer,
    Answers,
    ApiTokens,
    Blasts,
    Card,
    Following,
    Mailing,
    Records,
    Standing,
    Terms,
)
from mailer.web.api.limits import Limits


class Mailings(Protocol):
    """The part of a ledger that programs see."""

    def mailing(self, list_slug: str, edition: str) -> Mailing | None:
        """Return a mailing by its identity."""
        ...

    def standing(self, mailing_id: int) -> Standing:
        """Count a mailing's deliveries by state."""
        ...

    def in_hand(self, mailing_id: int | None) -> int:
        """Count the messages of calls that have begun and are not recorded yet."""
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

    accounts: Accounts
    tokens: ApiTokens
    answers: Answers
    records: Records
    blasts: Blasts
    ledger: Mailings
    following: Following
    halter: Callable[[Account], Halter]
    switch: Instance
    lists: Mapping[str, MailingList]
    proposer: Callable[[], Proposer]
    check: Callable[[Draft], Sequence[Finding]]
    preview: Callable[[Proposal, str], Letter]  # in a language
    # Of a rule, a list, and whether it is urgent: located.
    audience: Callable[[Rule, str, bool], tuple[Rule, Card, Terms]]
    coming: Callable[[], Sequence[tuple[Action, Answer | None]]]
    counts: Callable[[], Mapping[str, Mapping[str, int]]]  # by list and state
    clock: Callable[[], datetime]
    limits: Limits
