"""What nobody granted is forgotten, and whoever did not ask is never written to again."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from mailer.adapters.database.requests import SqlRequests
from mailer.adapters.database.schema import (
    requests as requests_table,
    subscribers,
)
from mailer.core.requests import (
    CLAIM,
    COOLDOWN,
    RETURNING,
    Ask,
    Kind,
)
from tests.contract.asking import ADDRESS, joining, one, post, requests, state, suppress
from tests.contract.post import Post

__all__ = ["joining", "post", "requests"]


def addresses(post: Post) -> list[str]:
    return post.query("SELECT address FROM subscribers WHERE address <> ''")


def test_whoever_did_not_ask_is_never_written_to_again(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    requests.ask(joining, at=post.now)
    due = one(requests, post.now)
    requests.written(due, at=post.now)

    requests.refuse(due.to, due.number, at=post.now)

    later = post.now + COOLDOWN
    requests.ask(joining, at=later)
    assert requests.due(at=later) == []
    assert requests.confirm(due.to, due.number, at=later) == []


@pytest.mark.parametrize("reason", sorted(RETURNING))
def test_who_had_complained_or_was_erased_and_did_not_ask_is_asked_no_more(
    post: Post, requests: SqlRequests, joining: Ask, reason: str
) -> None:
    suppress(post, reason)
    requests.ask(joining, at=post.now)
    due = one(requests, post.now)
    requests.written(due, at=post.now)

    requests.refuse(due.to, due.number, at=post.now)

    later = post.now + timedelta(days=8)
    requests.ask(joining, at=later)
    assert requests.due(at=later) == []


def test_of_a_stranger_who_did_not_ask_nothing_but_a_hash_is_kept(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    requests.ask(joining, at=post.now)
    due = one(requests, post.now)
    requests.written(due, at=post.now)

    requests.refuse(due.to, due.number, at=post.now)

    assert addresses(post) == []
    assert post.query("SELECT reason FROM suppressions") == ["manual"]


def test_an_address_that_must_not_be_written_to_any_more_is_forgotten(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    requests.ask(joining, at=post.now)
    one(requests, post.now)  # and then the program was killed
    suppress(post, "manual")

    assert requests.due(at=post.now + 2 * CLAIM) == []
    assert addresses(post) == []


def test_what_is_asked_anew_outlives_what_was_asked_a_week_ago(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    requests.ask(joining, at=post.now)
    requests.written(one(requests, post.now), at=post.now)
    later = post.now + timedelta(days=7)
    requests.ask(replace(joining, about="another"), at=later)

    requests.expire(at=later + CLAIM)

    assert post.query("SELECT about FROM requests") == ["another"]
    due = one(requests, later + CLAIM)
    assert len(requests.confirm(due.to, due.number, at=later + CLAIM)) == 1


def test_whose_plan_was_declined_is_forgotten_a_month_later(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    requests.ask(replace(joining, kind=Kind.SUBMIT, joins=()), at=post.now)
    due = one(requests, post.now)
    requests.confirm(due.to, due.number, at=post.now)
    requests.settle(due.number, accepted=False, by="ana", at=post.now, reason="Spam.")
    requests.expire(at=post.now + timedelta(days=29))
    assert addresses(post) == [ADDRESS]

    requests.expire(at=post.now + timedelta(days=31))

    assert addresses(post) == []


def test_late_presses_while_the_late_are_forgotten_break_nothing(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    later = post.now + timedelta(days=8)
    with ThreadPoolExecutor(1) as pool:
        for turn in range(20):
            for number in range(4):
                address = f"reader{turn}-{number}@union.example"
                requests.ask(replace(joining, address=address), at=post.now)
            letters = requests.due(at=post.now)
            for due in letters:
                requests.written(due, at=post.now)

            forgetting = pool.submit(requests.expire, at=later)
            for due in reversed(letters):
                assert requests.confirm(due.to, due.number, at=later) == []
            forgetting.result(30)

    requests.expire(at=later)
    assert addresses(post) == []


def test_what_nobody_granted_is_forgotten(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    requests.ask(joining, at=post.now)
    requests.written(one(requests, post.now), at=post.now)

    assert requests.expire(at=post.now + timedelta(days=7)) == 0
    assert requests.expire(at=post.now + timedelta(days=8)) == 1
    assert post.query("SELECT count(*) FROM requests") == [0]


def test_who_confirmed_cannot_be_silenced_by_an_old_letter(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    requests.ask(joining, at=post.now)
    due = one(requests, post.now)
    requests.confirm(due.to, due.number, at=post.now)

    requests.refuse(due.to, due.number, at=post.now)

    assert post.query("SELECT count(*) FROM suppressions") == [0]


def test_a_press_while_its_owner_is_erased_grants_nothing_and_breaks_nothing(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    requests.ask(joining, at=post.now)
    due = one(requests, post.now)
    requests.written(due, at=post.now)

    with ThreadPoolExecutor(1) as pool:
        with post.database.writing() as connection:
            connection.execute(
                select(subscribers.c.id)
                .where(subscribers.c.uid == due.to)
                .with_for_update()
            )
            pressed = pool.submit(requests.confirm, due.to, due.number, at=post.now)
            time.sleep(0.5)  # it waits for us by now
            connection.execute(requests_table.delete())

        assert pressed.result(30) == []
    assert state(post) is None


def test_a_thousand_are_forgotten_at_a_time_and_the_rest_after_them(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    requests.ask(joining, at=post.now)
    with post.database.writing() as connection:
        kept = dict(connection.execute(select(requests_table)).mappings().one())
        del kept["id"]
        others = [
            {**kept, "public_id": f"{n}", "address_hash": n.to_bytes(16)}
            for n in range(1, 1200)
        ]
        connection.execute(requests_table.insert(), others)
    later = post.now + timedelta(days=8)

    assert [requests.expire(at=later) for _ in range(3)] == [1000, 200, 0]
