"""An event is about its own message, whatever has been recorded of that yet."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest

from mailer.adapters.database.engine import Database
from mailer.adapters.database.parked import Parked
from mailer.core.breaker import Limits
from mailer.core.events import Event, EventKind
from mailer.ports import Accepted, Outgoing
from tests.contract.post import Post, people
from tests.contract.test_tracking import tracker
from tests.factories import MONDAY, draft
from tests.fakes.provider import ScriptedProvider, accept_and_vanish

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def post(database: Database) -> Post:
    """Everybody is on two lists, of which one has a mailing on its way."""
    post = Post(database)
    post.publish(draft("San Diego"), draft("Denver"))
    post.ledger.register(["urgent"], at=post.now - 30 * DAY)
    post.people.enlist(people(3), list_slug="urgent", at=post.now)
    return post


def event(
    kind: EventKind,
    *,
    number: int = 1,
    mark: str | None = None,
    message: str | None = None,
    at: datetime = MONDAY + HOUR,
) -> Event:
    return Event(
        event_id=f"{kind}/{number}/{mark}/{message}/{at}",
        kind=kind,
        address=f"reader{number}@example.org",
        happened_at=at,
        mark=mark,
        provider_id=message,
    )


def hear(post: Post, *events: Event, limits: Limits | None = None) -> None:
    hearing = tracker(post, **({"limits": limits} if limits else {}))
    hearing.keep("scripted", events)
    hearing.apply()


def subscriptions(post: Post, number: int = 1) -> Sequence[str]:
    """Return what is left of a reader's subscriptions: of the weekly list first."""
    rows = post.query(
        "SELECT address || ' ' || subscriptions.state FROM subscriptions"
        " JOIN subscribers ON subscribers.id = subscriptions.subscriber_id"
        " JOIN lists ON lists.number = subscriptions.list_number ORDER BY slug DESC"
    )
    mine = f"reader{number}@example.org "
    return [row.removeprefix(mine) for row in rows if row.startswith(mine)]


class Noting(ScriptedProvider):
    """Keeps the last call."""

    last: Outgoing | None = None

    def send(self, outgoing: Outgoing):  # type: ignore[no-untyped-def]
        self.last = outgoing
        return super().send(outgoing)


# --- each returns the key of the call that carried the message


def in_flight(post: Post) -> str:
    post.composed(3)
    return post.begin_as(post.sender(ScriptedProvider())).key


def unknown(post: Post) -> str:
    post.composed(3)
    provider = Noting(accept_and_vanish)
    post.sender(provider).step()
    assert provider.last is not None
    return provider.last.key


def parked(post: Post) -> str:
    key = unknown(post)
    batch = post.claim()
    assert batch is not None
    post.ledger.park(batch, detail="nobody knows", at=post.now)
    return key


def marked_by_a_person(post: Post) -> str:
    key = parked(post)
    [mailing] = post.query("SELECT id FROM mailings")
    Parked(post.database).mark_sent(mailing, None, actor="test", at=post.now + DAY)
    return key


def sent_again_by_a_person(post: Post) -> str:
    key = parked(post)
    [mailing] = post.query("SELECT id FROM mailings")
    Parked(post.database).resend(mailing, None, actor="test", at=post.now + DAY)
    return key


def under_way_once_more(post: Post) -> str:
    key = sent_again_by_a_person(post)
    post.begin_as(post.sender(ScriptedProvider()))
    return key


MOMENTS = [
    in_flight,
    unknown,
    parked,
    marked_by_a_person,
    sent_again_by_a_person,
    under_way_once_more,
]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("message", [None, "message-1"], ids=["unnamed", "named"])
def test_an_unsubscribe_ends_the_list_of_its_mailing_and_no_other(
    post: Post, moment: Callable[[Post], str], message: str | None
) -> None:
    key = moment(post)

    hear(post, event(EventKind.UNSUBSCRIBED, mark=key, message=message))

    assert subscriptions(post, 1) == ["ended", "active"]
    assert subscriptions(post, 2) == ["active", "active"]


