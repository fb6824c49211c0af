"""A provider that does what its script says and remembers what it accepted."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from mailer.core.mime import MimeForm
from mailer.ports import (
    Accepted,
    Answered,
    Capabilities,
    Found,
    NotTaken,
    Outcome,
    Outgoing,
    Search,
    Unknown,
)

Answer = Callable[["ScriptedProvider", Outgoing], Outcome]


class ScriptedProvider:
    """Accepts everything, after its script has run out."""

    name = "scripted"

    def __init__(
        self,
        *script: Answer,
        max_batch: int = 10,
        idempotency_ttl: float | None = None,
        search: Search | None = None,
        window: int = 1,
    ) -> None:
        self.capabilities = Capabilities(
            max_batch=max_batch,
            idempotency_ttl=idempotency_ttl,
            search=search,
            window=window,
            concurrency=4 if window > 1 else 1,
        )
        self._script = list(script)
        self._lock = threading.Lock()
        self._taken: dict[str, Outgoing] = {}  # key → what came under it
        self.calls = 0
        self.searches = 0
        self.replays = 0
        self.accepted: Counter[str] = Counter()
        self.messages: dict[str, bytes] = {}

    def send(self, outgoing: Outgoing) -> Outcome:
        """Answer as the script says."""
        with self._lock:
            self.calls += 1
            answer = self._script.pop(0) if self._script else accept
            return answer(self, outgoing)

    def script(self, *answers: Answer) -> None:
        """Answer so next."""
        self._script += answers

    def forget_the_script(self) -> None:
        """Accept everything from now on."""
        self._script.clear()

    def find(self, outgoing: Outgoing) -> Found | NotTaken:
        """Say which of these were accepted under this key."""
        self.searches += 1
        taken = self._taken.get(outgoing.key)
        there = {r.address for r in taken.recipients} if taken else set()
        return Found(
            accepted=[
                Accepted(provider_id=f"id-{r.address}") if r.address in there else None
                for r in outgoing.recipients
            ]
        )

    def known(self, outgoing: Outgoing) -> bool:
        """Whether this very call was accepted before, as an idempotency key tells.

        The same key with other bytes is what must never happen.
        """
        before = self._taken.get(outgoing.key)
        if before is None or self.capabilities.idempotency_ttl is None:
            return False
        assert _bytes(before) == _bytes(outgoing), "the same key with other bytes"
        self.replays += 1
        return True

    def take(self, outgoing: Outgoing, addresses: Iterable[str]) -> None:
        """Accept for these addresses: from here on they have the message."""
        wanted = set(addresses)
        self._taken[outgoing.key] = replace(
            outgoing, recipients=[r for r in outgoing.recipients if r.address in wanted]
        )
        form = MimeForm(outgoing.letter, outgoing.date)
        for recipient in outgoing.recipients:
            if recipient.address in wanted:
                self.accepted[recipient.address] += 1
                self.messages[recipient.address] = form.fill(recipient)

    def close(self) -> None:
        """Do nothing."""


def accept(provider: ScriptedProvider, outgoing: Outgoing) -> Outcome:
    """Take all of it, once under one key."""
    if not provider.known(outgoing):
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


def vanish(_provider: ScriptedProvider, _outgoing: Outgoing) -> Outcome:
    """Take nothing, and say nothing."""
    return Unknown(detail="the connection broke before anything was taken")


def _bytes(outgoing: Outgoing) -> list[bytes]:
    form = MimeForm(outgoing.letter, outgoing.date)
    return [form.fill(recipient) for recipient in outgoing.recipients]
