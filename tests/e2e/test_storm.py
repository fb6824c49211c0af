"""Nobody twice and nobody lost, whoever dies and whatever the provider does.

The provider is a process of its own with its own log of what it accepted; the workers
are real processes on a real project folder and are killed, frozen and restarted until
the mailing is over. Then the log and the ledger are compared.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.depth import deep
from tests.e2e.conftest import Shell
from tests.e2e.storm.ground import Ground, lay
from tests.e2e.storm.nursery import Nursery
from tests.e2e.storm.orders import Deed, Means, Mutant, Peril, Point
from tests.e2e.storm.postgresql import restart_at_once
from tests.e2e.storm.rough import FAULTS, KILLS
from tests.e2e.storm.storm import Losses, Storm, Weather
from tests.e2e.storm.verdict import Verdict, judge
from tests.fakes.postoffice.acceptances import Acceptance
from tests.fakes.postoffice.running import Office, running

MANY = deep(everyday=240, thorough=400)
POISONED = "reader7@example.org"
FROZEN = [Peril(point=Point.BEGUN, deed=Deed.STOP, nth=1)]
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A storm that is over."""

    ground: Ground
    verdict: Verdict
    losses: Losses
    accepted: Sequence[Acceptance]
    counts: Any  # the provider's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where storms are raised, one per test."""

    shell: Shell
    nursery: Nursery
    database_url: str
    folder: Path

    def storm(
        self,
        means: Means,
        weather: Callable[[Office], Weather],
        *,
        readers: int = MANY,
        faults: str = FAULTS,
        poison: str = POISONED,
        mutant: Mutant = Mutant.NONE,
    ) -> Passed:
        """Send one mailing through it, and compare."""
        log = self.folder / "accepted.jsonl"
        # A search lags less than the workers were told to reckon with.
        with running(
            log, faults=faults, seed=11, lag=0.4, hang=3.0, poison=[poison]
        ) as office:
            ground = lay(
                self.shell, self.database_url, office, means=means, readers=readers
            )
            losses = Storm(
                ground=ground,
                nursery=self.nursery,
                weather=weather(office),
                mutant=mutant,
                accepted=lambda: office.counts().get("accepted", 0),
            ).run()
            accepted, counts = office.accepted(), office.counts()
        verdict = judge(ground, accepted)
        print(losses, verdict.states, counts)  # noqa: T201 - for whoever looks closer
        return Passed(
            ground=ground,
            verdict=verdict,
            losses=losses,
            accepted=accepted,
            counts=counts,
        )


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """What starts workers; it has read the code once for all of them."""
    file = tmp_path_factory.mktemp("nursery") / "errors"
    with file.open("a+b") as errors, Nursery(errors) as one:
        yield one


@pytest.fixture
def stage(shell: Shell, nursery: Nursery, database_url: str, tmp_path: Path) -> Stage:
    return Stage(
        shell=shell, nursery=nursery, database_url=database_url, folder=tmp_path
    )


def deadly(_office: Office) -> Weather:
    """Somebody dies at each point for certain, and anybody anywhere."""
    return Weather(
        first_lives=[[Peril(point=point, nth=2)] for point in Point],
        all_lives=KILLS,
        killed_every=1.0,
        deaths=12,
    )


def assert_rough(passed: Passed) -> None:
    """A storm in which nothing happened would prove nothing."""
    assert passed.losses.died >= 4
    assert sum(passed.counts["faults"].values()) >= 10
    assert passed.counts["faults"]["401"] == 1


# --- with a key or a search: everybody once


@ON_SQLITE
@pytest.mark.parametrize("means", [Means.KEY, Means.SEARCH])
def test_with_a_key_or_a_search_everybody_is_mailed_once_however_many_workers_die(
    stage: Stage, means: Means
) -> None:
    passed = stage.storm(means, deadly)

    assert_rough(passed)
    assert not passed.verdict.broken
    assert not passed.verdict.parked
    found_out = passed.counts["replays" if means is Means.KEY else "searches"]
    assert found_out >= 3
    assert passed.verdict.states["sent"] + passed.verdict.states["failed"] == MANY


@ON_POSTGRESQL
@pytest.mark.parametrize("means", [Means.KEY, Means.SEARCH])
def test_and_so_it_is_on_postgresql(stage: Stage, means: Means) -> None:
    passed = stage.storm(means, deadly, readers=deep(everyday=150, thorough=250))

    assert_rough(passed)
    assert not passed.verdict.broken
    assert not passed.verdict.parked


@ON_SQLITE
def test_and_so_it_is_with_one_message_per_call_and_many_calls_at_once(
    stage: Stage,
) -> None:
    passed = stage.storm(Means.KEY_EACH, deadly, readers=150)

    assert_rough(passed)
    assert passed.counts["replays"] >= 3
    assert not passed.verdict.broken
    assert not passed.verdict.parked


@ON_POSTGRESQL
def test_a_database_that_crashes_in_the_middle_loses_nobody(
    stage: Stage, postgresql: str
) -> None:
    def weather(_office: Office) -> Weather:
        return Weather(
            all_lives=KILLS, deaths=6, interruption=lambda: restart_at_once(postgresql)
        )

    passed = stage.storm(Means.SEARCH, weather)

    assert passed.losses.interrupted == 1
    assert not passed.verdict.broken
    assert not passed.verdict.parked


