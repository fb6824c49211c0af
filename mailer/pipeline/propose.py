"""What people do with a blast: write, submit, approve, stop, go on, end.

Whoever asks, by command, page or API, comes through here; what may not be is refused
with the reason and the way out.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailer.core.draft import Draft
from mailer.core.errors import InputError
from mailer.core.findings import Finding, errors, unacknowledged
from mailer.core.lists import Kind, MailingList
from mailer.core.proposal import (
    COUNTED_FROM,
    EDITABLE,
    LEAVING,
    OVER,
    Proposal,
    Stage,
)
from mailer.core.reasons import said
from mailer.core.refusal import NotMovedError, Why
from mailer.core.roles import Permission
from mailer.core.saying import says
from mailer.core.tokens import normalize
from mailer.pipeline.tell import Teller
from mailer.ports import Audiences, Blasts, Coordinators, Ledger, Terms

_RUNNING = (Stage.HELD, *LEAVING)
_AGAIN = "somebody else has just changed it; look at it again: mailer blast show"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposer:
    """Moves blasts on in the name of people."""

    blasts: Blasts
    ledger: Ledger
    lists: Mapping[str, MailingList]
    coordinators: Coordinators
    check: Callable[[Proposal], Sequence[Finding]]
    audiences: Audiences
    terms: Callable[[Draft], Terms]
    words: Callable[[Draft], bytes]  # hash of all that its readers would get
    located: Callable[[Draft], Draft]  # its places as points on the map
    teller: Teller
    clock: Callable[[], datetime]
    counted_from: int = COUNTED_FROM  # people; above it the approver types how many

    def new(self, draft: Draft, *, by: str) -> Proposal:
        """Keep a new draft."""
        author = self.coordinators.person(by, Permission.WRITE)
        return self.blasts.create(self.fit(draft), by=author, at=self.clock())

    def edit(
        self, name: str, draft: Draft, *, by: str, revision: int | None = None
    ) -> Proposal:
        """Put another draft in its place, which voids submission and approval.

        `revision` is the one that the editor has seen.
        """
        editor = self.coordinators.person(by, Permission.WRITE)
        proposal = self._seen(name, revision)
        if proposal.stage not in EDITABLE:
            raise NotMovedError(
                Why.STAGE,
                f"{proposal.name} is {self.state(proposal)}; what has begun to leave is"
                " not changed any more: stop it, and correct it with a new one",
            )
        if draft.name != proposal.name:
            raise InputError(
                f"edition: this draft is {draft.name}, and {proposal.name} is to be"
                " changed; write its name, or make a new one"
            )
        edited = self.blasts.edit(proposal, self.fit(draft), by=editor, at=self.clock())
        changed = self._or_refuse(edited, proposal)
        self.teller.withdraw(changed)
        return changed

    def submit(
        self,
        name: str,
        *,
        by: str,
        acknowledged: Collection[str] = (),
        reasons: Mapping[str, str] | None = None,
        revision: int | None = None,
    ) -> tuple[Proposal, Sequence[Finding]]:
        """Check a draft and ask for an approval; what is found is returned as well.

        `reasons` say why a warning that is acknowledged does not keep it back. Raises
        RefusedError for errors, and for warnings that nobody acknowledged.
        """
        submitter = self.coordinators.person(by, Permission.WRITE)
        proposal = self._seen(name, revision)
        if proposal.stage not in (Stage.DRAFT, Stage.SUBMITTED):
            raise NotMovedError(
                Why.STAGE,
                f"{proposal.name} is {self.state(proposal)}; nothing to submit",
            )
        found = self.check(proposal)
        if stopping := errors(found):
            raise NotMovedError(
                Why.ERRORS,
                f"{proposal.name} has errors: {_names(stopping)}; mailer blast check"
                f" {proposal.name} says more",
            )
        if open_ones := unacknowledged(found, acknowledged):
            raise NotMovedError(
                Why.WARNINGS,
                f"{proposal.name} has warnings that nobody acknowledged:"
                f" {_names(open_ones)}; mend them, or submit with"
                f" {' '.join(f'--acknowledge {each.name}' for each in open_ones)}",
            )
        if strange := set(acknowledged) - {each.name for each in found}:
            raise InputError(
                says(
                    "--acknowledge %(name)s: there is no such warning",
                    name=min(strange),
                )
            )
        moved = self.blasts.submit(
            proposal,
            by=submitter,
            expected=self.audiences.count(
                proposal.draft.audience, self.terms(proposal.draft)
            ),
            words=self.words(proposal.draft),
            acknowledged={
                each: said(why) if (why := (reasons or {}).get(each, "")) else ""
                for each in acknowledged
            },
            at=self.clock(),
        )
        if not moved and (there := self._submitted_by(submitter, proposal)):
            return there, found  # pressed twice
        submitted = self._moved(moved, proposal)
        self.teller.withdraw(submitted)  # it may have been submitted before
        self.teller.ask(submitted)
        return self.blasts.find(proposal.name), found

    def approve(
        self,
        name: str,
        *,
        by: str,
        revision: int | None = None,
        count: int | None = None,
        alone: bool = False,
        reason: str = "",
    ) -> Proposal:
        """Approve what somebody else has written; the hold begins.

        `revision` is the one that the approver has seen. Alone, with a reason, who
        wrote it may approve it too, and all coordinators are told.
        """
        approver = self.coordinators.person(by, Permission.APPROVE)
        proposal = self._seen(name, revision)
        if proposal.stage is not Stage.SUBMITTED:
            raise NotMovedError(
                Why.STAGE,
                f"{proposal.name} is {self.state(proposal)}; only what is submitted can"
                " be approved",
            )
        self._may_approve(proposal, approver, alone=alone, reason=reason)
        self._counted(proposal, count)
        at = self.clock()
        _in_time(proposal, at)
        people = self.blasts.approve(
            proposal,
            by=approver,
            reason=said(reason) if alone else None,
            words=self.words(proposal.draft),
            hold_until=at + proposal.hold(),
            terms=self.terms(proposal.draft),
            at=at,
        )
        approved = self._moved(people is not None, proposal)
        self.teller.withdraw(approved)
        if alone:
            self.teller.tell(approved)
        return self.blasts.find(proposal.name)

    def stop(self, name: str, *, by: str, reason: str) -> Proposal:
        """Let nothing more of it leave, wherever it stands; asked twice is no mistake."""
        actor, at = self._actor(by), self.clock()
        proposal = self.blasts.find(name)
        while True:
            if proposal.stage is Stage.HELD:
                self.blasts.stop(proposal, by=actor, reason=said(reason), at=at)
            elif proposal.stage in LEAVING and proposal.mailing is not None:
                self.ledger.pause(
                    proposal.mailing, reason=said(reason), at=at, by=actor
                )
            seen, proposal = proposal.stage, self.blasts.find(proposal.name)
            if proposal.stage is seen or proposal.stage not in _RUNNING:
                return proposal
            # Approved or released in this moment: it is stopped there.

    def pause(self, name: str, *, by: str, reason: str) -> Proposal:
        """Stop what runs; raises RefusedError if nothing does."""
        proposal = self.blasts.find(name)
        if proposal.stage not in _RUNNING or self._is_paused(proposal):
            raise NotMovedError(
                Why.STAGE,
                f"{proposal.name} is {self.state(proposal)}; nothing was changed",
            )
        return self.stop(proposal.name, by=by, reason=reason)

    def resume(self, name: str, *, by: str, reason: str | None = None) -> Proposal:
        """Go on: with a new hold where nothing has left yet, else with whoever waits."""
        actor = self.coordinators.person(by, Permission.APPROVE)
        at = self.clock()
        proposal = self.blasts.find(name)
        if proposal.stage is Stage.STOPPED:
            _in_time(proposal, at)
            moved = self.blasts.go_on(
                proposal, by=actor, hold_until=at + proposal.hold(), at=at
            )
            return self._moved(moved, proposal)
        if not (
            proposal.stage in LEAVING
            and proposal.mailing is not None
            and self.ledger.resume(proposal.mailing, at=at, by=actor, reason=reason)
        ):
            raise NotMovedError(
                Why.STAGE,
                f"{proposal.name} is {self.state(proposal)}; there is nothing to go on"
                " with",
            )
        return self.blasts.find(proposal.name)

    def cancel(self, name: str, *, by: str, reason: str) -> Proposal:
        """End it for good: whoever has not got it yet never will."""
        actor, at = self._actor(by), self.clock()
        proposal = self.blasts.find(name)
        if proposal.stage in OVER:
            raise NotMovedError(
                Why.STAGE,
                f"{proposal.name} is {self.state(proposal)}; nothing was changed",
            )
        self.blasts.close(
            proposal, Stage.CANCELLED, by=actor, reason=said(reason), at=at
        )
        closed = self.blasts.find(proposal.name)
        if closed.mailing is not None:
            self.ledger.cancel(closed.mailing, reason=said(reason), at=at, by=actor)
        self.teller.withdraw(closed)
        return closed

    def state(self, proposal: Proposal) -> str:
        """Return how far it is in one word, its mailing's pause included."""
        return "paused" if self._is_paused(proposal) else proposal.stage.value

    def _is_paused(self, proposal: Proposal) -> bool:
        if proposal.stage is Stage.STOPPED:
            return True
        if proposal.mailing is None or proposal.stage not in LEAVING:
            return False
        return self.ledger.standing(proposal.mailing).state == "paused"

    def fit(self, draft: Draft) -> Draft:
        """Return a draft for a list that takes it; raises InputError.

        Only a correction goes out under the list of what it corrects, whatever it is.
        """
        if draft.corrects and draft.list_slug in self.lists:
            return self.located(draft)
        lists = [slug for slug, each in self.lists.items() if each.kind is Kind.BLAST]
        if draft.list_slug not in lists:
            there = ", ".join(lists) or 'none: write one with kind = "blast"'
            raise InputError(
                f'list: "{draft.list_slug}" is no list of blasts; there is {there}'
            )
        return self.located(draft)

    def _submitted_by(self, submitter: str, proposal: Proposal) -> Proposal | None:
        """Return what this person has submitted since it was seen, just as it was."""
        there = self.blasts.find(proposal.name)
        is_theirs = normalize(there.submitter or "") == normalize(submitter)
        is_same = there.revision == proposal.revision
        return (
            there if there.stage is Stage.SUBMITTED and is_theirs and is_same else None
        )

    def _may_approve(
        self, proposal: Proposal, approver: str, *, alone: bool, reason: str
    ) -> None:
        if alone:
            said(reason, says("--reason: say why nobody else can approve it now"))
        elif proposal.is_by(approver):
            raise NotMovedError(
                Why.OWN,
                f"{proposal.name}: who wrote, changed or submitted it does not approve"
                " it; ask somebody else, or with a reason: --alone --reason …, of which"
                " all coordinators are told",
            )

    def _counted(self, proposal: Proposal, count: int | None) -> None:
        expected = proposal.expected or 0
        if count is None and expected > self.counted_from:
            raise NotMovedError(
                Why.UNCOUNTED,
                f"{proposal.name} goes to more than {self.counted_from} people: type how"
                f" many, as mailer blast show {proposal.name} says, with --count N",
            )
        if count is not None and count != expected:
            raise NotMovedError(
                Why.MISCOUNTED,
                f"--count {count}: that is not how many it goes to; mailer blast show"
                f" {proposal.name} says it",
            )

    def _actor(self, by: str) -> str:
        """Return who stops: nobody is kept from it for want of a name."""
        return self.coordinators.person(by, Permission.STOP) if by else "cli"

    def _seen(self, name: str, revision: int | None) -> Proposal:
        """Return a blast as somebody saw it; raises NotMovedError if it is another."""
        proposal = self.blasts.find(name)
        if revision is not None and revision != proposal.revision:
            raise _stale(proposal)
        return proposal

    def _moved(self, moved: object, proposal: Proposal) -> Proposal:
        return self._or_refuse(
            self.blasts.find(proposal.name) if moved else None, proposal
        )

    def _or_refuse(self, moved: Proposal | None, proposal: Proposal) -> Proposal:
        if moved is None:
            raise _stale(proposal)
        return moved


def _stale(proposal: Proposal) -> NotMovedError:
    return NotMovedError(Why.STALE, f"{proposal.name}: {_AGAIN} {proposal.name}")


def _in_time(proposal: Proposal, at: datetime) -> None:
    last = proposal.draft.not_after
    if last is not None and proposal.comes_too_late(at):
        raise NotMovedError(
            Why.LATE,
            f"{proposal.name} may not go out after {last:%Y-%m-%d %H:%M} UTC, and the"
            " hold would end later; give it a later not_after, or cancel it: mailer"
            f" blast cancel {proposal.name}",
        )


def _names(findings: Sequence[Finding]) -> str:
    return ", ".join(dict.fromkeys(each.name for each in findings))
