"""Finds out what became of a call that nobody knows the outcome of.

Never a reason to send again: the call is repeated under its key, or the provider is
asked, or a person decides.
"""

from dataclasses import dataclass

from mailer.core.errors import MailerError
from mailer.pipeline.calls import Caller
from mailer.pipeline.conclude import Concluder
from mailer.pipeline.gone import Gone
from mailer.pipeline.letters import Writer, fingerprint
from mailer.pipeline.means import Means, means
from mailer.ports import (
    Answered,
    Batch,
    Call,
    Deferred,
    Intent,
    NotTaken,
    Outgoing,
    Result,
    Unsure,
)

ENQUIRIES = 40  # into one unknown outcome before a person must look


@dataclass(frozen=True, slots=True, kw_only=True)
class Enquirer:
    """Replays, searches or parks, by what one provider can do."""

    caller: Caller
    concluder: Concluder
    writer: Writer
    lease: float  # seconds, of a call made again

    def find_out(self, batch: Batch, call: Call, *, latest: float) -> None:
        """Settle what can be settled of a call; none is made after `latest`."""
        provider = self.concluder.provider
        if isinstance(provider, Gone) or call.provider != provider.name:
            self.concluder.park(
                batch,
                f'sent through "{call.provider}", which mailer.toml does not describe'
                " any more: look there",
            )
            return
        intent = self.concluder.ledger.recall(batch)
        if not intent.addressees:  # all of it has been settled otherwise
            self.concluder.park(batch, "nobody is left in it")
            return
        try:
            outgoing = self.writer.outgoing(intent)
        except MailerError as error:
            self.concluder.park(batch, str(error))
            return
        chosen = means(
            self.concluder.provider.capabilities,
            age=call.age,
            same_bytes=call.fingerprint == fingerprint(outgoing, self.concluder.build),
            may_send=batch.mailing.state == "sending",
        )
        if chosen is Means.PARK or batch.attempt > ENQUIRIES:
            self.concluder.park(batch, "nobody can tell whether the provider took it")
        elif chosen is Means.SEARCH:
            self._search(intent, outgoing)
        elif self.concluder.ledger.begin_again(
            intent, lease=self.lease, at=self.concluder.clock()
        ):
            self._replay(intent, outgoing, latest)

    def _replay(self, intent: Intent, outgoing: Outgoing, latest: float) -> None:
        batch = intent.batch
        outcome = self.caller.call("replay", batch, outgoing, latest)
        if isinstance(outcome, NotTaken) and not outcome.split:
            # The refusal is of this call; of the first one still nobody knows.
            self.concluder.wonder(batch, outcome.detail)
            self.concluder.give_way(batch, outcome)
        elif isinstance(outcome, Answered):
            results = [_undecided(result) for result in outcome.results]
            self.concluder.keep(intent, outgoing, results, outcome.rest)
            self.concluder.give_way(batch, outcome.rest)
        else:
            self.concluder.conclude(intent, outgoing, outcome)

    def _search(self, intent: Intent, outgoing: Outgoing) -> None:
        batch = intent.batch
        found = self.caller.ask(batch, outgoing)
        if isinstance(found, NotTaken):
            self.concluder.wonder(batch, found.detail)
            self.concluder.give_way(batch, found)
            return
        # Who has moved since was asked for under an address that was never written to.
        results = [
            hit or (_MOVED if person.moved else _MISSING)
            for hit, person in zip(found.accepted, intent.addressees, strict=True)
        ]
        self.concluder.keep(intent, outgoing, results, None)
        if _MOVED in results:
            self.concluder.park(batch, _MOVED.detail)


_MISSING = Deferred(detail="the provider does not have it")
_MOVED = Unsure(detail="their address has changed since it was sent")


def _undecided(result: Result) -> Result:
    """Take nothing as untaken that a repeated call was only told for itself."""
    return Unsure(detail=result.detail) if isinstance(result, Deferred) else result
