"""Claim → intent → fill → one call → outcome, until nothing is left to do.

The intent is committed before the first byte leaves and no transaction is open on
the network. What nobody knows is never sent again: it stays `unknown`, listed for a
person.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid5

from mailer.core.envelope import Letter, Recipient
from mailer.core.errors import MailerError, StoreError
from mailer.core.tokens import Keyring, Purpose
from mailer.ports import (
    Addressee,
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
    Renderer,
    Result,
    Unknown,
    Unsure,
)

LEASE = 900.0  # seconds; longer than any provider call may take (SMTP: ten minutes)
ATTEMPTS = 8  # of a batch before a person must look
# While the database is away, an answer is kept for eight minutes: within the lease.
_PATIENCE = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0)  # seconds
_BACKOFF = (10.0, 30.0, 60.0, 300.0, 900.0, 1800.0, 3600.0)  # seconds
_NAMESPACE = UUID("0a3f3c56-7b1e-4c0e-9f0c-5f3f6d1f2a11")

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imprint:
    """What every letter of a list carries."""

    sender_name: str
    sender_address: str
    reply_to: str | None
    headers: tuple[tuple[str, str], ...]  # List-Id, Feedback-ID, …


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Drains the ledger through one provider."""

    ledger: Ledger
    provider: Provider
    renderer: Renderer
    keyring: Keyring
    base_url: str
    imprint: Callable[[str, str], Imprint]  # list, edition → what letters carry
    clock: Clock
    owner: str  # this worker's name in leases
    sleep: Callable[[float], None] = time.sleep
    trouble: Callable[[str], None] = lambda _words: None  # told why something waits

    def step(self, mailing_id: int | None = None) -> Batch | None:
        """Send one batch; returns it, or None when none is due now."""
        batch = self.ledger.claim(self.owner, lease=LEASE, mailing_id=mailing_id)
        if batch is None:
            return None
        intent = self.ledger.begin(
            batch, lease=LEASE, provider=self.provider.name, at=self.clock()
        )
        if intent is not None:
            self._send(intent)
        return batch

    def _send(self, intent: Intent) -> None:
        try:
            outgoing = self.outgoing(intent)
            outcome = self.provider.send(outgoing)
        except MailerError as error:  # its list is gone, a header is bad: nothing left
            self._put_back(intent, str(error), 0.0)
            self._pause(intent, str(error))
            return
        self._record(intent, outgoing, outcome)

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
            count, delay = self.ledger.waiting(mailing_id)
            if not count:
                return
            sleep(min(30.0, max(0.2, delay or 0.0)))

    def outgoing(self, intent: Intent) -> Outgoing:
        """Return an intent as a provider takes it: same intent, same bytes."""
        batch, mailing = intent.batch, intent.batch.mailing
        imprint = self.imprint(mailing.list_slug, mailing.edition)
        letter = Letter(
            mailing_key=mailing.key,
            sender_name=imprint.sender_name,
            sender_address=imprint.sender_address,
            reply_to=imprint.reply_to,
            subject=intent.subject,
            html=intent.html,
            text=intent.text,
            leave_prefix=f"{self.base_url}/u/",
            domain=imprint.sender_address.rpartition("@")[2],
            headers=imprint.headers,
        )
        key = uuid5(_NAMESPACE, f"{mailing.key.hex()}/{batch.variant_id}/{batch.seq}")
        return Outgoing(
            key=str(key),
            date=intent.sent_at,
            letter=letter,
            recipients=recipients(
                intent.addressees,
                language=intent.language,
                list_number=mailing.list_number,
                keyring=self.keyring,
                renderer=self.renderer,
            ),
        )

    def _record(self, intent: Intent, outgoing: Outgoing, outcome: Outcome) -> None:
        match outcome:
            case Answered(results=results):
                self._keep(intent, results)
            case NotTaken(stop=True, detail=detail):
                self._put_back(intent, detail, 0.0)
                self._pause(intent, f"{self.provider.name}: {detail}")
            case NotTaken(split=True, detail=detail):
                self._one_by_one(intent, outgoing, detail)
            case NotTaken(detail=detail, retry_after=retry_after):
                self._later(intent, detail, retry_after)
            case Unknown(detail=detail):
                self._keep(intent, [Unsure(detail=detail)] * len(intent.addressees))

    def _later(self, intent: Intent, detail: str, retry_after: float | None) -> None:
        attempt = intent.batch.attempt
        delay = max(_BACKOFF[min(attempt, len(_BACKOFF)) - 1], retry_after or 0.0)
        self._put_back(intent, detail, delay)
        self.trouble(
            f"{self.provider.name}: {detail}; {len(intent.addressees)} messages wait"
            f" {delay:.0f} s"
        )
        if attempt >= ATTEMPTS:
            self._pause(
                intent, f"{self.provider.name} took nothing {attempt} times: {detail}"
            )

    def _one_by_one(self, intent: Intent, outgoing: Outgoing, detail: str) -> None:
        """Send each alone when the call as such was refused: one bad one fails alone.

        Once the provider takes nothing any more, the rest waits for the next attempt.
        """
        if len(outgoing.recipients) == 1:
            self._keep(intent, [Refused(code="refused", detail=detail)])
            return
        results: list[Result] = []
        closed: NotTaken | None = None
        for recipient in outgoing.recipients:
            if closed is None:
                outcome = self.provider.send(_alone(outgoing, recipient))
                if isinstance(outcome, NotTaken) and not outcome.split:
                    closed = outcome
                results.append(_single(outcome))
            else:
                results.append(Deferred(detail=closed.detail))
        self._keep(intent, results)
        if closed is not None and closed.stop:
            self._pause(intent, f"{self.provider.name}: {closed.detail}")

    def _pause(self, intent: Intent, reason: str) -> None:
        number = intent.batch.mailing.id
        self._insist(lambda: self.ledger.pause(number, reason=reason, at=self.clock()))

    def _keep(self, intent: Intent, results: Sequence[Result]) -> None:
        if intent.batch.attempt >= ATTEMPTS:
            results = [_give_up(result) for result in results]
        self._insist(
            lambda: self.ledger.record(
                intent, results, provider=self.provider.name, at=self.clock()
            )
        )

    def _put_back(self, intent: Intent, detail: str, delay: float) -> None:
        self._insist(
            lambda: self.ledger.put_back(
                intent, detail=detail, delay=delay, at=self.clock()
            )
        )

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


