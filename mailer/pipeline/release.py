"""Hold → canary → everybody: what the clock does with approved blasts.

Every step is one transaction that changes something only if it is still as it was seen:
however many ticks run, and wherever one is killed, each step is done once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.core.draft import Draft
from mailer.core.errors import MailerError, StoreError
from mailer.core.lists import MailingList
from mailer.core.proposal import LEAVING, Proposal, Stage, canary_verdict
from mailer.core.quiet import QuietHours
from mailer.core.roles import Permission
from mailer.core.routes import Route
from mailer.core.tokens import normalize
from mailer.pipeline.tell import Teller
from mailer.pipeline.typeset import Typesetter
from mailer.ports import Blasts, Coordinators, Launch, Ledger, Terms, Tracking

_TICK = ""  # nobody in person
_GOING_ON = (
    Stage.SUBMITTED,
    Stage.HELD,
    Stage.STOPPED,
    Stage.CANARY,
    Stage.SENDING,
)
_NOT_ENTITLED = (
    "whoever approved it may not approve any more; somebody else has to, who looks at it"
    " first"
)
_SKEW = timedelta(minutes=5)  # by which the clocks of two machines may differ
_TOO_LATE = "its last moment has passed, and it was not all sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Releaser:
    """Moves approved blasts on when their time has come."""

    blasts: Blasts
    ledger: Ledger
    tracking: Tracking
    typesetter: Typesetter
    teller: Teller
    coordinators: Coordinators
    list_of: Callable[[str], MailingList]  # by slug; raises NotFoundError
    route_of: Callable[[MailingList], Route]
    batch_size: Callable[[MailingList], int]
    domains: Mapping[str, int]  # batch sizes of the paced
    quiet_hours: QuietHours | None
    terms: Callable[[Draft], Terms]
    clock: Callable[[], datetime]
    trouble: Callable[[str], None]

    def release(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """Do what is due now; returns how many blasts were looked at."""
        for ended in self.blasts.dangling():  # whoever ended it was killed half-way
            reason = ended.reason or ended.stage.value
            self.ledger.cancel(ended.mailing or 0, reason=reason, at=self.clock())
        going_on = self.blasts.every(_GOING_ON)
        asked = [each for each in going_on if each.stage is Stage.SUBMITTED]
        self.teller.look_over({each.list_number for each in asked})
        for proposal in going_on:
            if stopping():
                break
            try:
                self._step(proposal)
            except StoreError as error:
                self.trouble(f"{proposal.name}: {error}")
            except MailerError as error:
                self._hinder(proposal, str(error))
        return len(going_on)

    def _hinder(self, proposal: Proposal, reason: str) -> None:
        """Let those who wait for it see why it does not go out."""
        self.trouble(f"{proposal.name}: {reason}")
        if proposal.told or not proposal.alone:  # else it is still why one was alone
            self.blasts.hinder(proposal, reason=reason)

    def _step(self, proposal: Proposal) -> None:
        at = self.clock()
        if proposal.mailing is not None and self._is_over(proposal):
            return
        if proposal.too_late(at):
            self._expire(proposal, at)
        elif self._rewind(proposal, at):
            return
        elif proposal.stage is Stage.SUBMITTED:
            if not proposal.told and proposal.draft.unread is None:
                self.teller.ask(proposal)
        elif proposal.stage is Stage.HELD:
            self._end_hold(proposal, at)
        elif proposal.stage is Stage.CANARY:
            self._judge(proposal, at)

    def _is_over(self, proposal: Proposal) -> bool:
        """Close a blast whose mailing is finished, or was cancelled elsewhere."""
        standing = self.ledger.standing(proposal.mailing or 0)
        ends = {
            "finished": Stage.DONE,
            "unresolved": Stage.DONE,
            "cancelled": Stage.CANCELLED,
        }
        if standing.state not in ends:
            return False
        self.blasts.close(
            proposal,
            ends[standing.state],
            by=_TICK,
            reason=standing.reason or "",
            at=self.clock(),
        )
        return True

    def _expire(self, proposal: Proposal, at: datetime) -> None:
        # First the blast, so that no intent is committed to; then whoever waits.
        self.blasts.close(proposal, Stage.EXPIRED, by=_TICK, reason=_TOO_LATE, at=at)
        if proposal.mailing is not None:
            self.ledger.cancel(proposal.mailing, reason=_TOO_LATE, at=at)
        self.teller.withdraw(proposal)
        self.trouble(f"{proposal.name}: {_TOO_LATE}")

    def _end_hold(self, proposal: Proposal, at: datetime) -> None:
        if proposal.alone and not proposal.told:
            self.teller.tell(proposal)
        if proposal.hold_until is None or proposal.hold_until > at:
            return
        if not self._is_entitled(proposal.approver or ""):
            if self.blasts.ask_again(proposal, reason=_NOT_ENTITLED, at=at):
                self.trouble(f"{proposal.name}: {_NOT_ENTITLED}")
            return
        mailing_list = self.list_of(proposal.draft.list_slug)
        key = self.blasts.key(proposal.name)
        draft, typeset = proposal.draft, self.typesetter.typeset
        approved = typeset(draft, mailing_list, key)
        sent = typeset(draft, mailing_list, key, proposal.approval)
        after = self.blasts.launch(
            Launch(
                proposal=proposal,
                key=key,
                variants=sent.variants,
                by_language=sent.by_language,
                otherwise=sent.otherwise,
                words=approved.words,
                batch_size=self._together(mailing_list),
                domains=self.domains,
                route=self.route_of(mailing_list),
                quiet=self._quiet(proposal),
                terms=self.terms(proposal.draft),
                at=at,
            )
        )
        if after.stage is Stage.SUBMITTED:
            self.trouble(f"{proposal.name}: {after.reason}")
            self.teller.ask(after)

    def _is_entitled(self, approver: str) -> bool:
        """Whether they still may: an account may have been shut in between."""
        wanted = normalize(approver)
        entitled = self.coordinators.entitled(Permission.APPROVE)
        return any(normalize(each.address) == wanted for each in entitled)

    def _judge(self, proposal: Proposal, at: datetime) -> None:
        if proposal.mailing is None or self.blasts.canary_open(proposal):
            return
        if proposal.canary_until is None:
            self.blasts.settle_canary(proposal, until=at + proposal.hold())
            return
        if proposal.canary_until > at:
            return
        reason = canary_verdict(self.tracking.tally(proposal.mailing))
        if reason is None:
            self.blasts.widen(proposal, quiet=self._quiet(proposal), at=at)
        elif self.ledger.pause(proposal.mailing, reason=reason, at=at):
            self.trouble(f"{proposal.name} paused itself: {reason}")

    def _rewind(self, proposal: Proposal, at: datetime) -> bool:
        """Begin waits anew that last longer than any: the clock was ahead, by a year.

        A hold counts until all is sent: no call begins before its end.
        """
        if proposal.stage not in (Stage.HELD, *LEAVING):
            return False
        longest = at + proposal.hold()
        waits = (proposal.hold_until, proposal.canary_until)
        if all(until is None or until <= longest + _SKEW for until in waits):
            return False
        return self.blasts.rewind(proposal, until=longest, at=at)

    def _together(self, mailing_list: MailingList) -> int:
        size, pace = self.batch_size(mailing_list), mailing_list.pace
        return min(size, pace.together) if pace else size

    def _quiet(self, proposal: Proposal) -> QuietHours | None:
        return None if proposal.draft.despite_quiet_hours else self.quiet_hours
