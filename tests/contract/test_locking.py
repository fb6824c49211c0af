"""Those who settle the same messages at once wait for each other, and none for ever."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import insert, select, text

from mailer.adapters.database.engine import Database
from mailer.adapters.database.parked import Parked
from mailer.adapters.database.people import OWN_ACT
from mailer.adapters.database.schema import batches, consent_events, subscribers
from mailer.adapters.database.suppressing import SqlSuppressions
from mailer.core.errors import RefusedError
from mailer.core.events import Event, EventKind
from mailer.core.suppressions import Held, Listed
from mailer.ports import Accepted, Deferred, Mailing
from tests.contract.post import PEPPER, Post
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
    resend: bool,  # noqa: FBT001 - pytest gives it by name
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


def test_two_hear_of_the_same_readers_in_opposite_orders(
    post: Post, other: Post
) -> None:
    post.composed(READERS)
    kinds = (EventKind.COMPLAINED, EventKind.UNSUBSCRIBED, EventKind.HARD)

    def heard(where: Post, name: str, numbers: Sequence[int]) -> int:
        events = [
            Event(
                event_id=f"{name}/{kind}/{number}",
                kind=kind,
                address=f"reader{number}@example.org",
                happened_at=MONDAY + timedelta(hours=1),
            )
            for number in numbers
            for kind in (kinds if name.endswith("forth") else reversed(kinds))
        ]
        tracking = tracker(where).tracking
        for at in range(0, len(events), 3):  # as they come: so their numbers are mixed
            tracking.keep("scripted", events[at : at + 3], at=post.now)
        return tracking.apply(most=len(events), at=post.now).events

    known = range(1, READERS + 30)  # the last of them nobody's
    for turn in range(3):
        with post.database.writing() as connection:
            connection.execute(text("DELETE FROM suppressions"))

        counts = at_once(
            lambda: heard(post, f"{turn}forth", known),  # noqa: B023 - at once
            lambda: heard(other, f"{turn}back", known[::-1]),  # noqa: B023 - called within its turn
        )

        tracker(post).apply()
        assert all(counts)
        reasons = post.query("SELECT reason FROM suppressions")
        assert reasons == ["complained"] * len(known)


def test_whom_a_call_lets_wait_again_does_not_wait_in_a_mailing_cancelled_meanwhile(
    post: Post, other: Post
) -> None:
    mailing = post.composed(3)
    intent = post.begin(post.claim())
    assert intent is not None
    later = partial(
        other.ledger.record,
        intent,
        [Deferred(detail="later")] * 3,
        fingerprint=None,
        settle=0,
        delay=0,
        at=post.now,
    )
    with ThreadPoolExecutor(1) as pool:
        with post.database.writing() as connection:  # cancelled, and not yet committed
            connection.execute(text("UPDATE mailings SET state = 'cancelled'"))
            recording = pool.submit(later)
            assert wait([recording], timeout=0.5).not_done
        assert recording.result()

    assert post.counts(mailing) == {"pending": 0, "sent": 0, "skipped": 3}


def test_what_is_parked_while_a_person_decides_waits_for_the_next_decision(
    post: Post, other: Post
) -> None:
    mailing = undecided(post)
    park_all(post, mailing)
    forget, park = (
        [_LAST.format(table, state) for table in ("batches", "deliveries")]
        for state in ("unknown", "parked")
    )
    with post.database.writing() as connection:
        for words in forget:
            connection.execute(text(words))
        some = connection.scalar(
            text("SELECT count(*) FROM deliveries WHERE state = 'parked'")
        )
    decide = partial(
        Parked(other.database).mark_sent, mailing.id, None, actor="test", at=post.now
    )
    with ThreadPoolExecutor(1) as pool:
        with post.database.writing() as connection:
            connection.execute(select(batches).with_for_update()).all()
            deciding = pool.submit(decide)
            assert wait([deciding], timeout=0.5).not_done
            for words in park:
                connection.execute(text(words))
        # On SQLite it begins only now, and knows of all.
        assert deciding.result() == (READERS if post.database.is_sqlite else some)


_LAST = """
    UPDATE {} SET state = '{}' WHERE (variant_id, seq) = (
        SELECT variant_id, max(seq) FROM batches GROUP BY variant_id ORDER BY 1 LIMIT 1
    )