@pytest.mark.parametrize("moment", MOMENTS[:5])
def test_without_a_mark_it_is_what_was_handed_over_last(
    post: Post, moment: Callable[[Post], str]
) -> None:
    moment(post)

    hear(post, event(EventKind.UNSUBSCRIBED, message="message-1"))

    assert subscriptions(post, 1) == ["ended", "active"]


def test_what_was_handed_over_later_is_not_what_it_is_about(post: Post) -> None:
    in_flight(post)

    hear(post, event(EventKind.UNSUBSCRIBED, at=MONDAY - HOUR))

    assert subscriptions(post, 1) == ["ended", "ended"]


@pytest.mark.parametrize(
    ("provider", "mark"),
    [("another", None), ("scripted", "0b5bd2ac-7d6c-5c5e-9d1e-3a4f5b6c7d8e")],
    ids=["through another provider", "of a call that is none of ours"],
)
def test_whoever_leaves_we_cannot_tell_what_has_left_everything(
    post: Post, provider: str, mark: str | None
) -> None:
    in_flight(post)
    hearing = tracker(post)

    hearing.keep(provider, [event(EventKind.UNSUBSCRIBED, mark=mark)])
    hearing.apply()

    assert subscriptions(post, 1) == ["ended", "ended"]


def test_of_two_open_calls_the_mark_tells_which(post: Post) -> None:
    first = unknown(post)
    one = post.query("SELECT id FROM mailings")
    post.now = MONDAY + 7 * DAY
    post.publish(draft("Newark", 19))
    mailing = post.make()
    post.compose(mailing)
    post.sender(Noting(accept_and_vanish)).step(mailing.id)

    hear(post, event(EventKind.HARD, mark=first, at=MONDAY + 8 * DAY))

    heard = "SELECT mailing_id FROM deliveries WHERE heard = 'hard'"
    assert post.query(heard) == one


# --- the circuit breaker


@pytest.mark.parametrize("kind", [EventKind.HARD, EventKind.COMPLAINED])
def test_what_bounces_before_its_outcome_is_known_pauses_the_mailing(
    post: Post, kind: EventKind
) -> None:
    mailing = post.composed(30)
    sender = post.sender(Noting(accept_and_vanish, max_batch=10))
    sender.step()
    provider = sender.provider
    assert isinstance(provider, Noting)
    assert provider.last is not None
    marked = [
        event(kind, number=n, mark=provider.last.key)
        for n in range(1, 31)
        if any(f"reader{n}@" in r.address for r in provider.last.recipients)
    ]

    hear(post, *marked[:3], limits=Limits(attempts=3))

    standing = post.ledger.standing(mailing.id)
    assert standing.state == "paused"
    assert standing.reason is not None
    assert standing.reason.startswith("3 of 3 (100.0%)")


def test_a_block_before_the_outcome_counts_for_its_domain(post: Post) -> None:
    key = in_flight(post)
    [mailing] = post.query("SELECT id FROM mailings")

    hear(
        post,
        event(EventKind.BLOCK, mark=key),
        event(EventKind.BLOCK, mark=key, number=2),
    )

    assert tracker(post).tracking.tally(mailing).domains == {"example.org": (2, 2)}


def test_what_was_told_before_the_answer_came_is_counted_after_it(post: Post) -> None:
    mailing = post.composed(3)
    batch = post.claim()
    intent = post.begin(batch, key="0b5bd2ac-7d6c-5c5e-9d1e-3a4f5b6c7d8e")
    assert intent is not None

    hear(post, event(EventKind.HARD, mark=intent.key))
    results = [Accepted(provider_id=f"id-{n}") for n in range(3)]
    assert post.ledger.record(
        intent, results, fingerprint=None, settle=0, delay=0, at=post.now
    )
    hear(post, event(EventKind.DELIVERED, message="id-0"))

    assert post.query("SELECT state FROM deliveries") == ["sent"] * 3
    tally = tracker(post).tracking.tally(mailing.id)
    assert (tally.attempts, tally.hard) == (3, 1)


def test_what_settles_a_doubt_takes_nothing_back_that_was_told_before(
    post: Post,
) -> None:
    key = parked(post)
    hear(post, event(EventKind.HARD))  # of which only the reader is known

    hear(post, event(EventKind.SENT, mark=key))

    assert post.query("SELECT heard FROM deliveries WHERE state = 'sent'") == ["hard"]
