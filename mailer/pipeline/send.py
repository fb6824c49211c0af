"""Claim → intent → fill → one call → outcome, until nothing is left to do.

The intent is committed before the first byte leaves and no transaction is open on
the network. An outcome that nobody knows is never a reason to send again: the call is
repeated under its key, or the provider is asked, or a person decides.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid5

from mailer.core.errors import MailerError, StoreError
from mailer.pipeline.calls import HELD_UP, Caller, only
from mailer.pipeline.letters import Writer, fingerprint
from mailer.pipeline.means import Means, means
from mailer.ports import (
    Answered,
    Batch,
    Call,
    Called,
    Deferred,
    Found,
    Intent,
    Ledger,
    NotTaken,
    Outcome,
    Outgoing,
    Pace,
    Provider,
    Refused,
    Result,
    Unknown,
    Unsure,
    Watch,
)

ATTEMPTS = 8  # of a batch before a person must look
REFUSALS = 3  # of single messages, before it must be the letter
ENQUIRIES = 40  # into one unknown outcome before a person must look
MARGIN = 60.0  # seconds that a lease outlives the longest call
# Where nothing can be found out afterwards, an answer is waited for with patience.
PATIENT_MARGIN = 300.0
_LOOK_AGAIN = 5.0  # seconds at most: another worker may have finished it
_PATIENCE = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0)  # seconds, database away
BACKOFF = (10.0, 30.0, 60.0, 300.0, 900.0, 1800.0, 3600.0)  # seconds
_NAMESPACE = UUID("0a3f3c56-7b1e-4c0e-9f0c-5f3f6d1f2a11")

Clock = Callable[[], datetime]


def elapsing() -> float:
    """Return seconds that never go back and go on while the machine sleeps."""
    return time.clock_gettime(_NEVER_BACK)


# On Linux the monotonic clock stands still during sleep, a lease does not.
_NEVER_BACK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Drains the ledger through one provider."""

    ledger: Ledger
    provider: Provider
    writer: Writer
    clock: Clock
    owner: str  # this worker's name in leases
    build: bytes = b""  # stands for the program and the provider's settings
    paces: Callable[[Batch], Sequence[Pace]] = lambda _batch: ()
    margin: float | None = None  # seconds; None: as the provider's means ask for
    backoff: Sequence[float] = BACKOFF  # seconds, attempt by attempt
    monotonic: Callable[[], float] = elapsing
    sleep: Callable[[float], None] = time.sleep
    trouble: Callable[[str], None] = lambda _words: None  # told why something waits
    watch: Watch = lambda _called: None
    caller: Caller = field(init=False)

    def __post_init__(self) -> None:
        """Make what calls the provider."""
        object.__setattr__(self, "caller", Caller(self.provider))

    def step(self, mailing_id: int | None = None) -> Batch | None:
        """Send one batch or find one out; returns it, or None when none is due now."""
        # Before the claim: what it says grows old while this worker is frozen.
        started = self.monotonic()
        batch = self.ledger.claim(
            self.owner,
            lease=self._lease,
            mailing_id=mailing_id,
            provider=self.provider.name,
            settle=self._settle,
        )
        if batch is None:
            return None
        if batch.unknown:
            self._find_out(batch, batch.unknown, started)
        else:
            self._send(batch, started)
        return batch

    def drain(
        self,
        mailing_id: int | None = None,
        *,
        sleep: Callable[[float], object],
        progress: Callable[[], None] = lambda: None,
        stopping: Callable[[], bool] = lambda: False,
        wait: bool = True,
    ) -> None:
        """Send until no batch is open; with `wait`, also those that are due later.

        Ends between two calls when `stopping` says so.
        """
        while not stopping():
            if self.step(mailing_id) is not None:
                progress()
                continue
            if not wait:
                return
            count, delay = self.ledger.waiting(mailing_id, provider=self.provider.name)
            if not count:
                return
            sleep(min(_LOOK_AGAIN, max(0.2, delay or 0.0)))

    def close(self) -> None:
        """Let go of the threads that make calls."""
        self.caller.close()

    # --- a new call

    def _send(self, batch: Batch, started: float) -> None:
        sealed: list[Outgoing] = []

        def seal(intent: Intent) -> bytes:
            sealed.append(self.writer.outgoing(intent))
            return fingerprint(sealed[-1], self.build)

        try:
            intent = self.ledger.begin(
                batch,
                lease=self._lease,
                provider=self.provider.name,
                key=_key(batch),
                paces=self.paces(batch),
                seal=seal,
                at=self.clock(),
            )
        except StoreError:
            raise
        except MailerError as error:  # its list is gone: nothing has left
            self.ledger.release(batch)
            self._pause(batch, str(error))
            return
        if intent is None:
            return
        try:
            outcome = self._call("send", batch, sealed[-1], started)
        except MailerError as error:  # a header is bad: nothing has left
            self._put_back(intent, str(error))
            self._pause(batch, str(error))
            return
        self._conclude(intent, sealed[-1], outcome)

    def _conclude(self, intent: Intent, outgoing: Outgoing, outcome: Outcome) -> None:
        match outcome:
            case Answered(results=[Refused(detail=detail), *_] as results) if (
                _all_refused(results) and not self._anyone_got(intent.batch)
            ):
                self._hold(intent, detail)
            case Answered(results=results, rest=rest):
                self._keep(intent, outgoing, results, rest)
                self._give_way(intent.batch, rest)
            case NotTaken(split=True, detail=detail):
                self._split(intent, outgoing, detail)
            case NotTaken(detail=detail):
                self._give_way(intent.batch, outcome)  # before another takes its turn
                self._put_back(intent, detail)
            case Unknown(detail=detail):
                unsure = [Unsure(detail=detail)] * len(intent.addressees)
                self._keep(intent, outgoing, unsure, None)

    def _split(self, intent: Intent, outgoing: Outgoing, detail: str) -> None:
        """Halve a refused call, down to the one recipient that is the reason."""
        if len(intent.addressees) == 1 and self._letter_refused(intent.batch):
            self._hold(intent, detail)
            return
        if len(intent.addressees) == 1:
            refused = Refused(code="refused", detail=detail)
            self._keep(intent, outgoing, [refused], None)
            return
        at = self.clock()
        self._insist(lambda: self.ledger.split(intent, detail=detail, at=at))

    def _letter_refused(self, batch: Batch) -> bool:
        """Whether the letter is the reason: nobody got it, and several were refused."""
        counts = self.ledger.variant_counts(batch)
        return counts.get("failed", 0) >= REFUSALS and not counts.get("sent")

    def _anyone_got(self, batch: Batch) -> bool:
        return bool(self.ledger.variant_counts(batch).get("sent"))

    def _hold(self, intent: Intent, detail: str) -> None:
        """Fail nobody else for what a person must mend."""
        reason = f"{self.provider.name} refuses every message of it: {detail}"
        self._pause(intent.batch, reason)
        self._put_back(intent, detail)

    def _give_way(self, batch: Batch, fault: NotTaken | None) -> None:
        """Let everybody wait, or a person act, when the provider takes nothing."""
        if fault is None or fault.detail == HELD_UP.detail:
            return
        if fault.stop:
            self._pause(batch, f"{self.provider.name}: {fault.detail}")
            return
        delay = max(self._pause_after(batch), fault.retry_after or 0.0)
        self.trouble(f"{self.provider.name}: {fault.detail}; all wait {delay:.0f} s")
        name, detail = self.provider.name, fault.detail
        self._insist(lambda: self.ledger.hold_off(name, seconds=delay, detail=detail))
        if batch.attempt >= ATTEMPTS and not batch.unknown:
            self._pause(batch, f"{name} took nothing {batch.attempt} times: {detail}")

    # --- an unknown outcome

    def _find_out(self, batch: Batch, call: Call, started: float) -> None:
        if call.provider != self.provider.name:
            self._park(
                batch, f'sent through "{call.provider}", which is not the provider now'
            )
            return
        intent = self.ledger.recall(batch)
        if not intent.addressees:  # all of it has been settled otherwise
            self._park(batch, "nobody is left in it")
            return
        try:
            outgoing = self.writer.outgoing(intent)
        except MailerError as error:
            self._park(batch, str(error))
            return
        chosen = means(
            self.provider.capabilities,
            age=call.age,
            same_bytes=call.fingerprint == fingerprint(outgoing, self.build),
            may_send=batch.mailing.state == "sending",
        )
        if chosen is Means.PARK or batch.attempt > ENQUIRIES:
            self._park(batch, "nobody can tell whether the provider took it")
        elif chosen is Means.SEARCH:
            self._search(intent, outgoing)
        elif self.ledger.begin_again(intent, lease=self._lease):
            self._replay(intent, outgoing, started)

    def _replay(self, intent: Intent, outgoing: Outgoing, started: float) -> None:
        batch = intent.batch
        outcome = self._call("replay", batch, outgoing, started)
        if isinstance(outcome, NotTaken) and not outcome.split:
            # The refusal is of this call; of the first one still nobody knows.
            self._wonder(batch, outcome.detail)
            self._give_way(batch, outcome)
        elif isinstance(outcome, Answered):
            results = [_undecided(result) for result in outcome.results]
            self._keep(intent, outgoing, results, outcome.rest)
            self._give_way(batch, outcome.rest)
        else:
            self._conclude(intent, outgoing, outcome)

    def _search(self, intent: Intent, outgoing: Outgoing) -> None:
        began = self.monotonic()
        found = self.caller.find(outgoing)
        seconds = self.monotonic() - began
        batch = intent.batch
        if isinstance(found, NotTaken):
            self._tell("search", batch, found, seconds)
            self._wonder(batch, found.detail)
            self._give_way(batch, found)
            return
        # Who has moved since was asked for under an address that was never written to.
        results = [
            hit or (_MOVED if person.moved else _MISSING)
            for hit, person in zip(found.accepted, intent.addressees, strict=True)
        ]
        self._tell("search", batch, Answered(results=results), seconds)
        self._keep(intent, outgoing, results, None)
        if _MOVED in results:
            self._park(batch, _MOVED.detail)

    # --- calling

    def _call(
        self, purpose: str, batch: Batch, outgoing: Outgoing, started: float
    ) -> Outcome:
        """Call the provider, unless this worker was held up past its time."""
        latest = started + self._margin / 2
        began = self.monotonic()
        outcome = self.caller.send(outgoing, lambda: self.monotonic() < latest)
        self._tell(purpose, batch, outcome, self.monotonic() - began)
        return outcome

    def _tell(
        self, purpose: str, batch: Batch, outcome: Outcome | Found, seconds: float
    ) -> None:
        mailing = batch.mailing
        results = outcome.results if isinstance(outcome, Answered) else ()
        self.watch(
            Called(
                provider=self.provider.name,
                mailing=f"{mailing.list_slug}/{mailing.edition}",
                purpose=purpose,
                outcome=_OUTCOMES.get(type(outcome), "answered"),
                results=Counter(type(result).__name__.lower() for result in results),
                seconds=seconds,
                detail=outcome.detail
                if not isinstance(outcome, Answered | Found)
                else "",
            )
        )

    @property
    def _margin(self) -> float:
        if self.margin is not None:
            return self.margin
        known = self.provider.capabilities
        return MARGIN if known.idempotency_ttl or known.search else PATIENT_MARGIN

    @property
    def _lease(self) -> float:
        return self.provider.capabilities.longest_call + self._margin

    @property
    def _settle(self) -> float:
        search = self.provider.capabilities.search
        return search.lag if search else 0.0

    # --- writing down

    def _keep(
        self,
        intent: Intent,
        outgoing: Outgoing,
        results: Sequence[Result],
        rest: NotTaken | None,
    ) -> None:
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
        settle = self._settle
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

    def _put_back(self, intent: Intent, detail: str) -> None:
        at = self.clock()
        self._insist(lambda: self.ledger.put_back(intent, detail=detail, at=at))

    def _wonder(self, batch: Batch, detail: str) -> None:
        delay = self._pause_after(batch)
        self._insist(lambda: self.ledger.wonder(batch, detail=detail, delay=delay))

    def _park(self, batch: Batch, detail: str) -> None:
        at = self.clock()
        self._insist(lambda: self.ledger.park(batch, detail=detail, at=at))

    def _pause(self, batch: Batch, reason: str) -> None:
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


