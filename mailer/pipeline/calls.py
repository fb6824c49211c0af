"""One provider call per batch, or a window of calls where it takes one message each."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from uuid import UUID, uuid5

from mailer.core.envelope import Recipient
from mailer.ports import (
    Accepted,
    Answered,
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
)

HELD_UP = NotTaken(detail="not sent: this worker was held up, its turn comes later")


class Caller:
    """Makes a batch's calls; none begins once its time is over."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._windows = provider.capabilities.window > 1

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(
            self._provider.capabilities.concurrency, thread_name_prefix="call"
        )

    def send(self, outgoing: Outgoing, in_time: Callable[[], bool]) -> Outcome:
        """Hand over a batch; `in_time` is asked right before each call."""
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

    def find(self, outgoing: Outgoing) -> Found | NotTaken:
        """Ask what became of a call, or of each call of a window."""
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

    def close(self) -> None:
        """Let go of the threads."""
        if "_pool" in self.__dict__:
            self._pool.shutdown()


def alone(outgoing: Outgoing, recipient: Recipient) -> Outgoing:
    """Return one message of a window, under a key of its own: always the same."""
    key = uuid5(UUID(outgoing.key), recipient.uid.hex())
    return replace(outgoing, key=str(key), recipients=[recipient])


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
