"""What providers tell changes what is sent next: once, in any order, to one end."""

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from mailer.adapters.database.engine import Database
from mailer.adapters.database.retention import Retention
from mailer.adapters.database.tracking import SqlTracking
from mailer.core.breaker import Limits
from mailer.core.events import Event, EventKind
from mailer.pipeline.track import Tracker
from mailer.ports import Mailing
from tests.contract.post import PEPPER, Post, people
from tests.factories import MONDAY, draft
from tests.fakes.provider import ScriptedProvider, accept

DAY = timedelta(days=1)


@pytest.fixture
def post(database: Database) -> Post:
    post = Post(database)
    post.publish(draft("San Diego"), draft("Denver"))
    return post


def tracker(post: Post, **more: Any) -> Tracker:
    return Tracker(
        tracking=SqlTracking(post.database, PEPPER),
        ledger=post.ledger,
        clock=lambda: post.now,
        **more,
    )


def sent(post: Post, readers: int = 3) -> Mailing:
    mailing = post.composed(readers)
    post.drain(mailing, ScriptedProvider(*[accept] * 500))
    return mailing


def told(
    kind: EventKind,
    number: int = 1,
    *,
    at: datetime = MONDAY + timedelta(hours=1),
    event_id: str | None = None,
    domain: str = "example.org",
) -> Event:
    return Event(
        event_id=event_id or f"{kind}/{number}/{at.isoformat()}",
        kind=kind,
        address=f"Reader{number}@{domain}",
        happened_at=at,
    )


def hear(post: Post, *events: Event, **more: Any) -> None:
    hearing = tracker(post, **more)
    hearing.keep("scripted", events)
    hearing.apply()


def state_of(post: Post) -> dict[str, list[Any]]:
    """Return all that events may change."""
    queries = {
        "heard": "SELECT coalesce(heard, '-') FROM deliveries ORDER BY mailing_id, subscriber_id",
        "suppressed": "SELECT reason FROM suppressions ORDER BY address_hash",
        "subscriptions": "SELECT state || coalesce(ended_reason, '') FROM subscriptions"
        " ORDER BY subscriber_id",
    }
    return {name: post.query(query) for name, query in queries.items()}


def test_a_hard_bounce_suppresses_and_the_next_edition_leaves_them_out(
    post: Post,
) -> None:
    sent(post)
    hear(post, told(EventKind.HARD, 2))

    post.now = MONDAY + 7 * DAY
    post.publish(draft("Newark", 19))
    mailing = post.make()
    post.compose(mailing)

    assert post.query("SELECT reason FROM suppressions") == ["bounced"]
    assert post.counts(mailing)["suppressed"] == 1


def test_an_event_is_kept_once_however_often_it_is_told(post: Post) -> None:
    sent(post)
    again = [told(EventKind.COMPLAINED, event_id="same")] * 3

    assert tracker(post).keep("scripted", again[:1]) == 1
    assert tracker(post).keep("scripted", again) == 0
    assert tracker(post).keep("another", again[:1]) == 1


def test_ten_thousand_events_of_one_request_are_kept_at_once(post: Post) -> None:
    many = [
        told(EventKind.SOFT, number % 5, event_id=str(number))
        for number in range(10_000)
    ]

    assert tracker(post).keep("scripted", many) == 10_000
    assert tracker(post).keep("scripted", [*many, told(EventKind.HARD)]) == 1


def test_no_address_is_kept_with_an_event(post: Post) -> None:
    sent(post)
    hear(post, told(EventKind.HARD))

    with post.database.reading() as connection:
        [row] = connection.execute(text("SELECT * FROM provider_events")).mappings()
    assert "eader1" not in str(dict(row))


ORDERS = [
    [EventKind.DELIVERED, EventKind.HARD],
    [EventKind.SOFT, EventKind.DELIVERED, EventKind.UNSUBSCRIBED],
    [EventKind.HARD, EventKind.COMPLAINED, EventKind.DEFERRED],
]


@pytest.mark.parametrize("kinds", ORDERS, ids="-".join)
def test_in_whatever_order_events_come_the_end_is_the_same(
    post: Post, kinds: list[EventKind]
) -> None:
    sent(post)
    ends = []
    clean = ["UPDATE deliveries SET heard = NULL", "DELETE FROM provider_events",
             "DELETE FROM suppressions",
             "UPDATE subscriptions SET state = 'active', ended_reason = NULL"]  # fmt: skip
    for order in itertools.permutations(kinds):
        hear(post, *[told(kind) for kind in order])
        hear(post, *[told(kind) for kind in reversed(order)])
        ends.append(state_of(post))
        with post.database.writing() as connection:
            for words in clean:
                connection.execute(text(words))

    assert all(end == ends[0] for end in ends)


def test_a_complaint_is_final_and_ends_every_subscription(post: Post) -> None:
    sent(post)
    hear(post, told(EventKind.COMPLAINED, 1))

    assert state_of(post)["subscriptions"] == ["endedcomplained", "active", "active"]
    assert not post.readers.rejoin(post.uid(1), post.number, at=post.now)