_MISSING = Deferred(detail="the provider does not have it")
_MOVED = Unsure(detail="their address has changed since it was sent")
_OUTCOMES: Mapping[type, str] = {NotTaken: "not taken", Unknown: "unknown"}


def _key(batch: Batch) -> str:
    """Name a new call: the epoch grows with every claim, so no two are named alike."""
    mailing = batch.mailing.key.hex()
    name = f"{mailing}/{batch.variant_id}/{batch.seq}/{batch.epoch}"
    return str(uuid5(_NAMESPACE, name))


def _undecided(result: Result) -> Result:
    """Take nothing as untaken that a repeated call was only told for itself."""
    return Unsure(detail=result.detail) if isinstance(result, Deferred) else result


def _all_refused(results: Sequence[Result]) -> bool:
    """Whether each call of a window was refused as such."""
    return len(results) > REFUSALS and all(
        isinstance(result, Refused) and result.code == "refused" for result in results
    )


def _give_up(result: Result) -> Result:
    if isinstance(result, Deferred):
        return Refused(code="gave up", detail=result.detail)
    return result


def totals(deliveries: Mapping[str, int]) -> tuple[int, int]:
    """Return how many deliveries are settled, and how many there are to settle."""
    due = sum(n for s, n in deliveries.items() if s not in ("skipped", "suppressed"))
    open_ones = sum(deliveries.get(s, 0) for s in ("pending", "inflight", "unknown"))
    return due - open_ones, due
