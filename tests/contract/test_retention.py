"""Who got what is forgotten in time; how many got it is not."""

from datetime import timedelta

import pytest

from mailer.adapters.database.engine import Database
from mailer.adapters.database.retention import Retention
from tests.contract.post import Post, people
from tests.factories import MONDAY, draft
from tests.fakes.provider import ScriptedProvider, accept_and_vanish

LATER = MONDAY + timedelta(days=200)


@pytest.fixture
def post(database: Database) -> Post:
    made = Post(database)
    made.publish(draft("San Diego"), draft("Denver"))
    return made


def test_an_old_mailing_keeps_its_counts_and_loses_its_deliveries(post: Post) -> None:
    post.enlist(*people(25))
    post.people.suppress(["reader3@example.org"], reason="bounced", at=MONDAY)
    before = post.send()

    done = Retention(post.database).prune(LATER, at=LATER)

    after = post.ledger.standing(1)
    assert done == {"mailings": 1, "deliveries": 25}
    assert post.query("SELECT count(*) FROM deliveries") == [0]
    assert post.query("SELECT count(*) FROM batches") == [0]
    assert (after.deliveries, after.reasons, after.audience, after.variants) == (
        before.deliveries,
        before.reasons,
        25,
        before.variants,
    )
    assert after.pruned


def test_what_is_recent_open_or_waits_for_a_person_stays(post: Post) -> None:
    post.enlist(*people(5))
    post.send(ScriptedProvider(accept_and_vanish))  # parked

    done = Retention(post.database).prune(LATER, at=LATER)
    assert done == {"mailings": 0, "deliveries": 0}

    post.now += timedelta(days=7)
    post.publish(draft("San Diego", 20))
    post.send()
    recent = Retention(post.database).prune(post.now - timedelta(days=1), at=post.now)
    assert recent == {"mailings": 0, "deliveries": 0}


def test_pruning_twice_changes_nothing(post: Post) -> None:
    post.enlist(*people(5))
    post.send()
    Retention(post.database).prune(LATER, at=LATER)
    before = post.ledger.standing(1)

    assert Retention(post.database).prune(LATER, at=LATER)["mailings"] == 0
    assert post.ledger.standing(1) == before


def test_pruning_that_was_broken_off_is_finished_with_the_first_counts(
    post: Post,
) -> None:
    post.enlist(*people(25))
    before = post.send()

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Retention(post.database, lot=10).prune(LATER, at=LATER, progress=stop)
    assert post.query("SELECT count(*) FROM deliveries") == [15]
    assert post.ledger.standing(1).deliveries == before.deliveries

    Retention(post.database).prune(LATER, at=LATER)
    assert post.query("SELECT count(*) FROM deliveries") == [0]
    assert post.ledger.standing(1).deliveries == before.deliveries


def test_what_readers_know_outlives_their_deliveries(post: Post) -> None:
    post.enlist(*people(3))
    post.send()
    Retention(post.database).prune(LATER, at=LATER)
    post.now = MONDAY + timedelta(days=7)
    post.publish(draft("San Diego", 20), draft("Denver", 21))

    [variant] = post.compose(post.make()).variants

    assert {kind for _, _, kind in variant.items} == {"changed"}