# --- with neither: nobody twice, and a person is told of whom nobody knows


@ON_SQLITE
def test_with_neither_nobody_is_mailed_twice_and_every_unknown_one_is_listed(
    stage: Stage,
) -> None:
    passed = stage.storm(Means.NEITHER, deadly)

    assert_rough(passed)
    assert not passed.verdict.broken
    assert passed.verdict.parked
    listed = stage.shell("parked", "--addresses", "--json").json
    assert sorted(row["address"] for row in listed) == sorted(passed.verdict.parked)
    assert {row["mailing"] for row in listed} == {passed.ground.mailing}


@ON_SQLITE
def test_one_poisoned_recipient_fails_alone(stage: Stage) -> None:
    passed = stage.storm(Means.NEITHER, lambda _office: Weather(), faults="")

    assert not passed.verdict.broken
    assert passed.verdict.states == {"sent": MANY - 1, "failed": 1}


# --- a worker that wakes up after its time


def frozen(office: Office) -> Weather:
    """One worker freezes between its intent and its call; another takes over.

    It goes on while the other's call has been accepted and hangs.
    """
    return Weather(
        workers=2,
        first_lives=[FROZEN],
        alone_until_frozen=True,
        thaws=lambda: bool(office.accepted()),
    )


HANGING = "hang-after@1"


@pytest.mark.parametrize(
    ("database_url", "means"),
    [("sqlite", Means.KEY), ("sqlite", Means.SEARCH), ("postgresql", Means.SEARCH)],
    indirect=["database_url"],
)
def test_a_worker_that_was_frozen_past_its_lease_sends_nothing_any_more(
    stage: Stage, means: Means
) -> None:
    passed = stage.storm(means, frozen, readers=10, faults=HANGING, poison="nobody")

    assert passed.losses.frozen == 1
    assert not passed.verdict.broken
    assert passed.verdict.states == {"sent": 10}


# --- the storm finds the mistakes of others


def small(_office: Office) -> Weather:
    """One worker after the other; each of the first three dies at another point."""
    points = (Point.CLAIMED, Point.CALLED, Point.BEGUN)
    lives = [[Peril(point=point, nth=1)] for point in points]
    return Weather(workers=1, first_lives=lives)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A small storm that is over in seconds."""

    weather: Callable[[Office], Weather]
    readers: int
    faults: str

    def on(self, stage: Stage, mutant: Mutant = Mutant.NONE) -> Verdict:
        """Raise it over a provider that can be searched, and compare."""
        return stage.storm(
            Means.SEARCH,
            self.weather,
            readers=self.readers,
            faults=self.faults,
            poison="nobody",
            mutant=mutant,
        ).verdict


SMALL = Setting(weather=small, readers=60, faults="reset-after@2,500-before@3")
FREEZING = Setting(weather=frozen, readers=10, faults=HANGING)
MISTAKES = {
    Mutant.BLIND_RETRY: (SMALL, {"duplicates"}),
    Mutant.MARK_BEFORE_SEND: (SMALL, {"falsely_sent"}),
    Mutant.NO_DURABLE_INTENT: (SMALL, {"duplicates"}),
    Mutant.CURSOR_ON_FETCH: (SMALL, {"lost"}),
    Mutant.NO_EPOCH_CHECK: (FREEZING, {"duplicates"}),
    Mutant.NO_DEADLINE_CHECK: (FREEZING, {"duplicates"}),
}


# Each takes as many seconds as the storm that the program itself has to stand.
TRIED = deep(
    everyday=(Mutant.BLIND_RETRY, Mutant.CURSOR_ON_FETCH), thorough=tuple(MISTAKES)
)


@ON_SQLITE
@pytest.mark.parametrize("mutant", TRIED)
def test_the_storm_finds_the_mistake(stage: Stage, mutant: Mutant) -> None:
    setting, harm = MISTAKES[mutant]
    assert harm <= setting.on(stage, mutant).broken.keys()


@ON_SQLITE
def test_and_in_the_same_small_storm_the_program_makes_none(stage: Stage) -> None:
    verdict = SMALL.on(stage)  # nor in the freezing one, as was shown above
    assert not verdict.broken
    assert not verdict.parked


@ON_SQLITE
def test_the_comparison_sees_what_a_log_and_a_ledger_disagree_on(stage: Stage) -> None:
    passed = stage.storm(
        Means.NEITHER, lambda _office: Weather(), readers=20, faults=""
    )
    truth = passed.accepted
    first = truth[0]

    def seen(*log: Acceptance) -> set[str]:
        return set(judge(passed.ground, log).broken)

    assert seen(*truth) == set()
    assert seen(*truth[1:]) == {"falsely_sent"}
    assert seen(*truth, replace(first, key="another")) == {"duplicates"}
    assert seen(*truth, replace(first, sha256="other")) == {"duplicates", "other_bytes"}
    assert seen(*truth, replace(first, recipient=POISONED)) == {"unrecorded"}
    assert seen(*truth, replace(first, recipient="a@stranger.example")) == {
        "unrecorded"
    }
