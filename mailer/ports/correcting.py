"""Who was mailed what is no longer right, and the letter that puts it right."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mailer.core.model import Action, Facts
from mailer.core.routes import Route
from mailer.ports.ledger import Composed

CORRECTION = "correction"  # the kind of such a mailing


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """Readers of one list who were last told of an action as it is no longer."""

    action: Action  # as it stands
    before: Facts  # as they were told
    list_number: int
    list_slug: str
    edition: str  # of the mail that told them
    sent_at: datetime  # when that was composed
    knows: int  # the mailing that what they know of the list is of
    variants: tuple[int, ...]  # what they know
    readers: Mapping[str, int]  # who would be mailed, by language
    left_out: Mapping[str, int]  # who would not, by reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Carriage:
    """How a list's mail is carried."""

    route: Route
    batch_size: int
    domains: Mapping[str, int]  # batch sizes of those that have a pace of their own


class Corrections(Protocol):
    """Finds the readers who were told something wrong, and writes to them once."""

    def wrong(self, at: datetime, public_id: str | None = None) -> Sequence[Wrong]:
        """Return who must know better, by action, list and what they were told.

        Only what concerns actions that are, or were said to be, still to come, and
        what no correction was sent of yet. Whoever left since then is not counted.
        """
        ...

    def send(
        self,
        wrong: Sequence[Wrong],
        letter: Callable[[Wrong, str], Composed],
        carriage: Callable[[Wrong], Carriage],
        *,
        at: datetime,
        by: str,
    ) -> Sequence[int]:
        """Put a letter to all of these on its way, all or none; returns the mailings.

        `letter` writes it in a language. Once for each version of an action and each
        mail that was wrong. Raises RefusedError if it was sent already, if the action
        has changed since it was read, and while another mailing of such a list is on
        its way: its readers may know more when it has arrived.
        """
        ...
