"""Claim → intent → fill → one call → outcome, until nothing is left to do.

The intent is committed before the first byte leaves and no transaction is open on
the network. An outcome that nobody knows is never a reason to send again.
"""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid5

from mailer.core.errors import MailerError, StoreError
from mailer.pipeline.calls import Caller
from mailer.pipeline.conclude import BACKOFF, Clock, Concluder
from mailer.pipeline.enquire import Enquirer
from mailer.pipeline.letters import Writer, fingerprint
from mailer.ports import Batch, Intent, Ledger, Outgoing, Pace, Provider, Watch

MARGIN = 60.0  # seconds that a lease outlives the longest call
# Where nothing can be found out afterwards, an answer is waited for with patience.
PATIENT_MARGIN = 300.0
_LOOK_AGAIN = 5.0  # seconds at most: another worker may have finished it
_STAND_BY = 1.0  # seconds between two looks whether another leaves its mail to us
_NAMESPACE = UUID("0a3f3c56-7b1e-4c0e-9f0c-5f3f6d1f2a11")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Drains the ledger through one provider."""

    ledger: Ledger
    provider: Provider
    writer: Writer
    clock: Clock
    monotonic: Callable[[], float]  # seconds, and it goes on while the machine sleeps
    owner: str  # this worker's name in leases
    build: bytes = b""  # stands for the program and the provider's settings
    relieves: Collection[str] = ()  # whose mail it carries while they take nothing
    paces: Callable[[Batch], Sequence[Pace]] = lambda _batch: ()
    margin: float | None = None  # seconds; None: as the provider's means ask for
    backoff: Sequence[float] = BACKOFF  # seconds, attempt by attempt
    sleep: Callable[[float], None] = time.sleep
    trouble: Callable[[str], None] = lambda _words: None  # told why something waits
    watch: Watch = lambda _called: None
    caller: Caller = field(init=False)
    concluder: Concluder = field(init=False)
    enquirer: Enquirer = field(init=False)

    def __post_init__(self) -> None:
        """Make what calls the provider and what draws conclusions."""
        caller = Caller(self.provider, monotonic=self.monotonic, watch=self.watch)
        concluder = Concluder(
            ledger=self.ledger,
            provider=self.provider,
            clock=self.clock,
            build=self.build,
            backoff=self.backoff,
            sleep=self.sleep,
            trouble=self.trouble,
        )
        enquirer = Enquirer(
            caller=caller, concluder=concluder, writer=self.writer, lease=self._lease
        )
        object.__setattr__(self, "caller", caller)
        object.__setattr__(self, "concluder", concluder)
        object.__setattr__(self, "enquirer", enquirer)

    def step(self, mailing_id: int | None = None) -> Batch | None:
        """Send one batch or find one out; returns it, or None when none is due now."""
        # Before the claim: what it says grows old while this worker is frozen.
        started = self.monotonic()
        batch = self.ledger.claim(
            self.owner,
            lease=self._lease,
            mailing_id=mailing_id,
            provider=self.provider.name,
            settle=self.concluder.settle,
            relieves=self.relieves,
        )
        if batch is None:
            return None
        if batch.unknown:
            self.enquirer.find_out(batch, batch.unknown, latest=self._latest(started))
        else:
            self._send(batch, self._latest(started))
        return batch

    def drain(
        self,
        mailing_id: int | None = None,
        *,
        sleep: Callable[[float], object],
        progress: Callable[[], None] = lambda: None,
        stopping: Callable[[], bool] = lambda: False,
        wait: bool = True,
        soon: float = 0.0,
    ) -> None:
        """Send until no batch is open; with `wait`, also those that are due later.

        Without it, also those that are due within `soon` seconds: of a pace, the next
        turn. Ends between two calls when `stopping` says so.
        """
        while not stopping():
            if self.step(mailing_id) is not None:
                progress()
                continue
            if not (wait or soon):
                return
            count, delay = self.ledger.waiting(mailing_id, provider=self.provider.name)
            if not count or not (wait or (delay is not None and delay <= soon)):
                return
            due = _STAND_BY if delay is None else delay
            sleep(min(_LOOK_AGAIN, max(0.2, due)))

    def close(self) -> None:
        """Let go of the threads that make calls."""
        self.caller.close()

    def _send(self, batch: Batch, latest: float) -> None:
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
            self.concluder.pause(batch, str(error))
            return
        if intent is None:
            return
        try:
            outcome = self.caller.call("send", batch, sealed[-1], latest)
        except MailerError as error:  # a header is bad: nothing has left
            self.concluder.put_back(intent, str(error))
            self.concluder.pause(batch, str(error))
            return
        self.concluder.conclude(intent, sealed[-1], outcome)

    def _latest(self, started: float) -> float:
        """Return when no call may begin any more: this worker was held up too long."""
        return started + self._margin / 2

    @property
    def _margin(self) -> float:
        if self.margin is not None:
            return self.margin
        known = self.provider.capabilities
        return MARGIN if known.idempotency_ttl or known.search else PATIENT_MARGIN

    @property
    def _lease(self) -> float:
        return self.provider.capabilities.longest_call + self._margin


def _key(batch: Batch) -> str:
    """Name a new call: the epoch grows with every claim, so no two are named alike."""
    mailing = batch.mailing.key.hex()
    name = f"{mailing}/{batch.variant_id}/{batch.seq}/{batch.epoch}"
    return str(uuid5(_NAMESPACE, name))
