"""Suppressions as a person sees them, and one taken back: on both databases."""

from datetime import datetime, timedelta

import pytest

from mailer.adapters.database import gauges
from mailer.adapters.database.engine import Database
from mailer.adapters.database.lifting import Suppressed
from mailer.core.allowing import KEPT
from mailer.core.errors import NotFoundError, RefusedError
from mailer.core.events import Event, EventKind
from tests.contract.post import PEPPER, Post
from tests.contract.test_tracking import hear, sent, told
from tests.factories import draft

ASKED = "wrote on 3 May: the mailbox is open again"


@pytest.fixture
def post(database: Database) -> Post:
    post = Post(database)
    post.publish(draft("San Diego"), draft("Denver"))
    sent(post)
    return post


def lifted(post: Post, number: int, at: datetime) -> tuple[str, tuple[str, ...]]:
    done = Suppressed(post.database, PEPPER).lift(
        f"reader{number}@EXAMPLE.org", asked=ASKED, actor="cli", at=at
    )
    return done.reason, tuple(done.lists)


def bounced_again(at: datetime) -> Event:
    return told(EventKind.HARD, 1, at=at, event_id=f"late {at}")


def test_who_bounced_and_asked_is_mailed_again_and_old_news_changes_nothing(
    post: Post,
) -> None:
    hear(post, told(EventKind.HARD, 1))
    at = post.now + timedelta(days=1)

    assert lifted(post, 1, at) == ("bounced", ("weekly",))
    hear(post, bounced_again(at - timedelta(hours=1)))
    assert post.query("SELECT reason FROM suppressions") == []
    hear(post, bounced_again(at + timedelta(hours=1)))
    assert post.query("SELECT reason FROM suppressions") == ["bounced"]


def test_who_complained_stays_off_the_lists_that_ended(post: Post) -> None:
    hear(post, told(EventKind.COMPLAINED, 2))

    assert lifted(post, 2, post.now) == ("complained", ())
    assert post.query(
        "SELECT state FROM subscriptions WHERE ended_reason = 'complained'"
    ) == ["ended"]


def test_who_was_erased_and_who_is_not_suppressed_is_not_lifted(post: Post) -> None:
    post.people.suppress(["reader3@example.org"], reason="erased", at=post.now)

    with pytest.raises(RefusedError, match="only they themselves"):
        lifted(post, 3, post.now)
    with pytest.raises(NotFoundError):
        lifted(post, 1, post.now)
    assert post.query("SELECT verb FROM audit WHERE verb = 'lift'") == []


def test_the_newest_are_listed_first_and_all_are_counted(post: Post) -> None:
    suppressed = Suppressed(post.database, PEPPER)
    for days, address in enumerate(("reader1@example.org", "stranger@example.net")):
        at = post.now + timedelta(days=days)
        post.people.suppress([address], reason="manual", at=at)

    assert [row["address"] for row in suppressed.listed()] == [
        None,
        "reader1@example.org",
    ]
    assert [row["address"] for row in suppressed.listed(1)] == [None]
    assert suppressed.counts() == {"manual": 2}


def test_what_stayed_in_the_outbox_is_counted_by_its_mark_alone(post: Post) -> None:
    [mailing] = post.query("SELECT id FROM mailings")
    assert gauges.kept(post.database, mailing) == 0
    assert gauges.looked_into(post.database, mailing) == 0.0

    with post.database.writing() as connection:
        connection.exec_driver_sql(
            f"UPDATE deliveries SET provider_id = '{KEPT}1' WHERE state = 'sent'"  # noqa: S608 - a constant of the test
        )

    assert gauges.kept(post.database, mailing) == 3
