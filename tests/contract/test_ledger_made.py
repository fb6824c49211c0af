"""A mailing is made once, however many make it, and nobody is left out of it."""

from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest

from mailer.adapters.database.engine import Database
from mailer.adapters.database.work import SqlLedger
from mailer.core.errors import RefusedError
from mailer.core.lists import parse
from mailer.core.preferences import Choices
from mailer.pipeline import plan
from tests.contract.post import SECRET, WEEKLY, Post, people
from tests.contract.racing import together
from tests.factories import MONDAY, contact, draft, place
from tests.fakes.provider import (
    ScriptedProvider,
)


@pytest.fixture
def post(database: Database) -> Post:
    made = Post(database)
    made.publish(draft("San Diego"), draft("Denver"), draft("Newark", 13))
    return made


def test_the_same_edition_is_refused_a_second_time(post: Post) -> None:
    post.enlist(*people(2))
    post.send()
    post.now += timedelta(days=2)  # Wednesday: still Monday's edition

    with pytest.raises(RefusedError, match="nobody is"):
        post.send()


def test_last_weeks_edition_is_not_made_after_this_weeks_by_a_slip(
    post: Post,
) -> None:
    post.enlist(*people(2))
    post.send()
    post.now -= timedelta(hours=15)  # Sunday evening, as a bare date may mean

    with pytest.raises(RefusedError, match="--edition 2019-09-30"):
        post.make()


def test_with_nothing_to_tell_a_reader_is_skipped_or_gets_a_note(
    database: Database,
) -> None:
    post = Post(database)
    post.enlist(*people(2))
    chosen = Choices(language="en", quiet_weeks=True)
    post.readers.choose(post.uid(2), post.number, chosen, at=MONDAY)

    standing = post.send()

    assert standing.deliveries == {"pending": 0, "sent": 1, "skipped": 1}
    assert standing.reasons == {"skipped: nothing to tell": 1}


def test_an_empty_audience_is_a_finished_mailing(post: Post) -> None:
    assert post.send().state == "finished"


def test_somebody_who_appears_while_composing_is_not_left_out(post: Post) -> None:
    post.enlist(*people(2))
    real, late = post.ledger.address, [contact(9, place=place("Denver"))]

    class Meanwhile(SqlLedger):
        def address(self, *args: Any, **options: Any) -> Any:
            if late:
                post.enlist(late.pop())
            return real(*args, **options)

    post.composer = replace(post.composer, ledger=Meanwhile(post.database, SECRET))
    mailing = post.make()
    post.compose(mailing)

    assert post.ledger.standing(mailing.id).audience == 3


def test_two_composers_at_once_make_the_deliveries_once(post: Post) -> None:
    post.enlist(*people(30))
    mailing = post.make()

    together(*[lambda: post.compose(mailing)] * 3)

    assert post.ledger.standing(mailing.id).audience == 30


def test_three_tickers_at_once_make_one_edition(post: Post) -> None:
    made: list[Any] = []
    together(*[lambda: made.extend(plan.due([WEEKLY], post.ledger, now=post.now))] * 3)

    assert len(made) == 1


def test_a_ticker_that_comes_too_late_asks_a_person(post: Post) -> None:
    post.enlist(*people(1))
    post.now = MONDAY + timedelta(hours=25)

    [planned] = plan.due([WEEKLY], post.ledger, now=post.now)
    again = plan.due([WEEKLY], post.ledger, now=post.now)

    assert (planned.mailing.state, again) == ("missed", [])
    assert post.ledger.planned() == []
    assert post.send().deliveries["sent"] == 1  # a person decides


@pytest.mark.parametrize(
    ("moved_to", "days", "state"),
    [("thursday", 3, "missed"), ("sunday", 6, "missed"), ("tuesday", 8, "planned")],
)
def test_a_list_that_moves_to_another_day_is_not_sent_twice_in_a_week(
    post: Post, moved_to: str, days: int, state: str
) -> None:
    plan.due([WEEKLY], post.ledger, now=post.now)
    cadence = {"on": moved_to, "at": "08:00", "timezone": "America/Los_Angeles"}
    moved = parse({"title": "Weekly", "cadence": cadence}, file="", slug="weekly")

    [made] = plan.due([moved], post.ledger, now=post.now + timedelta(days=days))

    assert made.mailing.state == state
    if state == "missed":
        assert made.reason is not None
        assert "weekly/2019-10-07 is for the same time" in made.reason
        assert f"mailer send weekly --edition {made.mailing.edition}" in made.reason


def test_a_list_that_moves_to_another_hour_is_not_sent_twice_a_day(post: Post) -> None:
    plan.due([WEEKLY], post.ledger, now=post.now)
    cadence = {"on": "monday", "at": "09:00", "timezone": "America/Denver"}
    moved = parse({"title": "Weekly", "cadence": cadence}, file="", slug="weekly")

    assert plan.due([moved], post.ledger, now=post.now + timedelta(hours=3)) == []


def test_an_edition_due_before_the_list_was_known_is_not_made(
    database: Database,
) -> None:
    ledger = SqlLedger(database, SECRET)
    ledger.register(["weekly"], at=MONDAY + timedelta(hours=1))

    assert plan.due([WEEKLY], ledger, now=MONDAY + timedelta(hours=2)) == []


def test_a_plan_that_waited_too_long_asks_a_person(post: Post) -> None:
    mailing = post.make()

    late = MONDAY + timedelta(hours=25)
    assert plan.current(mailing, WEEKLY, post.ledger, now=late) is None
    assert post.ledger.standing(mailing.id).state == "missed"


def test_a_plan_composed_late_tells_nothing_that_is_over_by_then(post: Post) -> None:
    post.enlist(contact(1))
    post.publish(draft("Denver", 7, end_time=time(10)), draft("San Diego"))
    mailing = post.make()
    later = MONDAY + timedelta(hours=10)

    current = plan.current(mailing, WEEKLY, post.ledger, now=later)
    assert current is not None
    [variant] = post.compose(current).variants

    assert len(variant.items) == 2  # Denver's morning is over


def test_the_second_edition_tells_what_is_new_and_changed_since_the_first(
    post: Post,
) -> None:
    post.enlist(contact(1))
    post.send()
    post.now += timedelta(days=1)
    post.publish(draft("San Diego", 13), draft("Denver", 20), draft("Los Angeles", 21))
    post.now = MONDAY + timedelta(days=7)
    post.publish(draft("San Diego", 15), draft("Denver", 20), draft("Los Angeles", 21))
    provider = ScriptedProvider()
    post.send(provider)

    text_part = provider.messages["reader1@example.org"].decode()
    assert "changes changed San Diego, CA 2019-10-15" in text_part
    assert "changes changed Denver, CO 2019-10-20" in text_part
    assert "region new Los Angeles, CA 2019-10-21" in text_part
    assert "Newark" not in text_part  # over


def test_new_is_reckoned_from_each_readers_own_last_edition(post: Post) -> None:
    post.enlist(contact(1))
    post.send()
    post.enlist(contact(2))
    post.publish(draft("San Diego", 18), draft("Denver", 19))
    post.now = MONDAY + timedelta(days=7)

    composition = post.compose(post.make())

    kinds = sorted(
        sorted(kind for _, _, kind in variant.items) for variant in composition.variants
    )
    assert kinds == [["changed", "changed"], ["new", "new"]]
