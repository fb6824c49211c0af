"""Two providers carry one mailing: in shares, in each other's stead, never both."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.conftest import Shell
from tests.e2e.storm.ground import Ground, lay
from tests.e2e.storm.nursery import Nursery
from tests.e2e.storm.orders import Means, Peril, Point
from tests.e2e.storm.rough import KILLS
from tests.e2e.storm.storm import Storm, Weather
from tests.e2e.storm.verdict import Verdict, judge
from tests.fakes.postoffice.running import Office, running

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FALLBACK = 'provider = "office"\nfallback = "spare"'
# What is not taken for certain, and what nobody knows.
ROUGH = (
    "429=0.15,503-before=0.05,401@9,500-after=0.05,reset-before=0.04,reset-after=0.06,"
    "truncated=0.04,search/503-before=0.05"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A composed mailing and the two that may carry it."""

    ground: Ground
    office: Office
    spare: Office

    @property
    def shell(self) -> Shell:
        return self.ground.shell

    def verdict(self) -> Verdict:
        """Hold both logs together against the ledger."""
        return judge(self.ground, [*self.office.accepted(), *self.spare.accepted()])

    def taken(self) -> tuple[int, int]:
        """Return how many messages each has accepted."""
        return len(self.office.accepted()), len(self.spare.accepted())


Meet = Callable[..., AbstractContextManager[Pair]]


@pytest.fixture
def pair(shell: Shell, database_url: str, tmp_path: Path) -> Meet:
    @contextmanager
    def meet(
        *,
        faults: str = "",
        spare_faults: str = "",
        route: str = FALLBACK,
        means: Means = Means.KEY,
        readers: int = 500,
        batch: int = 100,
    ) -> Iterator[Pair]:
        with (
            running(tmp_path / "office.jsonl", faults=faults, seed=7) as office,
            running(tmp_path / "spare.jsonl", faults=spare_faults, seed=8) as spare,
        ):
            ground = lay(
                shell,
                database_url,
                office,
                means=means,
                readers=readers,
                batch=batch,
                spare=spare,
                route=route,
            )
            yield Pair(ground=ground, office=office, spare=spare)

    return meet


@ON_SQLITE
def test_a_mailing_is_shared_out_as_mailer_toml_says(pair: Meet) -> None:
    route = "provider = { office = 70, spare = 30 }"
    with pair(route=route, readers=2_000) as both:
        both.shell("work", "--until-idle", "--threads", "2")
        verdict, (first, second) = both.verdict(), both.taken()
        said = both.shell("status").out
        told = both.shell("status", both.ground.mailing, "--json").json

    assert not verdict.broken
    assert first + second == 2_000
    assert 0.6 < first / 2_000 < 0.8
    assert f"{first} through office, {second} through spare" in said
    assert told["carried"] == {"office": first, "spare": second}


@ON_SQLITE
def test_when_one_takes_nothing_in_mid_mailing_the_other_goes_on(pair: Meet) -> None:
    with pair(faults="429@3") as both:
        both.shell("work", "--until-idle")
        verdict, taken = both.verdict(), both.taken()
        calls = both.office.counts()["calls"]

    assert not verdict.broken
    assert verdict.states == {"sent": 500}
    assert taken == (200, 300)
    assert calls == 3


@ON_SQLITE
def test_a_revoked_key_stops_nothing_and_the_operator_is_told(pair: Meet) -> None:
    with pair(faults="401=1.0") as both:
        worked = both.shell("work", "--until-idle")
        verdict, taken = both.verdict(), both.taken()
        status = both.shell("status")
        why = both.shell("why", both.ground.readers[0]).out

    assert (verdict.states, taken) == ({"sent": 500}, (0, 500))
    assert not verdict.broken
    assert re.search(r"office: .*401.*; spare carries its mail meanwhile", worked.err)
    assert "office takes nothing" in status.err
    assert "through spare" in why


