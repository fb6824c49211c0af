"""Whatever happens, in whatever order: nobody is lost and nobody is mailed twice.

A state machine drives real senders over a real ledger and stops them wherever a
process may die, freeze or lose its database, while people leave, pause, cancel and
settle what nobody knows. After every act the ledger is held against the provider's
log. `MAILER_LEDGER_RUNS=2000` has it try so many runs, other ones each time.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from mailer.adapters.database.work import SqlLedger
from mailer.pipeline.send import Sender
from tests.contract.machine.carrier import Fate, Kind
from tests.contract.machine.timed import TimedDatabase
from tests.contract.machine.witness import FENCED
from tests.contract.machine.worker import HEALTHY, Order, Trouble
from tests.contract.machine.world import (
    EDITIONS,
    PEOPLE,
    WORKERS,
    Setting,
    World,
    inhabit,
)

RUNS = int(os.environ.get("MAILER_LEDGER_RUNS", "0"))
SETTINGS = settings(
    max_examples=RUNS or 40,
    stateful_step_count=60 if RUNS else 40,
    derandomize=not RUNS,
    database=None,
    deadline=None,
    report_multiple_bugs=False,
    print_blob=False,
    suppress_health_check=list(HealthCheck),
)

person = st.integers(0, PEOPLE - 1)
worker = st.integers(0, WORKERS - 1)
edition = st.integers(0, len(EDITIONS) - 1)
fate = st.sampled_from([*[Fate.ACCEPTED] * 3, *Fate, Fate.SILENT])
# Less and more than half a margin, a lag, a lease, a key's life.
duration = st.sampled_from([5.0, 40.0, 110.0, 200.0, 500.0, 2_000.0, 20_000.0])
gates = st.integers(0, 4)
trouble = st.sampled_from([None, None, Trouble.BEFORE, Trouble.AFTER])
rarely = st.sampled_from([False, False, False, False, True])
kind = st.sampled_from(Kind)
batch = st.sampled_from([2, 3, 1])
window = st.sampled_from([1, 1, 4])
rate = st.sampled_from([None, None, 0.05])
halt = st.sampled_from(["pause", "go on", "stop", "go on", "pause", "cancel"])
move = st.sampled_from(["leave", "suppress", "rejoin"])


class LedgerMachine(RuleBasedStateMachine):
    """What may happen."""

    database: TimedDatabase
    ledger_type: type[SqlLedger] = SqlLedger
    sender_type: type[Sender] = Sender
    only: Kind | None = None
    world: World | None = None

    @property
    def here(self) -> World:
        assert self.world is not None
        return self.world

    @initialize(kind=kind, batch=batch, window=window, rate=rate)
    def begin(self, kind: Kind, batch: int, window: int, rate: float | None) -> None:
        self.world = World(
            self.database,
            Setting(kind=self.only or kind, batch=batch, window=window, rate=rate),
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

    @rule(who=worker, gates=gates, seconds=duration, other=worker, fate=fate)
    def be_frozen(
        self, who: int, gates: int, seconds: float, other: int, fate: Fate
    ) -> None:
        self.here.work(who, gates, HEALTHY)
        self.here.pass_time(seconds)
        if other != who:
            self.here.work(other, 6, Order(fate))

    @rule(who=worker, gates=gates, fate=fate, trouble=trouble)
    def be_in_trouble(
        self, who: int, gates: int, fate: Fate, trouble: Trouble | None
    ) -> None:
        self.here.work(who, gates, Order(fate))
        if trouble is None:
            self.here.workers[who].kill()
        else:
            self.here.workers[who].go(Order(fate, trouble))

    @rule(verb=st.sampled_from(FENCED), which=st.integers(0, 40))
    def come_back_from_the_dead(self, verb: str, which: int) -> None:
        self.here.haunt(verb, which)

    @rule(seconds=duration, upgrade=rarely)
    def pass_time(self, seconds: float, *, upgrade: bool) -> None:
        self.here.pass_time(seconds)
        if upgrade:
            self.here.upgrade()

    # --- the people

    @rule(number=person, how=move)
    def come_or_go(self, number: int, how: str) -> None:
        getattr(self.here, how)(number)

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


@pytest.fixture
def timed(database_url: str, tmp_path: Path) -> Iterator[TimedDatabase]:
    """A database whose clock is moved by hand, with everybody in it."""
    database = TimedDatabase(database_url, folder=tmp_path)
    inhabit(database)
    yield database
    database.close()


def test_nobody_is_lost_or_mailed_twice_whatever_happens(timed: TimedDatabase) -> None:
    class Here(LedgerMachine):
        database = timed

    run_state_machine_as_test(Here, settings=SETTINGS)
