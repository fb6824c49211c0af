"""One provider call per batch, or a window of calls where it takes one message each."""

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property

from mailer.core.envelope import Recipient
from mailer.core.events import marks
from mailer.ports import (
    Accepted,
    Answered,
    Batch,
    Called,
    Deferred,
    Found,
    NotTaken,
    Outcome,
    Outgoing,
    Provider,
    Refused,
    Result,
    Searchable,
    Unknown,
    Unsure,
    Watch,
)

HELD_UP = NotTaken(detail="not sent: this worker was held up, its turn comes later")


class Caller:
    """Makes a batch's calls, none once its time is over, and tells of each."""

    def __init__(
        self, provider: Provider, *, monotonic: Callable[[], float], watch: Watch
    ) -> None:
        self._provider = provider
        self._windows = provider.capabilities.window > 1
        self._monotonic = monotonic
        self._watch = watch

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(
            self._provider.capabilities.concurrency, thread_name_prefix="call"
        )

    def call(
        self, purpose: str, batch: Batch, outgoing: Outgoing, latest: float
    ) -> Outcome:
        """Hand over a batch; no call begins after `latest`."""
        began = self._monotonic()
        outcome = self._send(outgoing, lambda: self._monotonic() < latest)
        self._tell(purpose, batch, outcome, began)
        return outcome

    def ask(self, batch: Batch, outgoing: Outgoing) -> Found | NotTaken:
        """Ask what became of a call, or of each call of a window."""
        began = self._monotonic()
        found = self._find(outgoing)
        self._tell("search", batch, found, began)
        return found

    def _send(self, outgoing: Outgoing, in_time: Callable[[], bool]) -> Outcome:
        if not self._windows:
            return self._provider.send(outgoing) if in_time() else HELD_UP
        closed: list[NotTaken] = []

        def send(recipient: Recipient) -> Result:
            if not closed and not in_time():
                closed.append(HELD_UP)
            if closed:
                return Deferred(detail=closed[0].detail)
            outcome = self._provider.send(alone(outgoing, recipient))
            if isinstance(outcome, NotTaken) and not outcome.split:
                closed.append(outcome)
            return _single(outcome)

        results = self._in_threads(send, outgoing.recipients)
        rest = closed[0] if closed else None
        if rest and all(isinstance(result, Deferred) for result in results):
            return rest
        return Answered(results=results, rest=rest)

    def _in_threads(
        self, send: Callable[[Recipient], Result], recipients: Sequence[Recipient]
    ) -> list[Result]:
        """Send to each; a thread takes the next one when it is free.

        One task per thread: one per message costs half as much as the call itself.
        """
        results: dict[int, Result] = {}
        waiting = deque(enumerate(recipients))

        def work(_thread: int) -> None:
            while waiting:
                try:
                    position, recipient = waiting.popleft()
                except IndexError:  # another was quicker
                    return
                try:
                    results[position] = send(recipient)
                except BaseException:
                    waiting.clear()  # for the others as well
                    raise

        threads = min(self._provider.capabilities.concurrency, len(recipients))
        deque(self._pool.map(work, range(threads)), maxlen=0)  # raises what they raise
        return [results[position] for position in range(len(recipients))]

    def _find(self, outgoing: Outgoing) -> Found | NotTaken:
        provider = self._provider
        if not isinstance(provider, Searchable):
            return NotTaken(detail="this provider cannot be asked", stop=True)
        if not self._windows:
            return provider.find(outgoing)
        accepted: list[Accepted | Unsure | None] = []
        for recipient in outgoing.recipients:
            found = provider.find(alone(outgoing, recipient))
            if isinstance(found, NotTaken):
                return found
            accepted += found.accepted
        return Found(accepted=accepted)

    def _tell(
        self, purpose: str, batch: Batch, outcome: Outcome | Found, began: float
    ) -> None:
        mailing = batch.mailing
        self._watch(
            Called(
                provider=self._provider.name,
                mailing=f"{mailing.list_slug}/{mailing.edition}",
                purpose=purpose,
                outcome=_OUTCOMES.get(type(outcome), "answered"),
                results=_tally(outcome),
                seconds=self._monotonic() - began,
                detail=getattr(outcome, "detail", ""),
            )
        )

    def close(self) -> None:
        """Let go of the threads."""
        if "_pool" in self.__dict__:
            self._pool.shutdown()


_OUTCOMES: Mapping[type, str] = {NotTaken: "not taken", Unknown: "unknown"}


def _tally(outcome: Outcome | Found) -> Counter[str]:
    """Count by kind what became of each message."""
    match outcome:
        case Answered(results=results):
            return Counter(type(result).__name__.lower() for result in results)
        case Found(accepted=accepted):
            return Counter(
                type(hit).__name__.lower() if hit else "deferred" for hit in accepted
            )
    return Counter()


def alone(outgoing: Outgoing, recipient: Recipient) -> Outgoing:
    """Return one message of a window, under a key of its own: always the same."""
    _, key = marks(outgoing.key, recipient.uid)
    return replace(outgoing, key=key, recipients=[recipient])


def only(outgoing: Outgoing, keep: Sequence[bool]) -> Outgoing:
    """Return a batch with some of its recipients."""
    chosen = [r for r, kept in zip(outgoing.recipients, keep, strict=True) if kept]
    return replace(outgoing, recipients=chosen)


def _single(outcome: Outcome) -> Result:
    match outcome:
        case Answered(results=[result]):
            return result
        case NotTaken(split=True, detail=detail):
            return Refused(code="refused", detail=detail)
        case NotTaken(detail=detail):
            return Deferred(detail=detail)
        case Unknown(detail=detail):
            return Unsure(detail=detail)
    return Unsure(detail="an answer for more than the one that was sent")
