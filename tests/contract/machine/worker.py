"""A real sender that stands still wherever a process may die or be frozen.

It runs in a thread of its own, but only ever while it is told to go: one worker moves
at a time, from one gate to the next, and a run can be repeated exactly.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from mailer.core.errors import StoreError
from mailer.pipeline.send import Sender
from mailer.ports import Capabilities, Found, NotTaken, Outcome, Outgoing
from tests.contract.machine.carrier import Carrier, Fate

_PATIENCE = 120.0  # seconds


class Trouble(StrEnum):
    """When the connection to the database breaks."""

    NEVER = "never"
    BEFORE = "before the transaction"
    AFTER = "after its commit"


@dataclass(frozen=True, slots=True)
class Order:
    """What awaits a worker on its way to the next gate."""

    fate: Fate = Fate.ACCEPTED
    trouble: Trouble = Trouble.NEVER


HEALTHY = Order()


class Killed(BaseException):
    """The process is gone: whatever catches errors does not catch this."""


class Guard(Protocol):
    """Who looks at every act and call."""

    def call_begins(self, outgoing: Outgoing, people: Sequence[str]) -> None:
        """Be told of a call, and of whom its intent was for."""
        ...


class Life:
    """One process: it ends for good."""

    def __init__(self, worker: "Worker") -> None:
        self.worker = worker
        self.over = False
        self.people: Sequence[str] = ()  # the addresses of its last intent

    def gate(self, name: str) -> None:
        """Stand still here until told to go on, or be killed."""
        if not self.over:
            self.worker.stand(name)
        if self.over:
            raise Killed


class Line:
    """One process's way to a provider."""

    def __init__(self, life: Life, guard: Guard, carrier: Carrier) -> None:
        self.name = carrier.name
        self._life = life
        self._guard = guard
        self._carrier = carrier

    @property
    def capabilities(self) -> Capabilities:
        return self._carrier.capabilities

    def send(self, outgoing: Outgoing) -> Outcome:
        if self._life.over:
            raise Killed
        try:
            self._guard.call_begins(outgoing, self._life.people)
            outcome = self._carrier.send(outgoing, self._life.worker.order.fate)
        except BaseException:
            self._life.over = True  # or the next call of its window stands at a gate
            raise
        if self.capabilities.window > 1:
            self._life.gate("between two calls")
        return outcome

    def find(self, outgoing: Outgoing) -> Found | NotTaken:
        return self._carrier.find(outgoing, self._life.worker.order.fate)

    def close(self) -> None:
        """Do nothing."""


class Worker:
    """Takes one step after the other, in as many lives as it needs."""

    def __init__(self, employ: Callable[[Life], Sender]) -> None:
        self._employ = employ
        self._go, self._stood = threading.Semaphore(0), threading.Semaphore(0)
        self._error: BaseException | None = None
        self._ended = False
        self._life = Life(self)
        self.at: str | None = None  # where it stands; None: between two steps
        self.order = HEALTHY
        self.found = False  # whether its last step had something to do
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def go(self, order: Order = HEALTHY) -> None:
        """Go on to the next gate, or to the end of the step."""
        self.order = order
        self._go.release()
        answered = self._stood.acquire(timeout=_PATIENCE)
        if self._error is not None:
            raise self._error
        assert answered, f"the worker stands still, and not at a gate: {self.at}"

    def finish(self, order: Order = HEALTHY) -> None:
        """Go on to the end of the step."""
        self.go(order)
        while self.at is not None:
            self.go(order)

    def kill(self) -> None:
        """Die where it stands; the next step is taken with nothing in memory."""
        self._life.over = True
        if self.at is not None:
            self.go()

    def end(self) -> None:
        """Die for good."""
        if self._error is None:
            self.kill()
            self._ended = True
            self._go.release()
        self._thread.join()

    def stand(self, name: str) -> None:
        """Stand still; called from within the step."""
        self.at = name
        self._stood.release()
        self._go.acquire()

    def _run(self) -> None:
        sender = self._employ(self._life)
        while self._called():
            if self._life.over:
                sender.close()
                self._life = Life(self)
                sender = self._employ(self._life)
            self._step(sender)
            self.at = None
            self._stood.release()
        sender.close()

    def _called(self) -> bool:
        if self._error is not None:
            return False
        self._go.acquire()
        return not self._ended

    def _step(self, sender: Sender) -> None:
        try:
            self.found = sender.step() is not None
        except Killed:
            self.found = True
        except StoreError:
            self.found = True  # a service tries again after a while
        except BaseException as error:  # noqa: BLE001 - raised where the rule is
            self._life.over = True  # nothing of it goes on in a thread of its calls
            self._error = error
