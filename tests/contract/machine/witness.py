"""Who sees every act on the ledger and every call, and knows what was promised."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from mailer.adapters.database.work import SqlLedger
from mailer.ports import Batch, Intent, Outgoing
from tests.contract.machine import picture as pictures
from tests.contract.machine.carrier import Carrier, Kind, Person
from tests.contract.machine.picture import NOTHING, Picture
from tests.contract.machine.timed import TimedDatabase

# The writes that name a lease: with one that is lost they change nothing.
FENCED = (
    "begin",
    "begin_again",
    "record",
    "put_back",
    "split",
    "wonder",
    "park",
    "release",
)
_NOT_YET = ("pending", "suppressed", "skipped", "failed")


class ViolationError(AssertionError):
    """A promise is broken."""


@dataclass(kw_only=True)
class Witness:
    """Holds what happens against the promises, I1 to I8."""

    database: TimedDatabase
    ledger: SqlLedger
    people: Mapping[bytes, int]  # uid → subscriber
    mailings: dict[bytes, int] = field(default_factory=dict)  # key → mailing
    halted: set[int] = field(default_factory=set)  # acknowledged
    stopped: bool = False  # all of them, acknowledged
    left: set[int] = field(default_factory=set)
    suppressed: set[int] = field(default_factory=set)
    resent: Counter[tuple[int, int]] = field(default_factory=Counter)
    marked: set[tuple[int, int]] = field(default_factory=set)
    past: list[Batch | Intent] = field(default_factory=list)
    picture: Picture = NOTHING
    broken: bool = False
    _quiet: set[int] = field(default_factory=set)  # halted, and no call is in hand
    _held_until: defaultdict[str, float] = field(
        default_factory=lambda: defaultdict(float)
    )

    def watch(self, *carriers: Carrier) -> None:
        """Take the providers whose logs are the truth."""
        self._carriers = carriers

    def _accepted(self, person: Person) -> int:
        return sum(carrier.accepted[person] for carrier in self._carriers)

    def fail(self, promise: str) -> NoReturn:
        """Say which promise is broken."""
        self.broken = True
        raise ViolationError(promise)

    # --- acts on the ledger

    def made(self, mailing: int, key: bytes) -> None:
        """See a mailing that was just composed."""
        self.mailings[key] = mailing
        before, self.picture = self.picture, pictures.take(self.database)
        if self.picture.audience(mailing) != set(self.people.values()) - self.left:
            self.fail("I1: the audience is not everybody who is subscribed")
        old = {k: v for k, v in self.picture.deliveries.items() if k[0] != mailing}
        if old != before.deliveries:
            self.fail("I1: composing changed the deliveries of another mailing")

    def saw(self, verb: str, args: Sequence[Any], result: Any) -> None:
        """See one act, right after its transaction."""
        before = self.picture
        stale = verb in FENCED and self.is_stale(args[0])
        self.look(verb)
        if stale and (self.picture != before or result):
            self.fail(f"I6: {verb} with a lost lease changed the ledger")
        match verb, result:
            case "claim", Batch():
                self.past.append(result)
            case "begin", Intent():
                self._intended(result)
                self.past.append(result)
            case "begin_again", True:
                self._may_begin(args[0].batch.mailing.id)
            case "pause", True:
                self.halted.add(args[0])

    def held_off(self, provider: str, seconds: float) -> None:
        """See that everybody is to wait for a provider."""
        until = max(self._held_until[provider], self.database.time + seconds)
        self._held_until[provider] = until

    def claimed(self, provider: str) -> None:
        """See a batch handed out to be carried by a provider."""
        if self.database.time < self._held_until[provider]:
            self.fail("a batch was claimed while the provider has all wait")

    def goes_on(self, mailing: int) -> None:
        """See a mailing resumed."""
        self.halted.discard(mailing)
        self._quiet.discard(mailing)

    def look(self, verb: str) -> None:
        """Compare the ledger with what it was before an act."""
        before, self.picture = self.picture, pictures.take(self.database)
        for broken in pictures.changes(verb, before, self.picture):
            self.fail(broken)
        for broken in pictures.disorder(self.picture):
            self.fail(broken)
        self._hold_against_the_log()
        self.listen()

    def listen(self) -> None:
        """Notice which of the halted mailings have no call in hand any more."""
        every = self.picture.mailings
        for mailing in every if self.stopped else self.halted:
            if mailing not in self._quiet and not self.ledger.in_hand(mailing):
                self._quiet.add(mailing)
        if not self.stopped:
            self._quiet &= self.halted

    def is_stale(self, what: Batch | Intent) -> bool:
        """Whether the lease under which this was given out is lost."""
        return self._row(what).epoch != _batch(what).epoch

    def is_open(self, what: Batch | Intent) -> bool:
        """Whether somebody works on this, or could."""
        return self._row(what).state in pictures.OPEN_BATCHES

    def _row(self, what: Batch | Intent) -> pictures.BatchRow:
        batch = _batch(what)
        return self.picture.batches[batch.variant_id, batch.seq]

    def _intended(self, intent: Intent) -> None:
        self._may_begin(intent.batch.mailing.id)
        people = {person.subscriber_id for person in intent.addressees}
        if people & (self.left | self.suppressed):
            self.fail("I3: an intent for somebody who had left or was suppressed")

    def _may_begin(self, mailing: int) -> None:
        if self.stopped or mailing in self.halted:
            self.fail("I5: an intent after the mailing was halted")

    def _hold_against_the_log(self) -> None:
        keys = {number: key for key, number in self.mailings.items()}
        uids = {number: uid for uid, number in self.people.items()}
        for who, delivery in self.picture.deliveries.items():
            times = self._accepted((keys[who[0]], uids[who[1]]))
            if delivery.state == "sent" and not times and who not in self.marked:
                self.fail(f"I4: {who} is sent, and the provider never took it")
            if delivery.state in _NOT_YET and times > self.resent[who]:
                self.fail(f"I2: {who} is {delivery.state}, and the provider took it")

    # --- calls

    def call_begins(self, outgoing: Outgoing, people: Sequence[str]) -> None:
        """See a call before its first byte; its intent was for these addresses."""
        if self.mailings[outgoing.letter.mailing_key] in self._quiet:
            self.fail("I5: a call after the halted mailing had none in hand")
        if not {r.address for r in outgoing.recipients} <= set(people):
            self.fail("I3: a call to somebody whom its intent was not for")

    def taken(self, person: Person) -> None:
        """See the provider accept a message."""
        key, uid = person
        who = self.mailings[key], self.people[uid]
        if self._accepted(person) > 1 + self.resent[who]:
            self.fail(f"I2: {who} was mailed twice")
        if self.picture.deliveries[who].state not in ("inflight", "unknown"):
            self.fail(f"I2: {who} was mailed without an open intent")

    # --- the end

    def settled(self) -> None:
        """See that nothing is open, and everybody is accounted for."""
        asked = all(each.kind is Kind.SEARCH for each in self._carriers)
        for who, delivery in self.picture.deliveries.items():
            if delivery.state in pictures.OPEN_DELIVERIES:
                self.fail(f"in the end {who} is {delivery.state}")
            if delivery.state == "parked" and asked:
                self.fail(f"{who} is parked, though the provider can be asked")
        for number, state in self.picture.mailings.items():
            if state not in ("finished", "unresolved", "cancelled"):
                self.fail(f"in the end mailing {number} is {state}")
            counts = self.ledger.standing(number).deliveries
            if sum(counts.values()) != len(self.picture.audience(number)):
                self.fail(f"I1: mailing {number} counts {counts}")


def _batch(what: Batch | Intent) -> Batch:
    return what.batch if isinstance(what, Intent) else what
