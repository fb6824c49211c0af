"""How far mailings are: counted once for all, and so seldom that it costs little."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Thread

from mailer.pipeline.follow import Meter
from mailer.ports import Held, Standing
from mailer.web.console.live import Room

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@dataclass
class Post:
    """Ten messages a second to two hundred people; counting takes `cost` seconds."""

    now: float = 0.0
    cost: float = 0.0
    state: str = "sending"
    counts: list[int] = field(default_factory=list)

    def count(self, number: int) -> Standing:
        self.counts.append(number)
        sent = min(200, int(self.now * 10))
        self.now += self.cost
        return Standing(
            mailing="weekly/2026-11-16",
            state=self.state,
            reason=None,
            audience=200,
            variants=1,
            deliveries={"sent": sent, "pending": 200 - sent},
            reasons={},
        )

    @property
    def meter(self) -> Meter:
        return Meter(
            self.count,
            held=lambda: [Held(name="provider:main", seconds=3.0, reason="429")],
            stopped=lambda: None,
            clock=lambda: NOON,
            monotonic=lambda: self.now,
        )


def test_within_a_second_everybody_gets_the_same_count() -> None:
    post = Post()
    meter = post.meter
    first = meter.look(7)
    post.now += 0.9
    second = meter.look(7)
    post.now += 0.2
    third = meter.look(7)

    assert post.counts == [7, 7]
    assert second.standing is first.standing
    assert second.age == 0.9
    assert third.standing.deliveries["sent"] == 11
    assert [each.name for each in third.held] == ["provider:main"]


def test_the_rate_and_what_is_left_follow_from_what_was_seen() -> None:
    post = Post()
    meter = post.meter
    assert meter.look(7).seconds_left is None
    post.now = 10.0
    progress = meter.look(7)

    assert (progress.per_second, progress.waiting) == (10.0, 100)
    assert progress.seconds_left == 10.0


def test_a_count_that_takes_long_is_made_more_seldom() -> None:
    post = Post(cost=0.5)
    meter = post.meter
    meter.look(7)
    post.now += 9.0
    meter.look(7)
    assert len(post.counts) == 1

    post.now += 1.5
    meter.look(7)

    assert len(post.counts) == 2


def test_what_is_over_is_counted_again_once_a_person_has_turned_it() -> None:
    post = Post(state="finished")
    meter = post.meter
    meter.look(7)
    post.now += 30.0
    meter.look(7)
    assert len(post.counts) == 1

    meter.forget(7)
    meter.look(7)

    assert len(post.counts) == 2


def test_whoever_comes_during_a_count_waits_for_it_and_makes_none() -> None:
    post = Post()
    meter = post.meter
    watchers = [Thread(target=meter.look, args=(7,)) for _ in range(8)]
    for one in watchers:
        one.start()
    for one in watchers:
        one.join()

    assert post.counts == [7]


def test_streams_have_room_for_each_account_and_in_all() -> None:
    room = Room(per_account=2, in_all=3)

    assert [room.enter(account) for account in (1, 1, 1, 2, 2)] == [
        True,
        True,
        False,
        True,
        False,
    ]
    room.leave(1)
    assert room.enter(2)
    assert not room.enter(1)
