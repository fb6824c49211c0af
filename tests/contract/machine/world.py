"""A coalition's mail in small: its ledger, its people, its provider, its workers."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select

from mailer.adapters.database.instance import Instance, Memory
from mailer.adapters.database.parked import Parked
from mailer.adapters.database.schema import subscribers
from mailer.adapters.database.work import SqlLedger
from mailer.core.errors import RefusedError
from mailer.core.routes import Route
from mailer.pipeline import plan
from mailer.pipeline.send import Sender
from mailer.ports import Accepted, Batch, Intent, Ledger, Mailing, Pace
from tests.contract.machine.carrier import Carrier, Kind
from tests.contract.machine.tap import tap
from tests.contract.machine.timed import START, TimedDatabase
from tests.contract.machine.witness import Witness
from tests.contract.machine.worker import HEALTHY, Life, Line, Order, Worker
from tests.contract.post import SECRET, WEEKLY, Post
from tests.factories import MONDAY, contact, draft

PEOPLE, ENGLISH = 8, 5  # the others read Spanish, so there are two variants
WORKERS = 3
ROUTES = (
    Route(shares={"scripted": 1}, fallback="spare"),
    Route(shares={"scripted": 1}),
    Route(shares={"scripted": 1, "spare": 1}),
    Route(shares={"scripted": 1, "spare": 1}, fallback="scripted"),
)
EDITIONS = ("2019-10-07", "2019-10-14", "2019-09-30", "2019-09-23")
_LIMIT = 400  # steps within which a ledger must come to rest


def inhabit(database: TimedDatabase) -> None:
    """Put there what all runs share."""
    post = Post(database)
    post.publish(draft("San Diego"), draft("Denver"))
    languages = {n: "en" if n <= ENGLISH else "es" for n in range(1, PEOPLE + 1)}
    post.enlist(*[contact(n, language=tongue) for n, tongue in languages.items()])


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How one run is set up."""

    kind: Kind
    batch: int
    window: int
    rate: float | None  # messages per second; None: no pace
    route: Route


