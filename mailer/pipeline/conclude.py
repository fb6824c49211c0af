"""Writes down what came of a call: who has it, who waits, what a person must look at.

Each write names the lease it was made under; the ledger takes only the first.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailer.core.errors import StoreError
from mailer.pipeline.calls import HELD_UP, only
from mailer.pipeline.letters import fingerprint
from mailer.ports import (
    Answered,
    Batch,
    Deferred,
    Intent,
    Ledger,
    NotTaken,
    Outcome,
    Outgoing,
    Provider,
    Refused,
    Result,
    Unknown,
    Unsure,
)

ATTEMPTS = 8  # of a batch before a person must look
REFUSALS = 3  # of single messages, before it must be the letter
BACKOFF = (10.0, 30.0, 60.0, 300.0, 900.0, 1800.0, 3600.0)  # seconds
_LONGEST = 86_400.0  # seconds; whoever asks for more is asked again each day
_BARRED = 900.0  # seconds after which a provider that shut us out is tried again
_PATIENCE = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0)  # seconds, database away

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluder:
    """Draws the conclusions from what one provider answers."""

    ledger: Ledger
    provider: Provider
    clock: Clock
    build: bytes = b""  # stands for the program and the provider's settings
    backoff: Sequence[float] = BACKOFF  # seconds, attempt by attempt
    sleep: Callable[[float], None] = time.sleep
    trouble: Callable[[str], None] = lambda _words: None  # told why something waits

    def conclude(self, intent: Intent, outgoing: Outgoing, outcome: Outcome) -> None:
        """Write down the outcome of a call, and do what it asks for."""
        match outcome:
            case Answered(results=[Refused(detail=detail), *_] as results) if (
                _all_refused(results) and not self._anyone_got(intent.batch)
            ):
                self._hold(intent, detail)
            case Answered(results=results, rest=rest):
                self.keep(intent, outgoing, results, rest)
                self.give_way(intent.batch, rest)
            case NotTaken(split=True, detail=detail):
                self._split(intent, outgoing, detail)
            case NotTaken(detail=detail):
                self.give_way(intent.batch, outcome)  # before another takes its turn
                self.put_back(intent, detail)
            case Unknown(detail=detail):
                unsure = [Unsure(detail=detail)] * len(intent.addressees)
                self.keep(intent, outgoing, unsure, None)

    def _split(self, intent: Intent, outgoing: Outgoing, detail: str) -> None:
        """Halve a refused call, down to the one recipient that is the reason."""
        if len(intent.addressees) == 1 and self._letter_refused(intent.batch):
            self._hold(intent, detail)
            return
        if len(intent.addressees) == 1:
            refused = Refused(code="refused", detail=detail)
            self.keep(intent, outgoing, [refused], None)
            return
        at = self.clock()
        self._insist(lambda: self.ledger.split(intent, detail=detail, at=at))

    def _letter_refused(self, batch: Batch) -> bool:
        """Whether the letter is the reason: nobody got it, and several were refused."""
        if self._anyone_got(batch):
            return False
        return self.ledger.alike(batch, "failed", most=REFUSALS) == REFUSALS

    def _anyone_got(self, batch: Batch) -> bool:
        return self.ledger.alike(batch, "sent", most=1) > 0

    def _hold(self, intent: Intent, detail: str) -> None:
        """Fail nobody else for what a person must mend."""
        reason = f"{self.provider.name} refuses every message of it: {detail}"
        self.pause(intent.batch, reason)
        self.put_back(intent, detail)

    def give_way(self, batch: Batch, fault: NotTaken | None) -> None:
        """Let everybody wait, or a person act, when the provider takes nothing."""
        if fault is None or fault.detail == HELD_UP.detail:
            return
        if fault.stop:
            self._shut_out(batch, fault.detail)
            return
        asked = min(fault.retry_after or 0.0, _LONGEST)
        delay = max(self._pause_after(batch), asked)
        self.trouble(f"{self.provider.name}: {fault.detail}; all wait {delay:.0f} s")
        name, detail = self.provider.name, fault.detail
        self._insist(lambda: self.ledger.hold_off(name, seconds=delay, detail=detail))
        if batch.attempt >= ATTEMPTS and not batch.unknown:
            self.pause(batch, f"{name} took nothing {batch.attempt} times: {detail}")

    def _shut_out(self, batch: Batch, detail: str) -> None:
        """Leave the mail to whoever stands in; a person must act where nobody can."""
        name, other = self.provider.name, batch.stand_in
        refusal = f"{name}: {detail}"
        if other is None:
            self.pause(batch, refusal)
            return
        # Before looking at the other: of two at once, one sees that both are barred.
        self._insist(lambda: self.ledger.bar(name, seconds=_BARRED, detail=detail))
        found: list[str | None] = []
        self._insist(lambda: found.append(self.ledger.barred(other)))
        if reason := found[0]:
            self.pause(batch, f"{refusal}; {other} takes nothing either: {reason}")
            return
        self.trouble(
            f"{refusal}; {other} carries its mail meanwhile. It is tried again in"
            f" {_BARRED / 60:.0f} minutes, or when sending is started anew"
        )

    @property
    def settle(self) -> float:
        """Seconds before the provider can say what it accepted."""
        search = self.provider.capabilities.search
        return search.lag if search else 0.0

    # --- writing down

    def keep(
        self,
        intent: Intent,
        outgoing: Outgoing,
        results: Sequence[Result],
        rest: NotTaken | None,
    ) -> None:
        """Write down what became of each message; `rest` is why some were not tried."""
        batch = intent.batch
        if batch.attempt >= ATTEMPTS and not (batch.unknown or rest):
            results = [_give_up(result) for result in results]
        unsure = [isinstance(result, Unsure) for result in results]
        # What is left of a call cannot be called again; what is left of a window can.
        whole = all(unsure) or self.provider.capabilities.window > 1
        mark = (
            fingerprint(only(outgoing, unsure), self.build)
            if any(unsure) and whole
            else None
        )
        settle = self.settle
        if batch.unknown:
            settle = max(settle, self._pause_after(batch))
        ready = rest is not None or batch.unknown  # the provider waits, not the batch
        delay = 0.0 if ready else self._pause_after(batch)
        at = self.clock()
        self._insist(
            lambda: self.ledger.record(
                intent, results, fingerprint=mark, settle=settle, delay=delay, at=at
            )
        )

    def _pause_after(self, batch: Batch) -> float:
        """Return the seconds before a batch is tried again."""
        return self.backoff[min(batch.attempt, len(self.backoff)) - 1]

    def put_back(self, intent: Intent, detail: str) -> None:
        """Make ready again what was not taken."""
        at = self.clock()
        self._insist(lambda: self.ledger.put_back(intent, detail=detail, at=at))

    def wonder(self, batch: Batch, detail: str) -> None:
        """Leave it unknown, and look into it again later."""
        delay = self._pause_after(batch)
        self._insist(lambda: self.ledger.wonder(batch, detail=detail, delay=delay))

    def park(self, batch: Batch, detail: str) -> None:
        """Leave it to a person."""
        at = self.clock()
        self._insist(lambda: self.ledger.park(batch, detail=detail, at=at))

    def pause(self, batch: Batch, reason: str) -> None:
        """Pause the mailing until a person lets it go on."""
        number, at = batch.mailing.id, self.clock()
        self._insist(lambda: self.ledger.pause(number, reason=reason, at=at))

    def _insist(self, write: Callable[[], object]) -> None:
        """Write down what the provider answered, even if the database must come back.

        Writing it twice is harmless: the lease's epoch lets only the first count.
        """
        said = False
        for delay in _PATIENCE:
            try:
                write()
            except StoreError as error:
                if not said:
                    self.trouble(
                        f"{error}; what the provider answered is kept, and written"
                        " down if this is mended within minutes"
                    )
                said = True
                self.sleep(delay)
            else:
                return
        write()


def _all_refused(results: Sequence[Result]) -> bool:
    """Whether each call of a window was refused as such."""
    return len(results) > REFUSALS and all(
        isinstance(result, Refused) and result.code == "refused" for result in results
    )


def _give_up(result: Result) -> Result:
    if isinstance(result, Deferred):
        return Refused(code="gave up", detail=result.detail)
    return result
