"""Whatever people and the clock do to a blast, in whatever order: it keeps its word.

Nothing leaves without an approval of these very words, by a second person or with all
told; nothing during the hold, after a stop, after its last moment; to more than a few
only once they fared well; to nobody twice. And it only ever moves as it may.
"""

import contextlib
import itertools
import os
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from mailer.adapters.database.engine import Database
from mailer.core.errors import InputError, RefusedError
from mailer.core.events import EventKind
from mailer.core.proposal import LEAVING, MOVES, OVER, Proposal, Stage
from tests.contract.launching import ANA, BEN, CY, Coalition, draft
from tests.depth import deep
from tests.fakes.provider import ScriptedProvider

RUNS = int(os.environ.get("MAILER_BLAST_RUNS", "0"))
READERS = 40
SETTINGS = settings(
    max_examples=RUNS or deep(everyday=20, thorough=80),
    stateful_step_count=40,
    derandomize=not RUNS,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
_people = st.sampled_from([ANA, BEN, CY])
_readers = st.integers(1, READERS)


class BlastMachine(RuleBasedStateMachine):
    """Each run is a blast of its own, to the same people."""

    coalition: ClassVar[Coalition]
    numbers: ClassVar[Iterator[int]] = itertools.count(1)
    reached: ClassVar[Counter[Stage]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.edition = f"run-{next(self.numbers)}"
        self.provider = ScriptedProvider()
        self.seen = [self.coalition.proposer.new(self.written(), by=ANA)]
        self.stage = Stage.DRAFT
        self.stopped = False
        self.had = 0
        self.waited: datetime | None = None  # until when nothing may leave

    def written(self, **changes: Any) -> Any:
        last = (self.coalition.now + timedelta(hours=3)).isoformat()
        return draft(edition=self.edition, **{"not_after": last, **changes})

    @property
    def name(self) -> str:
        return f"urgent/{self.edition}"

    @property
    def now_there(self) -> Proposal:
        return self.coalition.blasts.find(self.name)

    @rule(by=_people, urgent=st.booleans())
    def edit(self, by: str, *, urgent: bool) -> None:
        with contextlib.suppress(RefusedError):
            written = self.written(urgent=urgent)
            self.seen.append(self.coalition.proposer.edit(self.name, written, by=by))
            self.stopped = False

    @rule(by=_people, which=st.integers(0, 50))
    def edit_what_may_be_old(self, by: str, which: int) -> None:
        old = self.seen[which % len(self.seen)]
        before = self.now_there
        done = self.coalition.blasts.edit(
            old, self.written(), by=by, at=self.coalition.now
        )
        assert done is None or old.revision == before.revision
        self.stopped = self.stopped and done is None

    @rule(by=_people)
    def submit(self, by: str) -> None:
        with contextlib.suppress(RefusedError):
            self.coalition.proposer.submit(self.name, by=by)

    @rule(by=_people, alone=st.booleans())
    def approve(self, by: str, *, alone: bool) -> None:
        self.approve_by(by, alone=alone)

    def approve_by(self, by: str, *, alone: bool = False) -> None:
        before = self.now_there
        try:
            after = self.coalition.proposer.approve(
                self.name,
                by=by,
                count=before.expected,
                alone=alone,
                reason="nobody else" if alone else "",
            )
        except RefusedError:
            return
        assert alone or not before.is_by(by)
        assert not alone or after.told
        self.waited = self.coalition.now + after.hold()

    @rule()
    def get_it_going(self) -> None:
        with contextlib.suppress(RefusedError):
            self.coalition.proposer.submit(self.name, by=ANA)
            self.it_moves_as_it_may()
            self.approve_by(CY)

    @precondition(lambda self: self.stage in (Stage.HELD, *LEAVING))
    @rule(rounds=st.integers(1, 2))
    def let_it_run(self, rounds: int) -> None:
        for _ in range(rounds):
            self.send(8)
            self.what_left_was_allowed_to()
            self.coalition.releaser.release()
            self.it_moves_as_it_may()
            self.coalition.later(minutes=10)
            self.coalition.releaser.release()
            self.it_moves_as_it_may()

    @precondition(lambda self: self.stage in (Stage.STOPPED, *LEAVING))
    @rule()
    def miss_the_moment(self) -> None:
        self.coalition.later(hours=4)
        self.coalition.releaser.release()

    @rule()
    def stop(self) -> None:
        self.coalition.proposer.stop(self.name, by="", reason="stop")
        if self.now_there.stage in (Stage.STOPPED, *LEAVING):
            self.stopped = True

    @rule(by=_people)
    def resume(self, by: str) -> None:
        with contextlib.suppress(RefusedError):
            after = self.coalition.proposer.resume(self.name, by=by)
            self.stopped = False
            if after.stage is Stage.HELD:
                self.waited = self.coalition.now + after.hold()

    @precondition(lambda self: self.stage in LEAVING)
    @rule()
    def cancel(self) -> None:
        with contextlib.suppress(RefusedError):
            self.coalition.proposer.cancel(self.name, by="", reason="off")

    @rule(minutes=st.sampled_from([1, 2, 10, 10, 10, 45, 200]))
    def later(self, minutes: int) -> None:
        self.coalition.later(minutes=minutes)

    @rule()
    def tick(self) -> None:
        self.coalition.releaser.release()

    @rule(steps=st.integers(1, 8))
    def send(self, steps: int) -> None:
        mailing = self.now_there.mailing
        if mailing is None:
            return
        sender = self.coalition.post.sender(self.provider)
        for _ in range(steps):
            if sender.step(mailing) is None:
                break

    @rule(
        reader=_readers,
        kind=st.sampled_from([EventKind.HARD, EventKind.COMPLAINED]),
    )
    def hear(self, reader: int, kind: EventKind) -> None:
        address = f"reader{reader}@example.org"
        if self.provider.accepted[address]:
            self.coalition.heard(kind, address)

    @rule(reader=_readers)
    def leave(self, reader: int) -> None:
        self.coalition.leave(reader)

    @invariant()
    def it_moves_as_it_may(self) -> None:
        after = self.now_there.stage
        assert after is self.stage or after in MOVES[self.stage], (
            self.stage,
            after,
        )
        self.reached[after] += after is not self.stage
        self.stage = after

    @invariant()
    def what_left_was_allowed_to(self) -> None:
        had = self.provider.accepted.total()
        assert all(n == 1 for n in self.provider.accepted.values())
        if had == self.had:
            return
        there = self.now_there
        assert not self.stopped
        assert there.mailing is not None
        assert there.approver is not None
        assert there.alone or not there.is_by(there.approver)
        assert self.waited is not None
        assert self.coalition.now >= self.waited
        assert not there.too_late(self.coalition.now)
        if there.stage is Stage.CANARY:
            assert had <= 20
        self.had = had

    @invariant()
    def everybody_is_accounted_for(self) -> None:
        there = self.now_there
        if there.mailing is None:
            assert self.had == 0
            return
        counts = self.coalition.post.ledger.standing(there.mailing).deliveries
        assert counts.get("sent", 0) == self.provider.accepted.total()
        if there.stage in OVER:
            self.coalition.releaser.release()
            again = self.coalition.post.ledger.standing(there.mailing).deliveries
            assert again["pending"] == 0

    def teardown(self) -> None:
        with contextlib.suppress(RefusedError, InputError):
            self.coalition.proposer.cancel(self.name, by="", reason="over")
        # Whoever left or bounced is replaced, so that the next run has an audience.
        first = next(self.numbers) * 1000
        missing = READERS - self.coalition.active()
        if missing > READERS // 3:
            self.coalition.enlist(missing, first=first)


def test_a_blast_keeps_its_word_whatever_happens(database: Database) -> None:
    coalition = Coalition(database)
    coalition.enlist(READERS)

    bound = type("Bound", (BlastMachine,), {"coalition": coalition})
    BlastMachine.reached.clear()

    run_state_machine_as_test(bound, settings=SETTINGS)

    unseen = set(Stage) - set(BlastMachine.reached)
    assert not unseen, f"never reached {unseen}: this tries less than it claims"