class World:
    """One run."""

    def __init__(
        self,
        database: TimedDatabase,
        setting: Setting,
        ledger_type: type[SqlLedger] = SqlLedger,
        sender_type: type[Sender] = Sender,
    ) -> None:
        database.sweep()
        self.database = database
        self.post = Post(database, route=setting.route)
        self.post.ledger = ledger_type(database, SECRET)
        size = max(setting.batch, setting.window)
        self.post.composer = replace(self.post.composer, batch_size=lambda _list: size)
        if setting.rate is not None:
            self.post.paces = [Pace(name="provider:scripted", rate=setting.rate)]
        self.parked = Parked(database)
        self.instance = Instance(
            database, machine="here", memory=Memory(database.folder / "last-call.json")
        )
        self.people = self._people()  # uids, reader1 first
        self.witness = Witness(
            database=database,
            ledger=self.post.ledger,
            people=dict(self.people),
        )
        self.carriers = [
            Carrier(
                name=name,
                kind=setting.kind,
                batch=setting.batch,
                window=setting.window,
                now=lambda: database.time,
                pass_time=self.pass_time,
                fail=self.witness.fail,
                taken=self.witness.taken,
            )
            for name in setting.route.names
        ]
        self.witness.watch(*self.carriers)
        self._sender_type = sender_type
        self.mailings: list[Mailing] = []
        self.plan()
        self.workers = [self._worker(number) for number in range(WORKERS)]

    def _people(self) -> Sequence[tuple[bytes, int]]:
        query = select(subscribers.c.uid, subscribers.c.id).order_by(
            subscribers.c.address
        )
        with self.database.reading() as connection:
            return [(bytes(uid), number) for uid, number in connection.execute(query)]

    def _worker(self, number: int) -> Worker:
        """Return a worker of the first provider, or of the next in turn."""
        carrier = self.carriers[number % len(self.carriers)]
        return Worker(partial(self._employ, carrier))

    def _employ(self, carrier: Carrier, life: Life) -> Sender:
        sender = replace(
            self.post.sender(Line(life, self.witness, carrier)),
            ledger=tap(self.witness, life),
            monotonic=lambda: self.database.time,
            sleep=lambda _seconds: None,
        )
        if type(sender) is self._sender_type:
            return sender
        given = {f.name: getattr(sender, f.name) for f in fields(sender) if f.init}
        return self._sender_type(**given)

    @property
    def broken(self) -> bool:
        """Whether a promise was broken: then there is no good end."""
        return self.witness.broken

    # --- what workers do

    def work(self, who: int, gates: int, order: Order) -> None:
        """Have a worker go past so many gates; where nothing is due it waits."""
        worker = self.workers[who]
        for _ in range(gates):
            worker.go(order)
            if worker.at is None and not worker.found and not self._wait(who):
                return

    def _wait(self, who: int) -> bool:
        """Let time pass until something is due; False if nothing ever will be."""
        if not self.witness.picture.open_batches():
            self.plan()
            return True
        name = self.carriers[who % len(self.carriers)].name
        count, delay = self.post.ledger.waiting(None, provider=name)
        if count:
            self.pass_time(max(delay or 0.0, 0.0))
        return bool(count)

    # --- what people do

    def plan(self) -> None:
        """Make the next edition and its deliveries, if there is one left to make."""
        if len(self.mailings) == len(EDITIONS):
            return
        ledger, edition = self.post.ledger, EDITIONS[len(self.mailings)]
        mailing = plan.now(WEEKLY, ledger, edition=edition, now=self.post.now)
        self.post.compose(mailing)
        self.mailings.append(mailing)
        self.witness.made(mailing.id, mailing.key)

    def halt(self, how: str, number: int) -> None:
        """Pause or cancel a mailing, stop all sending, or let all of it go on."""
        mailing = self.mailings[number % len(self.mailings)].id
        ledger, at = self.post.ledger, self.post.now
        match how:
            case "pause":
                done = ledger.pause(mailing, reason="wait", at=at)
                self.witness.saw("pause", (mailing,), done)
            case "cancel":
                if ledger.cancel(mailing, reason="off", at=at):
                    self.witness.halted.add(mailing)
                self.witness.look("cancel")
            case "stop":
                self.instance.stop(reason="panic", actor="cli", at=at)
                self.witness.stopped = True
                self.witness.listen()
            case _:
                self._go_on()

    def _go_on(self) -> None:
        self.instance.start(actor="cli", at=self.post.now)
        self.witness.stopped = False
        self.witness.listen()
        for mailing in self.mailings:
            if self.post.ledger.resume(mailing.id, at=self.post.now):
                self.witness.goes_on(mailing.id)
            self.witness.look("resume")

    def move(self, how: str, number: int, *, in_doubt: bool) -> None:
        """Have a reader leave, rejoin or be suppressed: one whose call is open, or any.

        An open call is when it matters most.
        """
        numbers = [subscriber for _uid, subscriber in self.people]
        if in_doubt:
            numbers = sorted(self.witness.picture.in_doubt()) or numbers
        subscriber = numbers[number % len(numbers)]
        place = [each for _uid, each in self.people].index(subscriber)
        uid, at = self.people[place][0], self.post.now
        match how:
            case "leave":
                self.post.readers.leave(uid, self.post.number, at=at, how="u")
                self.witness.left.add(subscriber)
            case "rejoin":
                self.post.readers.rejoin(uid, self.post.number, at=at)
                self.witness.left.discard(subscriber)
            case _:
                address = f"reader{place + 1}@example.org"
                self.post.people.suppress([address], reason="bounced", at=at)
                self.witness.suppressed.add(subscriber)

    def settle(self, number: int, who: int | None, *, resend: bool) -> None:
        """Have what is parked sent again or marked as sent: one of it, or all."""
        mailing = self.mailings[number % len(self.mailings)].id
        one = None if who is None else self.people[who][1]
        chosen = [
            each
            for each, delivery in self.witness.picture.deliveries.items()
            if delivery.state == "parked"
            and each[0] == mailing
            and one in (None, each[1])
        ]
        if resend:
            with contextlib.suppress(RefusedError):  # nothing of a cancelled mailing is
                self.parked.resend(mailing, one, actor="cli", at=self.post.now)
                self.witness.resent.update(chosen)
            self.witness.look("resend")
        else:
            self.witness.marked.update(chosen)
            self.parked.mark_sent(mailing, one, actor="cli", at=self.post.now)
            self.witness.look("mark sent")

    # --- what happens

    def pass_time(self, seconds: float) -> None:
        """Let all clocks go on."""
        self.database.time += seconds
        self.post.now = MONDAY + timedelta(seconds=self.database.time - START)
        self.witness.listen()

    def upgrade(self) -> None:
        """Have all workers start again as another version."""
        self.post.build += b"+"
        for worker in self.workers:
            worker.kill()

    def haunt(self, which: int) -> None:
        """Have a worker of long ago write all that it might."""
        past = [each for each in self.witness.past if self.witness.is_stale(each)]
        open_ones = [each for each in past if self.witness.is_open(each)]
        if past:
            chosen = (open_ones or past)[which % len(open_ones or past)]
            write_late(tap(self.witness), chosen, self.post.now)

    # --- the end

    def end_well(self) -> None:
        """Resume all and drain; wake whoever was frozen, and drain once more."""
        self._fresh = [self._worker(n) for n in range(len(self.carriers))]
        self.workers += self._fresh
        self._go_on()
        self.pass_time(1_000.0)
        self._drain()
        for worker in self.workers:
            if worker.at is not None:
                worker.finish(HEALTHY)
        self._go_on()
        self._drain()
        self.witness.settled()

    def close(self) -> None:
        for worker in self.workers:
            worker.end()

    def _drain(self) -> None:
        for _ in range(_LIMIT):
            for worker in self._fresh:
                worker.finish(HEALTHY)
            if any(worker.found for worker in self._fresh):
                continue
            if not self.witness.picture.open_batches():
                return
            delays = [
                self.post.ledger.waiting(None, provider=carrier.name)[1]
                for carrier in self.carriers
            ]
            soonest = min((delay for delay in delays if delay is not None), default=0.0)
            self.pass_time(max(soonest, 30.0))
        self.witness.fail("it does not come to rest")


def write_late(ledger: Ledger, what: Batch | Intent, at: datetime) -> None:
    """Try every write that names a lease."""
    batch = what
    if isinstance(what, Intent):
        batch = what.batch
        taken = [Accepted() for _ in what.addressees]
        ledger.begin_again(what, lease=300.0, at=at)
        ledger.record(what, taken, fingerprint=None, settle=0.0, delay=0.0, at=at)
        ledger.put_back(what, detail="late", at=at)
        ledger.split(what, detail="late", at=at)
    assert isinstance(batch, Batch)
    ledger.begin(
        batch,
        lease=300.0,
        provider="scripted",
        key="late",
        paces=(),
        seal=lambda _intent: b"sealed",
        at=at,
    )
    ledger.release(batch)
    ledger.wonder(batch, detail="late", delay=0.0)
    ledger.park(batch, detail="late", at=at)