def recipients(
    addressees: Sequence[Addressee],
    *,
    language: str,
    list_number: int,
    keyring: Keyring,
    renderer: Renderer,
) -> Sequence[Recipient]:
    """Give each addressee their own links and the sentence why they get the mail."""
    uids = [person.uid for person in addressees]
    leave = keyring.signer(Purpose.LEAVE, list_number).all(uids)
    preferences = keyring.signer(Purpose.PREFERENCES, list_number).all(uids)
    reason = renderer.reason
    return [
        Recipient(
            uid=person.uid,
            address=person.address,
            leave=leave_token,
            preferences=preferences_token,
            reason=reason(language, person.organization, person.consented_on),
        )
        for person, leave_token, preferences_token in zip(
            addressees, leave, preferences, strict=True
        )
    ]


def _alone(outgoing: Outgoing, recipient: Recipient) -> Outgoing:
    key = uuid5(UUID(outgoing.key), recipient.uid.hex())
    return replace(outgoing, key=str(key), recipients=[recipient])


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


def _give_up(result: Result) -> Result:
    if isinstance(result, Deferred):
        return Refused(code="gave up", detail=result.detail)
    return result


def totals(deliveries: Mapping[str, int]) -> tuple[int, int]:
    """Return how many deliveries are settled, and how many there are to settle."""
    due = sum(n for s, n in deliveries.items() if s not in ("skipped", "suppressed"))
    return due - deliveries.get("pending", 0) - deliveries.get("inflight", 0), due