def test_whoever_leaves_through_the_provider_has_left_this_list(post: Post) -> None:
    sent(post)
    hear(post, told(EventKind.UNSUBSCRIBED, 3))

    assert state_of(post)["subscriptions"] == ["active", "active", "endedleft"]
    assert post.query("SELECT source FROM consent_events WHERE kind = 'withdrawn'") == [
        "scripted"
    ]


def test_whoever_returned_since_is_not_made_to_leave_by_an_old_event(
    post: Post,
) -> None:
    sent(post)
    hear(post, told(EventKind.UNSUBSCRIBED, 1))
    post.readers.rejoin(post.uid(1), post.number, at=MONDAY + 2 * DAY)

    hear(post, told(EventKind.UNSUBSCRIBED, 1, at=MONDAY + DAY))
    assert state_of(post)["subscriptions"] == ["active"] * 3

    hear(post, told(EventKind.UNSUBSCRIBED, 1, at=MONDAY + 3 * DAY))
    assert state_of(post)["subscriptions"] == ["endedleft", "active", "active"]


def softly(post: Post, weeks: int, *, delivered_in: int | None = None) -> None:
    """Send an edition a week, each of which bounces softly at one reader."""
    post.enlist(*people(1))
    for week in range(weeks):
        post.now = MONDAY + week * 7 * DAY + timedelta(hours=1)  # whatever the clocks
        soon = (post.now + 3 * DAY).date()
        post.publish(draft("Newark", start_date=soon))
        post.drain(_composed(post), ScriptedProvider(*[accept] * 9))
        kind = EventKind.DELIVERED if week == delivered_in else EventKind.SOFT
        hear(post, told(kind, at=post.now + timedelta(hours=1)))


def _composed(post: Post) -> Mailing:
    mailing = post.make()
    post.compose(mailing)
    return mailing


@pytest.mark.parametrize(
    ("weeks", "delivered_in", "suppressed"),
    [(4, None, []), (5, None, ["unreachable"]), (6, 2, [])],
)
def test_soft_bounces_count_until_something_is_delivered(
    post: Post, weeks: int, delivered_in: int | None, suppressed: list[str]
) -> None:
    softly(post, weeks, delivered_in=delivered_in)

    assert post.query("SELECT reason FROM suppressions") == suppressed


def test_a_delivery_told_late_takes_back_what_soft_bounces_did(post: Post) -> None:
    softly(post, 5)
    hear(post, told(EventKind.DELIVERED, at=post.now - timedelta(days=13)))

    assert post.query("SELECT reason FROM suppressions") == []


def test_a_block_suppresses_nobody_and_the_operator_is_told(post: Post) -> None:
    sent(post)
    said: list[str] = []
    hear(post, told(EventKind.BLOCK), trouble=said.append)

    assert state_of(post)["suppressed"] == []
    assert said == ["example.org blocks our mail; mailer doctor says what it may be"]


def test_a_mailing_that_bounces_too_much_pauses_itself_and_says_why(
    post: Post,
) -> None:
    mailing = post.composed(30)
    sender = post.sender(ScriptedProvider(*[accept] * 99, max_batch=10))
    sender.step()
    sender.step()
    limits = Limits(attempts=10)

    said: list[str] = []
    hear(
        post,
        *[told(EventKind.HARD, n) for n in (1, 2)],
        limits=limits,
        trouble=said.append,
    )
    standing = post.ledger.standing(mailing.id)
    assert standing.state == "paused"
    name = standing.mailing
    assert [
        words for words in said if words.startswith(f"{name} paused itself: 2 of 20")
    ]
    assert said[-1].endswith(f"mailer resume {name}")
    assert standing.reason is not None
    assert standing.reason.startswith("2 of 20 (10.0%) bounced for good")
    assert sender.step() is None

    post.ledger.resume(mailing.id, at=post.now)
    hear(post, told(EventKind.HARD, 3), limits=limits)
    assert post.ledger.standing(mailing.id).state == "sending"  # seen already


def test_events_about_nobody_we_know_change_nothing(post: Post) -> None:
    sent(post)
    before = state_of(post)
    hear(post, told(EventKind.DELIVERED, 77), told(EventKind.SOFT, 78))

    assert state_of(post) == before
    assert tracker(post).apply() == 0  # and do not wait for ever


def test_what_was_told_is_forgotten_with_the_deliveries_it_was_about(
    post: Post,
) -> None:
    sent(post)
    hear(post, told(EventKind.HARD), told(EventKind.DELIVERED, 2))
    tracker(post).keep("scripted", [told(EventKind.DELIVERED, 3)])

    Retention(post.database, lot=1).prune(post.now + DAY, at=post.now + DAY)

    assert post.query("SELECT kind FROM provider_events") == ["delivered"]  # waits yet
    assert state_of(post)["suppressed"] == ["bounced"]


def test_a_bounce_of_somebody_we_do_not_know_still_protects_them(post: Post) -> None:
    sent(post)
    hear(post, told(EventKind.HARD, 77))

    assert state_of(post)["suppressed"] == ["bounced"]
