"""Events applied by the lot end where events applied one by one do."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import text

from mailer.adapters.database.engine import Database
from mailer.adapters.database.tracking import SqlTracking
from mailer.core.events import Event, EventKind
from tests.contract.post import PEPPER, Post, people
from tests.contract.test_tracking import state_of, told
from tests.factories import MONDAY, draft
from tests.fakes.provider import ScriptedProvider, accept

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
READERS, WEEKS = 6, 6
CLEAN = [
    "UPDATE deliveries SET heard = NULL",
    "DELETE FROM provider_events",
    "DELETE FROM suppressions",
    "DELETE FROM consent_events WHERE kind = 'withdrawn'",
    "UPDATE subscriptions SET state = 'active', ended_reason = NULL",
]


@pytest.fixture
def post(database: Database) -> Post:
    """Six readers, who were sent six editions, a week apart."""
    post = Post(database)
    post.enlist(*people(READERS))
    for week in range(WEEKS):
        post.now = MONDAY + week * 7 * DAY + HOUR  # whatever the clocks
        post.publish(draft("Newark", start_date=(post.now + 3 * DAY).date()))
        mailing = post.make()
        post.compose(mailing)
        post.drain(mailing, ScriptedProvider(*[accept] * 99))
    return post


def season(seed: int) -> list[Event]:
    """What may be told of them: often nothing at all, and of strangers too."""
    chance = random.Random(seed)  # noqa: S311 - a script
    kinds = [EventKind.SOFT] * 8 + [EventKind.DELIVERED] * 2 + list(EventKind)
    return [
        told(
            kind,
            reader,
            at=MONDAY + week * 7 * DAY + 2 * HOUR,
            event_id=f"{reader}/{week}/{number}",
        )
        for reader in range(1, READERS + 3)
        for week in range(WEEKS)
        for number, kind in enumerate(chance.sample(kinds, chance.randrange(3)))
    ]


def end(post: Post, events: list[Event], *, most: int) -> dict[str, list[object]]:
    """Tell all of it, apply it in lots of so many, and return where that ends."""
    tracking = SqlTracking(post.database, PEPPER)
    tracking.keep("scripted", events, at=post.now)
    while tracking.apply(most=most, at=post.now).events:
        pass
    about = (
        "SELECT event_id || cast(coalesce(mailing_id, 0) AS text) FROM provider_events"
    )
    found = {**state_of(post), "about": sorted(post.query(about))}
    with post.database.writing() as connection:
        for words in CLEAN:
            connection.execute(text(words))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_the_size_of_a_lot_and_the_order_within_it_make_no_difference(
    post: Post, seed: int
) -> None:
    events = season(seed)
    disorder = random.Random(seed).sample(events, len(events))  # noqa: S311 - disorder, no secret

    one_by_one = end(post, events, most=1)

    assert len(set(one_by_one["heard"])) > 2
    assert end(post, events, most=7) == one_by_one
    assert end(post, events, most=1000) == one_by_one
    assert end(post, disorder, most=1000) == one_by_one
    assert end(post, disorder, most=1) == one_by_one
