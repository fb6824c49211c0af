"""A provider that does what its script says and remembers what it accepted."""

from collections import Counter
from collections.abc import Callable, Iterable

from mailer.core.mime import MimeForm
from mailer.ports import (
    Accepted,
    Answered,
    Capabilities,
    NotTaken,
    Outcome,
    Outgoing,
    Unknown,
)

Answer = Callable[["ScriptedProvider", Outgoing], Outcome]


class ScriptedProvider:
    """Accepts everything, after its script has run out."""

    name = "scripted"

    def __init__(self, *script: Answer, max_batch: int = 10) -> None:
        self.capabilities = Capabilities(max_batch=max_batch)
        self._script = list(script)
        self.calls = 0
        self.accepted: Counter[str] = Counter()
        self.messages: dict[str, bytes] = {}

    def send(self, outgoing: Outgoing) -> Outcome:
        """Answer as the script says."""
        self.calls += 1
        answer = self._script.pop(0) if self._script else accept
        return answer(self, outgoing)

    def take(self, outgoing: Outgoing, addresses: Iterable[str]) -> None:
        """Accept for these addresses: from here on they have the message."""
        wanted = set(addresses)
        form = MimeForm(outgoing.letter, outgoing.date)
        for recipient in outgoing.recipients:
            if recipient.address in wanted:
                self.accepted[recipient.address] += 1
                self.messages[recipient.address] = form.fill(recipient)

    def close(self) -> None:
        """Do nothing."""


def accept(provider: ScriptedProvider, outgoing: Outgoing) -> Outcome:
    """Take all of it."""
    provider.take(outgoing, [r.address for r in outgoing.recipients])
    return Answered(
        results=[Accepted(provider_id=f"id-{r.address}") for r in outgoing.recipients]
    )


def accept_and_vanish(provider: ScriptedProvider, outgoing: Outgoing) -> Outcome:
    """Take all of it, and never say so."""
    accept(provider, outgoing)
    return Unknown(detail="the connection broke after the request was sent")


def refuse_call(_provider: ScriptedProvider, _outgoing: Outgoing) -> Outcome:
    """Refuse the call as such."""
    return NotTaken(detail="422", split=True)


def throttle(_provider: ScriptedProvider, _outgoing: Outgoing) -> Outcome:
    """Ask to come back later."""
    return NotTaken(detail="429", retry_after=0.0)


def unauthorized(_provider: ScriptedProvider, _outgoing: Outgoing) -> Outcome:
    """Refuse the key."""
    return NotTaken(detail="401: the token is wrong", stop=True)
