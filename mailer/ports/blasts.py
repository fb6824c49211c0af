"""What a coordinator's message asks: words from drafts, and where drafts are kept."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from mailer.core.blast import Blast
from mailer.core.draft import Draft
from mailer.core.proposal import Proposal, Stage
from mailer.core.prose import Prose
from mailer.core.quiet import QuietHours
from mailer.core.routes import Route
from mailer.ports.audiences import Terms
from mailer.ports.composing import Rendered
from mailer.ports.ledger import Composed


class Markdown(Protocol):
    """Reads what coordinators write."""

    def read(self, words: str) -> Prose:
        """Return the tree of a text, and what of it the tree cannot say."""
        ...


class BlastRenderer(Protocol):
    """Turns a coordinator's message into words."""

    def fingerprint(self, template: str) -> str:
        """Return a hash of everything but the content that shapes the output."""
        ...

    def blast(
        self, blast: Blast, *, template: str = "blast", slots: Mapping[str, str]
    ) -> Rendered:
        """Render a message once or in both languages; raises TemplateError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """All that is needed to make the deliveries of an approved blast."""

    proposal: Proposal  # as it was approved
    key: bytes
    variants: Sequence[Composed]
    by_language: Mapping[str, bytes]  # readers' language → content hash
    otherwise: bytes  # of the variant for every other language
    words: bytes  # hash of all that readers get
    batch_size: int
    domains: Mapping[str, int]  # batch sizes of those with a pace of their own
    route: Route
    quiet: QuietHours | None  # None: none, or overridden for a reason
    terms: Terms  # of its audience, at this moment
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fared:
    """What became of a mailing, for its report: people, never who opened."""

    sent: int
    heard: Mapping[str, int]  # delivered, bounced by kind, complained
    left: int  # ended the list since it reached them
    domains: Sequence[tuple[str, Mapping[str, int]]] = field(default_factory=tuple)
    regions: Sequence[tuple[str, Mapping[str, int]]] = field(default_factory=tuple)


class Blasts(Protocol):
    """The drafts and how far they are. Every method is one transaction.

    What moves a draft on names the revision that it was decided on, and returns False,
    or None, if it is not there any more or not in a stage from which it may.
    """

    def key(self, name: str) -> bytes:
        """Return a blast's own secret: the same in a preview and when it is sent."""
        ...

    def create(self, draft: Draft, *, by: str, at: datetime) -> Proposal:
        """Keep a new draft; raises RefusedError if its name is taken."""
        ...

    def find(self, name: str) -> Proposal:
        """Return the one named LIST/EDITION or EDITION alone; raises NotFoundError."""
        ...

    def every(
        self,
        stages: Collection[Stage] = (),
        *,
        most: int | None = None,
        before: int | None = None,
    ) -> Sequence[Proposal]:
        """Return those in these stages, the newest first; without any, all.

        At most so many, and of those older than one, by number. One that is kept and
        cannot be read is among them: its draft says why in `unread`.
        """
        ...

    def editions(self) -> Collection[str]:
        """Return the names that are taken, without their lists."""
        ...

    def edit(
        self, proposal: Proposal, draft: Draft, *, by: str, at: datetime
    ) -> Proposal | None:
        """Keep another draft in its place: a new revision, approved by nobody."""
        ...

    def submit(
        self,
        proposal: Proposal,
        *,
        by: str,
        expected: int,
        words: bytes,
        acknowledged: Mapping[str, str],
        at: datetime,
    ) -> bool:
        """Ask for an approval by somebody else; `acknowledged` are names and reasons.

        `words` is a hash of all that readers would get.
        """
        ...

    def approve(
        self,
        proposal: Proposal,
        *,
        by: str,
        reason: str | None,
        words: bytes,
        hold_until: datetime,
        terms: Terms,
        at: datetime,
    ) -> int | None:
        """Approve for those who are in the audience now; returns how many.

        `reason` says why one person alone does. Raises RefusedError if they are not
        those any more for whom it was submitted, or would get something else.
        """
        ...

    def stop(self, proposal: Proposal, *, by: str, reason: str, at: datetime) -> bool:
        """Stop the clock of a hold: nothing leaves until somebody goes on."""
        ...

    def go_on(
        self, proposal: Proposal, *, by: str, hold_until: datetime, at: datetime
    ) -> bool:
        """Begin a hold anew that was stopped."""
        ...

    def close(
        self, proposal: Proposal, stage: Stage, *, by: str, reason: str, at: datetime
    ) -> bool:
        """End it for good, as cancelled, expired or done."""
        ...

    def hinder(self, proposal: Proposal, *, reason: str) -> None:
        """Say why an approved one does not go out although its time has come."""
        ...

    def told(self, proposal: Proposal) -> None:
        """Take note that those know who must: of its submission, or a lone approval."""
        ...

    def rewind(self, proposal: Proposal, *, until: datetime, at: datetime) -> bool:
        """Let a wait end then, of hold or canary, that would last longer than any does.

        A clock that was ahead began it.
        """
        ...

    def ask_again(self, proposal: Proposal, *, reason: str, at: datetime) -> bool:
        """Void the approval of one whose hold is over, for a reason."""
        ...

    def launch(self, launch: Launch) -> Proposal:
        """Make the mailing of a blast whose hold is over, all of it or nothing.

        Returns it as it is then: a canary on its way; or submitted again, because the
        audience has drifted; or unchanged, because another was first.
        """
        ...

    def canary_open(self, proposal: Proposal) -> bool:
        """Whether what became of the first few is still open."""
        ...

    def settle_canary(self, proposal: Proposal, *, until: datetime) -> bool:
        """Take note that the first few have it, and until when they are watched."""
        ...

    def widen(
        self, proposal: Proposal, *, quiet: QuietHours | None, at: datetime
    ) -> bool:
        """Let everybody else get it."""
        ...

    def dangling(self) -> Sequence[Proposal]:
        """Return those that were ended, and whose mailings were not yet."""
        ...

    def fared(self, proposal: Proposal) -> Fared:
        """Return what became of it."""
        ...

    def story(self, proposal: Proposal) -> Sequence[tuple[datetime, str, str, str]]:
        """Return what happened to it: when, by whom (masked), what, why."""
        ...
