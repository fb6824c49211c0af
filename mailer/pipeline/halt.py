"""Holding a mailing, going on with it and ending it, in the name of a person.

Whoever asks, by command or page, comes through here: a blast moves with the draft that
it was, everything else is the ledger's alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mailer.core.errors import RefusedError
from mailer.core.reasons import said
from mailer.pipeline.propose import Proposer
from mailer.ports import Ledger, Mailing

_BLAST = "blast"


@dataclass(frozen=True, slots=True, kw_only=True)
class Halter:
    """Turns mailings, each time for a reason.

    Raises InputError for a reason that is none, and RefusedError where a mailing is not
    in a state to be turned.
    """

    ledger: Ledger
    proposer: Callable[[], Proposer]
    clock: Callable[[], datetime]
    actor: str  # as records name them
    person: str = (
        ""  # their address, by which coordinators are known; none at the shell
    )

    def pause(self, mailing: Mailing, *, reason: str) -> None:
        """Let no call begin any more until somebody goes on."""
        words = said(reason)
        if mailing.kind == _BLAST:
            self.proposer().pause(_name(mailing), by=self.person, reason=words)
        else:
            turned = self.ledger.pause(
                mailing.id, reason=words, at=self.clock(), by=self.actor
            )
            _require(mailing, turned=turned)

    def resume(self, mailing: Mailing, *, reason: str | None = None) -> None:
        """Go on with what is paused."""
        words = said(reason) if reason else None
        if mailing.kind == _BLAST and self.person:
            self.proposer().resume(_name(mailing), by=self.person, reason=words)
        else:
            turned = self.ledger.resume(
                mailing.id, at=self.clock(), by=self.actor, reason=words
            )
            _require(mailing, turned=turned)

    def cancel(self, mailing: Mailing, *, reason: str) -> None:
        """End it for good: whoever has not got it yet never will."""
        words = said(reason)
        if mailing.kind == _BLAST:
            self.proposer().cancel(_name(mailing), by=self.person, reason=words)
        else:
            turned = self.ledger.cancel(
                mailing.id, reason=words, at=self.clock(), by=self.actor
            )
            _require(mailing, turned=turned)


def _require(mailing: Mailing, *, turned: bool) -> None:
    if not turned:
        raise RefusedError(f"{_name(mailing)} is {mailing.state}; nothing was changed")


def _name(mailing: Mailing) -> str:
    return f"{mailing.list_slug}/{mailing.edition}"
