"""A fence around a provider: mail to a few leaves, all other mail goes to the outbox.

For trying things out with real subscribers in the database. To the ledger it looks
like the provider within.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from mailer.core.allowing import KEPT, AllowList
from mailer.core.envelope import Recipient
from mailer.ports import (
    Accepted,
    Answered,
    Capabilities,
    Deferred,
    Found,
    NotTaken,
    Outcome,
    Outgoing,
    Provider,
    Result,
    Searchable,
    Unknown,
    Unsure,
)

_T = TypeVar("_T")


class Fenced:
    """Hands the provider within only what is to somebody on the list."""

    def __init__(
        self, within: Provider, *, allowed: AllowList, outbox: Provider
    ) -> None:
        """Take an outbox that writes the same batch to the same place again."""
        self._within = within
        self._allowed = allowed
        self._outbox = outbox

    @property
    def name(self) -> str:
        """Return the name of the provider within."""
        return self._within.name

    @property
    def capabilities(self) -> Capabilities:
        """Return what the provider within can do."""
        return self._within.capabilities

    def send(self, outgoing: Outgoing) -> Outcome:
        """Hand over a batch in two parts.

        The outbox comes second. What the provider does not take is sent anew under
        another key, and the outbox would have it twice.
        """
        inside, outside = self._sides(outgoing.recipients)
        outcome: Outcome = Answered(results=())
        if inside:
            outcome = self._within.send(replace(outgoing, recipients=inside))
        if not outside or isinstance(outcome, NotTaken):
            return outcome
        kept = self._keep(outgoing, outside)
        if isinstance(outcome, Unknown):
            # Made again, or asked about, it goes through here as a whole once more.
            return outcome
        results = self._merged(outgoing.recipients, outcome.results, kept)
        return Answered(results=results, rest=outcome.rest)

    def find(self, outgoing: Outgoing) -> Found | NotTaken:
        """Ask the provider within about all of them; the outbox has the others.

        About those outside, too: the call may be older than the fence, and to ask mails
        nobody.
        """
        if not isinstance(self._within, Searchable):
            return NotTaken(detail="this provider cannot be asked", stop=True)
        found = self._within.find(outgoing)
        if isinstance(found, NotTaken):
            return found
        outside = [
            reader
            for reader, hit in zip(outgoing.recipients, found.accepted, strict=True)
            if hit is None and reader.address not in self._allowed
        ]
        written = iter(self._keep(outgoing, outside))
        accepted = [
            _known(next(written))
            if hit is None and reader.address not in self._allowed
            else hit
            for reader, hit in zip(outgoing.recipients, found.accepted, strict=True)
        ]
        return Found(accepted=accepted)

    def close(self) -> None:
        """Close both."""
        self._within.close()
        self._outbox.close()

    def _sides(
        self, recipients: Sequence[Recipient]
    ) -> tuple[list[Recipient], list[Recipient]]:
        inside = [r for r in recipients if r.address in self._allowed]
        outside = [r for r in recipients if r.address not in self._allowed]
        return inside, outside

    def _keep(self, outgoing: Outgoing, outside: list[Recipient]) -> Sequence[Result]:
        if not outside:
            return ()
        outcome = self._outbox.send(replace(outgoing, recipients=outside))
        if isinstance(outcome, Answered):
            return [_marked(result) for result in outcome.results]
        return [Deferred(detail=outcome.detail)] * len(outside)

    def _merged(
        self,
        recipients: Sequence[Recipient],
        inside: Sequence[_T],
        outside: Sequence[_T],
    ) -> list[_T]:
        allowed, others = iter(inside), iter(outside)
        return [
            next(allowed if r.address in self._allowed else others) for r in recipients
        ]


def _known(written: Result) -> Accepted | Unsure | None:
    return written if isinstance(written, Accepted | Unsure) else None


def _marked(result: Result) -> Result:
    """Have an identifier say where the message is, for whoever counts them."""
    if isinstance(result, Accepted):
        return Accepted(provider_id=f"{KEPT}{result.provider_id}")
    return result
