"""Those who settle the same messages at once wait for each other, and none for ever."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import text

from mailer.adapters.database.engine import Database
from mailer.adapters.database.parked import Parked
from mailer.core.errors import RefusedError
from mailer.core.events import Event, EventKind
from mailer.ports import Accepted, Mailing
from tests.contract.post import Post
from tests.contract.test_tracking import tracker
from tests.factories import MONDAY, draft
from tests.fakes.provider import ScriptedProvider, vanish

READERS, ROUNDS = 60, 25
KEY = "0b5bd2ac-7d6c-5c5e-9d1e-3a4f5b6c7d{:02x}"


@pytest.fixture
def post(database: Database) -> Post:
    post = Post(database)
    post.publish(draft("San Diego"), draft("Denver"))
    return post


@pytest.fixture
def other(database_url: str, tmp_path: Path, post: Post) -> Iterator[Post]:
    """The same mailer in another process: connections of its own."""
    database = Database(database_url, folder=tmp_path)
    yield Post(database, now=post.now)
    database.close()


def at_once(*what: Callable[[], object]) -> Sequence[object]:
    """Do these at the same time; raises what any of them raises."""
    together = Barrier(len(what))

    def begin(one: Callable[[], object]) -> object:
        together.wait()
        return one()

    with ThreadPoolExecutor(len(what)) as pool:
        return list(pool.map(begin, what))


def park_all(post: Post, mailing: Mailing) -> None:
    """Let everybody be in doubt as at first, ten to a batch, the last written first."""
    with post.database.writing() as connection:
        for words in (
            "DELETE FROM provider_events",
            "UPDATE batches SET state = 'done', key = NULL",
            "UPDATE deliveries SET state = 'parked', heard = NULL, provider_id = NULL",
            "UPDATE mailings SET state = 'unresolved'",
        ):
            connection.execute(text(words))
        pairs = connection.execute(
            text("SELECT DISTINCT variant_id, seq FROM deliveries ORDER BY 1, 2")
        ).all()
        for number, (variant, seq) in reversed(list(enumerate(pairs))):
            connection.execute(
                text(
                    "UPDATE batches SET state = 'parked', key = :key"
                    " WHERE variant_id = :variant AND seq = :seq"
                ),
                {"key": KEY.format(number), "variant": variant, "seq": seq},
            )
    assert post.ledger.standing(mailing.id).deliveries["parked"] == READERS


def told(post: Post, kinds: Sequence[EventKind]) -> None:
    """Keep something about everybody, in an order that no table has."""
    with post.database.reading() as connection:
        rows = connection.execute(
            text(
                "SELECT address, key FROM deliveries JOIN subscribers ON id ="
                " subscriber_id JOIN batches ON batches.variant_id ="
                " deliveries.variant_id AND batches.seq = deliveries.seq"
                " ORDER BY address DESC"
            )
        ).all()
    events = [
        Event(
            event_id=f"{kind}/{row.address}",
            kind=kind,
            address=row.address,
            happened_at=MONDAY + timedelta(hours=1),
            provider_id=f"id-{row.address}",
            mark=row.key,
        )
        for kind in kinds
        for row in rows
    ]
    tracker(post).keep("scripted", events)


def undecided(post: Post) -> Mailing:
    mailing = post.composed(READERS)
    post.drain(mailing, ScriptedProvider(*[vanish] * 20))
    return mailing


@pytest.mark.parametrize("resend", [False, True], ids=["mark sent", "resend"])
def test_a_person_and_an_event_decide_at_once_and_each_reader_is_decided_once(
    post: Post,
    other: Post,
    resend: bool,  # noqa: FBT001
) -> None:
    mailing = undecided(post)
    parked = Parked(other.database)
    decide = parked.resend if resend else parked.mark_sent
    for _ in range(ROUNDS):
        park_all(post, mailing)
        told(post, [EventKind.DELIVERED])

        applied, decided = at_once(
            tracker(post).apply,
            lambda: decide(mailing.id, None, actor="test", at=post.now),
        )

        states = post.counts(mailing)
        by_event = len(
            post.query(
                "SELECT 1 FROM deliveries WHERE reason = 'the provider told so later'"
            )
        )
        assert applied == READERS
        assert decided == READERS - by_event
        assert states.get("pending", 0) == (decided if resend else 0)
        assert states["sent"] + states.get("pending", 0) == READERS
        assert post.query("SELECT count(*) FROM deliveries WHERE heard IS NULL") in (
            [0],
            [decided],
        )


def test_a_worker_records_its_call_while_events_of_it_come_in(
    post: Post, other: Post
) -> None:
    for week in range(ROUNDS):
        post.now = other.now = MONDAY + timedelta(days=7 * week, hours=2)
        post.publish(draft("Newark", start_date=(post.now + timedelta(days=3)).date()))
        mailing = post.composed(READERS)
        batch = post.claim()
        intent = post.begin(batch, key=KEY.format(week))
        assert intent is not None
        backwards = list(reversed(intent.addressees))
        events = [
            Event(
                event_id=f"{week}/{person.address}",
                kind=EventKind.HARD if person is backwards[0] else EventKind.DELIVERED,
                address=person.address,
                happened_at=post.now + timedelta(hours=1),
                mark=intent.key,
            )
            for person in backwards
        ]
        tracker(other).keep("scripted", events)
        answers = [
            Accepted(provider_id=f"{week}/{p.uid.hex()}") for p in intent.addressees
        ]

        at_once(
            tracker(other).apply,
            partial(
                post.ledger.record,
                intent,
                answers,
                fingerprint=None,
                settle=0,
                delay=0,
                at=post.now,
            ),
        )

        tally = tracker(post).tracking.tally(mailing.id)
        assert tally.attempts == len(answers)
        with post.database.writing() as connection:  # the next week has all of them
            connection.execute(text("DELETE FROM suppressions"))
            connection.execute(text("UPDATE batches SET state = 'done'"))


def test_of_a_cancelled_mailing_nothing_is_queued_again_and_nothing_is_lost(
    post: Post, other: Post
) -> None:
    mailing = undecided(post)
    parked = Parked(other.database)

    def resend() -> int:
        try:
            return parked.resend(mailing.id, None, actor="test", at=post.now)
        except RefusedError:
            return 0

    for _ in range(ROUNDS):
        park_all(post, mailing)
        with post.database.writing() as connection:
            connection.execute(text("UPDATE mailings SET state = 'sending'"))

        _, queued = at_once(
            lambda: post.ledger.cancel(mailing.id, reason="wrong", at=post.now), resend
        )

        counts = post.counts(mailing)
        assert counts["pending"] == 0  # nobody waits for ever
        assert counts.get("skipped", 0) == queued
        assert counts.get("parked", 0) == READERS - int(str(queued))
