"""A provider with a clock: its key forgets, its search lags, its answers get lost."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from mailer.core.envelope import Recipient
from mailer.core.mime import MimeForm
from mailer.ports import (
    Accepted,
    Answered,
    Capabilities,
    Deferred,
    Found,
    NotTaken,
    Outcome,
    Outgoing,
    Refused,
    Result,
    Search,
    Unknown,
    Unsure,
)

TTL = 1_800.0  # seconds
LAG = 100.0  # seconds
KEEPS = 45 * 86_400.0  # seconds
RETRY_AFTER = 90.0  # seconds


class Kind(StrEnum):
    """What a provider can do about a call whose answer was lost."""

    KEY = "key"
    SEARCH = "search"
    NEITHER = "neither"


class Fate(StrEnum):
    """What becomes of a call."""

    ACCEPTED = "accepted"
    SLOW = "accepted, as late as a call can be"
    SILENT = "accepted, and the answer lost"
    HALF = "half of it accepted, and the answer lost"
    LOST = "lost on the way"
    MIXED = "an answer for each"
    REFUSED = "refused as a call"
    THROTTLED = "429"
    DOWN = "not reached"
    UNAUTHORIZED = "401"


_NOT_TAKEN = {
    Fate.THROTTLED: NotTaken(detail="429", retry_after=RETRY_AFTER),
    Fate.DOWN: NotTaken(detail="the connection was refused"),
    Fate.UNAUTHORIZED: NotTaken(detail="401: the token is wrong", stop=True),
}
Person = tuple[bytes, bytes]  # a mailing's key, a reader's uid


@dataclass(slots=True)
class _Said:
    """What a call was answered, person by person; kept under its key."""

    since: float
    results: dict[bytes, Result] = field(default_factory=dict)


@dataclass
class Carrier:
    """Accepts what its fate says, and keeps the log that is the truth."""

    name: str
    kind: Kind
    batch: int  # messages per call
    window: int  # calls of one message each that begin together; 1: batch calls
    now: Callable[[], float]
    pass_time: Callable[[float], None]
    fail: Callable[[str], None]
    taken: Callable[[Person], None]  # told of each acceptance
    log: list[tuple[float, str, Person]] = field(default_factory=list)
    accepted: Counter[Person] = field(default_factory=Counter)
    calls: int = 0
    _said: dict[str, _Said] = field(default_factory=dict)
    _bytes: dict[str, bytes] = field(default_factory=dict)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            max_batch=1 if self.window > 1 else self.batch,
            window=self.window,
            idempotency_ttl=TTL if self.kind is Kind.KEY else None,
            search=Search(lag=LAG, keeps=KEEPS) if self.kind is Kind.SEARCH else None,
        )

    def send(self, outgoing: Outgoing, fate: Fate) -> Outcome:
        """Make of a call what fate has in mind; a known key is answered as before."""
        self.calls += 1
        self._same_bytes(outgoing)
        if fate is Fate.LOST:
            return Unknown(detail="the connection broke before anything was taken")
        if fate in _NOT_TAKEN:
            return _NOT_TAKEN[fate]
        if fate is Fate.SLOW:
            self.pass_time(self.capabilities.longest_call)
        said = self._said.get(outgoing.key)
        fresh = said is None or self.now() >= said.since + TTL
        if said is None or fresh or self.kind is not Kind.KEY:
            said = self._said[outgoing.key] = _Said(self.now())
        if fate is Fate.REFUSED and fresh:
            return NotTaken(detail="422", split=True)
        results = [
            self._answer(outgoing, said, recipient, number, fate)
            for number, recipient in enumerate(outgoing.recipients)
        ]
        if fate in (Fate.SILENT, Fate.HALF):
            return Unknown(detail="the connection broke after the request was sent")
        return Answered(results=results)

    def find(self, outgoing: Outgoing, fate: Fate) -> Found | NotTaken:
        """Say what was accepted under a key, as far as it shows by now."""
        if self.kind is not Kind.SEARCH:
            self.fail("a provider without a search was asked")
        if fate in _NOT_TAKEN:
            return _NOT_TAKEN[fate]
        shown = {
            person
            for since, key, person in self.log
            if key == outgoing.key and since + LAG <= self.now()
        }
        people = [(outgoing.letter.mailing_key, r.uid) for r in outgoing.recipients]
        return Found(accepted=[Accepted() if p in shown else None for p in people])

    def _answer(
        self,
        outgoing: Outgoing,
        said: _Said,
        recipient: Recipient,
        number: int,
        fate: Fate,
    ) -> Result:
        if recipient.uid in said.results:
            return said.results[recipient.uid]
        result: Result = Accepted(provider_id=f"id-{len(self.log)}")
        if fate is Fate.MIXED:
            result = _MIXTURE[(self.calls + number) % len(_MIXTURE)]
        elif fate is Fate.HALF and number >= (len(outgoing.recipients) + 1) // 2:
            return Unsure(detail="not reached")  # nobody will hear this
        if result == _TAKEN or isinstance(result, Accepted):
            person = (outgoing.letter.mailing_key, recipient.uid)
            self.log.append((self.now(), outgoing.key, person))
            self.accepted[person] += 1
            self.taken(person)
            said.results[recipient.uid] = Accepted()
        elif not isinstance(result, Unsure):
            said.results[recipient.uid] = result
        return result

    def _same_bytes(self, outgoing: Outgoing) -> None:
        """I7, for every kind: some provider may one day remember what we forgot."""
        form = MimeForm(outgoing.letter, outgoing.date)
        digest = _digest([form.fill(recipient) for recipient in outgoing.recipients])
        if self._bytes.setdefault(outgoing.key, digest) != digest:
            self.fail("I7: the same key with other bytes")


_TAKEN = Unsure(detail="500 after it was taken")
_MIXTURE: Sequence[Result] = (
    Accepted(provider_id="one of several"),
    _TAKEN,
    Deferred(detail="451: later"),
    Refused(code="550", detail="no such person"),
    Unsure(detail="500 before it was taken"),
)


def _digest(parts: Sequence[bytes]) -> bytes:
    return hashlib.sha256(b"\0".join(parts)).digest()