@ON_SQLITE
def test_whom_one_may_have_mailed_the_other_never_sees(pair: Meet) -> None:
    with pair(faults="reset-after@1,429@2") as both:
        both.shell("work", "--until-idle")
        verdict, (first, second) = both.verdict(), both.taken()
        replays = both.office.counts()["replays"]

    assert not verdict.broken
    assert verdict.states == {"sent": 500}
    assert (first + second, replays) == (500, 1)
    assert second >= 300


@ON_SQLITE
@pytest.mark.parametrize("described", [True, False])
def test_settings_that_change_in_mid_mailing_send_what_waits_the_new_way(
    pair: Meet, *, described: bool
) -> None:
    alone = 'provider = "office"'
    with pair(faults="reset-after@1,401@2", route=alone) as both:
        shell = both.shell
        worked = shell("work", "--until-idle", check=False)
        assert shell("status", both.ground.mailing, "--json").json["state"] == "paused"
        assert worked.code == 1
        assert f"mailer resume {both.ground.mailing}" in worked.err

        shell.edit("mailer.toml", alone, 'provider = "spare"')
        if not described:
            file = shell.folder / "mailer.toml"
            words = file.read_text("utf-8")
            file.write_text(re.sub(r"\[providers\.office\]\n(.+\n)+", "", words))
        shell("resume", both.ground.mailing)
        went_on = shell("work", "--until-idle", check=False)
        verdict, taken = both.verdict(), both.taken()
        parked = shell("parked", "--json").json

    assert not verdict.broken
    assert taken == (100, 400)
    reasons = {row["reason"] for row in parked}
    if described:
        assert verdict.states == {"sent": 500}
        assert went_on.code == 0
    else:
        assert went_on.code == 1
        assert "is unresolved: " in went_on.err
        assert "mailer parked" in went_on.err
        assert verdict.states == {"sent": 400, "parked": 100}
        [reason] = reasons
        assert "mailer.toml does not describe any more" in reason


@ON_SQLITE
def test_the_environment_overrides_every_route(pair: Meet) -> None:
    with pair() as both:
        both.shell("work", "--until-idle", MAILER_PROVIDER="spare")
        verdict, taken = both.verdict(), both.taken()

    assert not verdict.broken
    assert taken == (0, 500)


@ON_SQLITE
def test_test_mode_stands_before_both_of_them(pair: Meet) -> None:
    with pair(faults="429=1", readers=50) as both:
        allowed = "reader1@example.org reader2@example.org"
        both.shell("work", "--until-idle", MAILER_ALLOW_ONLY=allowed)
        to = Counter(one.recipient for one in both.spare.accepted())
        mailed = both.taken()
        outside = both.shell.messages

    assert mailed == (0, 2)
    assert to == {"reader1@example.org": 1, "reader2@example.org": 1}
    assert len(outside) == 48


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_whoever_dies_and_whoever_takes_over_nobody_is_mailed_twice(
    pair: Meet, tmp_path: Path
) -> None:
    with (
        pair(
            faults=ROUGH,
            spare_faults="429=0.05,reset-after=0.05,500-before=0.05",
            means=Means.SEARCH,
            readers=300,
            batch=10,
        ) as both,
        (tmp_path / "errors").open("a+b") as errors,
        Nursery(errors) as nursery,
    ):
        weather = Weather(
            first_lives=[[Peril(point=point, nth=2)] for point in Point],
            all_lives=KILLS,
            killed_every=1.0,
            deaths=10,
        )
        losses = Storm(ground=both.ground, nursery=nursery, weather=weather).run()
        verdict, (first, second) = both.verdict(), both.taken()
        searches = [each.counts()["searches"] for each in (both.office, both.spare)]

    assert losses.died >= 4
    assert not verdict.broken
    assert not verdict.parked
    assert first + second == 300
    assert min(first, second) > 20
    assert sum(searches) >= 3