"""


@pytest.mark.parametrize("by_sync", [False, True], ids=["an event", "a sync"])
def test_who_is_let_back_at_this_moment_is_not_suppressed_for_what_was_before(
    post: Post,
    other: Post,
    by_sync: bool,  # noqa: FBT001 - pytest gives it by name
) -> None:
    post.composed(1)
    before, back = MONDAY + timedelta(hours=1), MONDAY + timedelta(days=1)
    bounce = Event(
        event_id="1",
        kind=EventKind.HARD,
        address="reader1@example.org",
        happened_at=before,
    )
    listed = Listed(address="reader1@example.org", held=Held.BOUNCED, since=before)
    tracker(post).keep("scripted", [bounce])
    suppress: Callable[[], object] = (
        partial(SqlSuppressions(other.database, PEPPER).take, "main", [listed], at=back)
        if by_sync
        else tracker(other).apply
    )
    with ThreadPoolExecutor(1) as pool:
        with post.database.writing() as connection:
            connection.execute(  # as lifting and confirming begin, and then go on
                select(subscribers.c.id).with_for_update(key_share=True)
            ).all()
            suppressing = pool.submit(suppress)
            assert wait([suppressing], timeout=0.5).not_done
            connection.execute(
                insert(consent_events).values(
                    subscriber_id=select(subscribers.c.id).scalar_subquery(),
                    list_number=post.number,
                    kind="granted",
                    basis=OWN_ACT,
                    happened_at=back,
                    source="a test",
                    recorded_at=back,
                )
            )
        suppressing.result()

    assert not post.query("SELECT reason FROM suppressions")


def test_what_a_person_sends_again_meanwhile_is_not_what_was_heard_of(
    post: Post, other: Post
) -> None:
    mailing = undecided(post)
    park_all(post, mailing)
    told(post, [EventKind.HARD])
    resend = (
        """
        INSERT INTO batches (variant_id, seq, mailing_id, state, point, carrier)
        SELECT variant_id, 900 + seq, mailing_id, 'ready', point, carrier
        FROM batches WHERE state = 'parked'
        """,
        """
        UPDATE deliveries SET state = 'pending', seq = 900 + seq
        WHERE state = 'parked'
        """,
        "UPDATE batches SET state = 'done' WHERE state = 'parked'",
    )
    with ThreadPoolExecutor(1) as pool:
        with post.database.writing() as connection:
            for words in resend:
                connection.execute(text(words))
            applying = pool.submit(tracker(other).apply)
            assert wait([applying], timeout=0.5).not_done
        assert applying.result() == READERS

    assert not post.query("SELECT 1 FROM deliveries WHERE heard IS NOT NULL")
    assert post.query("SELECT DISTINCT mailing_id FROM provider_events") == [mailing.id]


def test_a_batch_that_nobody_is_left_in_ends_while_its_variant_gets_another(
    post: Post, other: Post
) -> None:
    mailing = undecided(post)
    parked = Parked(other.database)
    with post.database.writing() as connection:
        connection.execute(text("UPDATE subscriptions SET state = 'ended'"))
    for _ in range(ROUNDS):
        park_all(post, mailing)
        with post.database.writing() as connection:
            connection.execute(text("UPDATE mailings SET state = 'sending'"))
            connection.execute(text(_FIRST.format("batches", "ready")))
            connection.execute(text(_FIRST.format("deliveries", "pending")))

        _, again = at_once(
            partial(post.begin, post.claim()),
            lambda: parked.resend(mailing.id, None, actor="test", at=post.now),
        )

        assert post.counts(mailing)["pending"] == again


_FIRST = """
    UPDATE {} SET state = '{}'
    WHERE (variant_id, seq) = (SELECT min(variant_id), 1 FROM batches)
"""
