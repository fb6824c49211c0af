"""What may happen, in any order: the rules of the state machine over the ledger."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from mailer.adapters.database.work import SqlLedger
from mailer.core.routes import Route
from mailer.pipeline.send import Sender
from tests.contract.machine.carrier import Fate, Kind
from tests.contract.machine.timed import TimedDatabase
from tests.contract.machine.worker import HEALTHY, Order, Trouble
from tests.contract.machine.world import (
    EDITIONS,
    PEOPLE,
    ROUTES,
    WORKERS,
    Setting,
    World,
)

person = st.integers(0, PEOPLE - 1)
worker = st.integers(0, WORKERS - 1)
edition = st.integers(0, len(EDITIONS) - 1)
fate = st.sampled_from([*[Fate.ACCEPTED] * 2, *[Fate.SILENT] * 2, *Fate])
# Less and more than half a margin, a lag, a lease, a key's life.
duration = st.sampled_from([5.0, 40.0, 110.0, 200.0, 500.0, 2_000.0, 20_000.0])
gates = st.integers(0, 4)
others = st.sampled_from([0, 4, 1, 0])
trouble = st.sampled_from([None, None, Trouble.BEFORE, Trouble.AFTER])
rarely = st.sampled_from([False, False, False, False, True])
batch = st.sampled_from([5, 2, 3])
window = st.sampled_from([1, 1, 4])
rate = st.sampled_from([None, None, 0.05])
ways = st.sampled_from(ROUTES)
halt = st.sampled_from(["pause", "go on", "stop", "go on", "pause", "cancel"])
MOVES = ("leave", "suppress", "rejoin")
move = st.sampled_from(MOVES)


class LedgerMachine(RuleBasedStateMachine):
    """What may happen, to one kind of provider over one database."""

    database: TimedDatabase
    ledger_type: type[SqlLedger] = SqlLedger
    sender_type: type[Sender] = Sender
    carrier: Kind
    world: World | None = None

    @property
    def here(self) -> World:
        assert self.world is not None
        return self.world

    @initialize(batch=batch, window=window, rate=rate, route=ways)
    def begin(self, batch: int, window: int, rate: float | None, route: Route) -> None:
        self.world = World(
            self.database,
            Setting(
                kind=self.carrier, batch=batch, window=window, rate=rate, route=route
            ),
            self.ledger_type,
            self.sender_type,
        )

    # --- the workers

    @rule(who=worker, gates=st.integers(1, 6), fate=fate)
    def work(self, who: int, gates: int, fate: Fate) -> None:
        self.here.work(who, gates, Order(fate))

    @rule(who=worker, fate=fate)
    def work_through(self, who: int, fate: Fate) -> None:
        self.here.work(who, 1, Order(fate))
        while self.here.workers[who].at is not None:
            self.here.workers[who].go(Order(fate))

    @rule(who=worker, gates=gates, seconds=duration, others=others, fate=fate)
    def be_frozen(
        self, who: int, gates: int, seconds: float, others: int, fate: Fate
    ) -> None:
        self.here.work(who, gates, Order(fate))
        self.here.pass_time(seconds)
        if others:
            self.here.work((who + 1) % WORKERS, others, HEALTHY)
        self.here.work(who, 2, HEALTHY)

    @rule(who=worker, gates=gates, number=person, how=halt | move, fate=fate)
    def be_overtaken_by_a_person(
        self, who: int, gates: int, number: int, how: str, fate: Fate
    ) -> None:
        self.here.work(who, gates, Order(fate))
        if how in MOVES:
            self.here.move(how, number, in_doubt=True)
        else:
            self.here.halt(how, number)
        self.here.work(who, 2, Order(fate))

    @rule(who=worker, gates=gates, fate=fate, trouble=trouble)
    def be_in_trouble(
        self, who: int, gates: int, fate: Fate, trouble: Trouble | None
    ) -> None:
        self.here.work(who, gates, Order(fate))
        if trouble is None:
            self.here.workers[who].kill()
        else:
            self.here.workers[who].go(Order(fate, trouble))

    @rule(which=st.integers(0, 20))
    def come_back_from_the_dead(self, which: int) -> None:
        self.here.haunt(which)

    @rule(seconds=duration, upgrade=rarely)
    def pass_time(self, seconds: float, *, upgrade: bool) -> None:
        self.here.pass_time(seconds)
        if upgrade:
            self.here.upgrade()

    # --- the people

    @rule(number=person, how=move, in_doubt=st.booleans())
    def come_or_go(self, number: int, how: str, *, in_doubt: bool) -> None:
        self.here.move(how, number, in_doubt=in_doubt)

    @rule(number=edition, how=halt)
    def halt_or_go_on(self, number: int, how: str) -> None:
        self.here.halt(how, number)

    @rule(number=edition, which=st.none() | person, resend=st.booleans())
    def plan_or_settle(self, number: int, which: int | None, *, resend: bool) -> None:
        self.here.settle(number, which, resend=resend)
        self.here.plan()

    def teardown(self) -> None:
        if self.world is None:
            return
        try:
            if not self.world.broken:
                self.world.end_well()
        finally:
            self.world.close()
