"""Letters about requests: one for all that was asked, in bounds, and to nobody who must not be written to."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from mailer.adapters.database.requests import SqlRequests
from mailer.core.requests import (
    A_DAY,
    CLAIM,
    COOLDOWN,
    MOST_OPEN,
    OWN,
    Ask,
    Backlog,
    Kind,
)
from tests.contract.asking import joining, one, post, requests, state, suppress
from tests.contract.post import Post, people

__all__ = ["joining", "post", "requests"]


def test_many_who_ask_for_one_address_cause_one_letter(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: requests.ask(joining, at=post.now), range(100)))

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: requests.due(at=post.now), range(4)))

    assert len({due.name for lot in found for due in lot}) == 1
    assert post.query("SELECT count(*) FROM requests") == [1]


def test_an_address_is_written_to_three_times_a_day_whatever_is_asked(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    letters = 0
    for quarter in range(96):
        at = post.now + COOLDOWN * quarter
        requests.ask(replace(joining, about=f"as {quarter}"), at=at)
        for due in requests.due(at=at):
            requests.written(due, at=at)
            letters += 1

    assert letters == 3


def test_one_letter_is_about_all_that_was_asked(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    requests.ask(joining, at=post.now)
    endorsing = replace(joining, kind=Kind.ENDORSE, about="aft-guild", joins=())
    requests.ask(endorsing, at=post.now)

    due = one(requests, post.now)
    requests.written(due, at=post.now)
    granted = requests.confirm(due.to, due.number, at=post.now)

    assert [each.kind for each in granted] == [Kind.SUBSCRIBE, Kind.ENDORSE]
    assert [each.kind for each in requests.waiting()] == [Kind.ENDORSE]
    assert requests.due(at=post.now + COOLDOWN) == []


def test_moderators_are_told_how_many_wait_and_since_when(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    began = post.now
    assert requests.backlog() == Backlog(count=0, oldest=None)

    for number in range(3):
        ask = replace(
            joining,
            kind=Kind.ENDORSE,
            about=f"guild {number}",
            address=f"ana{number}@union.example",
            joins=(),
        )
        requests.ask(ask, at=post.now)
        due = one(requests, post.now)
        requests.written(due, at=post.now)
        requests.confirm(due.to, due.number, at=post.now)
        post.now += timedelta(minutes=1)
    requests.ask(replace(joining, kind=Kind.ENDORSE, about="other"), at=post.now)

    assert requests.backlog() == Backlog(count=3, oldest=began)
    first = requests.waiting()[0]
    requests.settle(first.number, accepted=False, by="test", at=post.now)
    assert requests.backlog() == Backlog(count=2, oldest=began + timedelta(minutes=1))


def test_a_grave_request_has_a_link_of_its_own_that_soon_grants_nothing(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    requests.ask(joining, at=post.now)
    requests.ask(replace(joining, kind=Kind.ERASE, joins=()), at=post.now)

    plain, grave = requests.due(at=post.now)

    assert grave.kind is Kind.ERASE
    assert grave.until == post.now + timedelta(minutes=30)
    granted = requests.confirm(plain.to, plain.number, at=post.now)
    assert [each.kind for each in granted] == [Kind.SUBSCRIBE]
    granted = requests.confirm(grave.to, grave.number, at=post.now)
    assert [each.kind for each in granted] == [Kind.ERASE]


def test_whoever_lost_the_letter_asks_again_after_a_while(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    requests.ask(joining, at=post.now)
    first = one(requests, post.now)
    requests.written(first, at=post.now)
    soon, later = post.now + COOLDOWN / 2, post.now + COOLDOWN

    requests.ask(joining, at=soon)
    assert requests.due(at=later) == []
    requests.ask(joining, at=later)
    second = one(requests, later)

    assert second.name != first.name
    assert second.number == first.number


def test_a_letter_that_was_not_put_on_its_way_is_due_again_under_the_same_name(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    requests.ask(joining, at=post.now)
    first = one(requests, post.now)

    assert requests.due(at=post.now + CLAIM / 2) == []  # somebody has it in hand
    again = one(requests, post.now + CLAIM)

    assert again.name == first.name


def test_a_letter_that_was_not_put_on_its_way_is_counted_once(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    at = post.now
    requests.ask(joining, at=at)
    for _ in range(2 * A_DAY):  # a program that crashes again and again
        one(requests, at)
        at += CLAIM

    requests.written(one(requests, at), at=at)

    assert post.query("SELECT times FROM cooldowns") == [1]


@pytest.mark.parametrize("kind", OWN)
def test_two_who_look_at_once_write_one_letter_and_spend_one(
    post: Post, requests: SqlRequests, joining: Ask, kind: Kind
) -> None:
    requests.ask(replace(joining, kind=kind, joins=()), at=post.now)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: requests.due(at=post.now), range(4)))

    assert sum(map(len, found)) == 1
    assert post.query("SELECT times FROM cooldowns") == [1]


def test_what_is_asked_while_a_letter_is_in_hand_gets_one_of_its_own(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    requests.ask(joining, at=post.now)
    first = one(requests, post.now)
    requests.ask(replace(joining, about="another"), at=post.now + CLAIM / 2)
    requests.written(first, at=post.now + CLAIM / 2)

    assert requests.due(at=post.now + CLAIM) == []
    assert one(requests, post.now + COOLDOWN).number != first.number


def test_what_can_never_be_written_about_is_forgotten_like_the_rest(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    requests.ask(replace(joining, kind=Kind.EXPORT, joins=()), at=post.now)
    for minute in range(30):
        one(requests, post.now + CLAIM * minute)  # and nothing comes of it

    late = post.now + timedelta(minutes=31)
    assert requests.due(at=late) == []
    assert requests.expire(at=late) == 1


def test_nobody_is_written_to_of_what_is_too_old_to_be_granted(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    requests.ask(replace(joining, kind=Kind.EXPORT, joins=()), at=post.now)

    assert requests.due(at=post.now + timedelta(minutes=31)) == []


def test_a_link_is_good_from_the_moment_that_its_letter_is_written(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    requests.ask(replace(joining, kind=Kind.EXPORT, joins=()), at=post.now)
    late = post.now + timedelta(minutes=29)
    due = one(requests, late)
    requests.written(due, at=late)

    assert due.until == late + timedelta(minutes=30)
    assert requests.open_for(due.to, due.number, at=due.until - CLAIM)
    assert requests.expire(at=due.until - CLAIM) == 0


def test_a_letter_knows_every_list_that_a_press_joins(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    other = post.ledger.register(["rapid"], at=post.now)["rapid"]
    signed = replace(joining, kind=Kind.ENDORSE, about="AFT 1931", joins=(other,))
    requests.ask(signed, at=post.now)
    requests.ask(joining, at=post.now)

    assert one(requests, post.now).joins == (other, post.number)


def test_whoever_is_on_the_list_is_asked_like_anybody(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    [member] = people(1)
    post.enlist(member)
    known = replace(joining, address=member.address)

    requests.ask(known, at=post.now)
    due = one(requests, post.now)

    assert due.to == post.uid(1)
    assert len(requests.confirm(due.to, due.number, at=post.now)) == 1


@pytest.mark.parametrize("reason", ["erased", "complained"])
def test_who_may_have_come_back_is_asked_once_a_week(
    post: Post, requests: SqlRequests, joining: Ask, reason: str
) -> None:
    suppress(post, reason)
    requests.ask(joining, at=post.now)
    due = one(requests, post.now)
    requests.written(due, at=post.now)
    for day in range(1, 7):
        at = post.now + timedelta(days=day)
        requests.ask(joining, at=at)
        assert requests.due(at=at) == []

    requests.confirm(due.to, due.number, at=post.now)

    assert post.query("SELECT count(*) FROM suppressions") == [0]
    assert state(post) == "active"


@pytest.mark.parametrize("reason", ["bounced", "manual"])
def test_nobody_is_asked_at_an_address_that_must_not_be_written_to(
    post: Post, requests: SqlRequests, joining: Ask, reason: str
) -> None:
    suppress(post, reason)
    requests.ask(joining, at=post.now)

    assert requests.due(at=post.now) == []
    assert post.query("SELECT count(*) FROM requests") == [0]


@pytest.mark.parametrize("kind", OWN)
def test_strangers_use_up_nothing_of_what_the_owner_of_an_address_may_ask(
    post: Post, requests: SqlRequests, joining: Ask, kind: Kind
) -> None:
    at = post.now
    for _ in range(A_DAY):
        at += COOLDOWN
        requests.ask(joining, at=at)
        requests.written(one(requests, at), at=at)
    for number in range(MOST_OPEN):
        requests.ask(replace(joining, about=f"organization {number}"), at=at)

    mine = replace(joining, kind=kind, joins=())
    letters = []
    for _ in range(2 * A_DAY):
        at += COOLDOWN
        requests.ask(mine, at=at)
        for due in requests.due(at=at):
            requests.written(due, at=at)
            letters.append(due.kind)

    assert letters == [kind] * A_DAY
