"""Who answers for an action: what a host's link shows, and what it may change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from mailer.core.model import Action, Contact
from mailer.core.requests import Request
from mailer.core.sharing.submission import ShownTo, Submission


class Changed(StrEnum):
    """What came of a change."""

    DONE = "done"
    SAME = "same"  # all was so already
    STALE = "stale"  # it was changed by somebody else meanwhile
    TOO_OFTEN = "too-often"  # what waits was sent anew ten times


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosted:
    """An action as one of its hosts sees it."""

    action: Action
    contact: Contact = field(repr=False)  # without an address
    shown_to: ShownTo
    uid: bytes  # the host's random id
    language: str  # the host's
    masked_address: str
    looked_at: datetime  # when they last said that it is right
    asked_at: datetime | None
    undoable: bool  # their last change can be taken back


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """Whom to write to about an action."""

    uid: bytes
    language: str
    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Whether the hosts of an action said that it is still right."""

    asked_for: str  # LIST/EDITION
    asked_at: datetime
    right_at: datetime | None  # None: no host has answered yet


class Hosts(Protocol):
    """The hosts of actions. Every method is one transaction."""

    def accept(self, request: Request, *, by: str, at: datetime) -> Action | None:
        """List the action that waits in a request, with who sent it for its host.

        None: somebody had decided already.
        """
        ...

    def hosted(self, uid: bytes, action_id: int) -> Hosted | None:
        """Return an action as its host sees it; None for anybody else."""
        ...

    def change(
        self,
        uid: bytes,
        action_id: int,
        submission: Submission,
        *,
        version: int,
        at: datetime,
        by: str = "host",
    ) -> Changed:
        """Put an action right, if it is still at the version that the host saw.

        `by` is a coordinator who does it for them; the host is then still asked before
        the next edition whether it is right.
        """
        ...

    def undo(self, uid: bytes, action_id: int, *, version: int, at: datetime) -> bool:
        """Take back the host's last change, which led to this version.

        It is again as it was before, in a new version. False: nothing is left of it.
        """
        ...

    def confirm(self, uid: bytes, action_id: int, *, at: datetime) -> bool:
        """Take note that the host says it is still right; False for anybody else."""
        ...

    def to_ask(
        self, edition: str, *, since: datetime, begins: datetime, until: datetime
    ) -> Sequence[Host]:
        """Return the hosts to be asked before an edition: LIST/EDITION.

        Those of what takes place, is not over at `begins` and starts before `until`,
        who have not looked at it since `since` and were not asked since then either.
        """
        ...

    def asked(self, asked: Sequence[Host], edition: str, *, at: datetime) -> None:
        """Take note that these were asked."""
        ...

    def answers(self, at: datetime) -> Mapping[int, Answer]:
        """Return, by action, what became of the last question about what is to come."""
        ...

    def listed(self, uid: bytes, request: Request) -> int | None:
        """Return the number of the action that a request of this host has become."""
        ...

    def amend(
        self, uid: bytes, number: int, submission: Submission, *, at: datetime
    ) -> Changed:
        """Send anew what waits, was declined or was withdrawn, as another request.

        What a moderator has read is never changed under their hands. STALE: it is
        nobody's, was accepted, or was sent anew already.
        """
        ...

    def withdraw(self, uid: bytes, number: int, *, at: datetime) -> bool:
        """Take back what waits; False if it does not wait any more."""
        ...

    def sent(self, uid: bytes, number: int) -> Request | None:
        """Return what a host sent, as they sent it last; None for anybody else."""
        ...

    def reachable(self, public_id: str) -> Contact | None:
        """Return how everybody may reach an action's host; None: that is private."""
        ...
