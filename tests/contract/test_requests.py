"""What visitors ask for: kept once, asked about seldom, granted once, by the owner."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from itertools import cycle, islice, repeat
from threading import Barrier

import pytest
from sqlalchemy import select

from mailer.adapters.database.requests import SqlRequests
from mailer.adapters.database.rights import SqlRights
from mailer.adapters.database.schema import (
    consent_events,
    suppressions,
)
from mailer.core.errors import NotFoundError
from mailer.core.requests import (
    CLAIM,
    COOLDOWN,
    MOST_OPEN,
    Ask,
    Kind,
    Moving,
    State,
    fingerprint,
)
from mailer.core.tokens import address_hash
from tests.contract.asking import joining, one, post, requests, state
from tests.contract.post import PEPPER, Post
from tests.factories import contact, place

__all__ = ["joining", "post", "requests"]


def write(
    requests: SqlRequests, fates: Iterator[str], *, at: datetime
) -> list[tuple[bytes, str]]:
    """Write what is due until one is killed; return to whom, under which names."""
    names = []
    for due, fate in zip(requests.due(at=at, most=30), fates, strict=False):
        if fate == "unwritten":
            break
        names.append((due.to, due.name))
        if fate == "told":
            requests.written(due, at=at)
    return names


def test_whoever_confirms_is_subscribed_as_the_form_said(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    requests.ask(joining, at=post.now)
    due = one(requests, post.now)
    requests.written(due, at=post.now)
    assert state(post) is None

    [granted] = requests.confirm(due.to, due.number, at=post.now)

    assert granted.kind is Kind.SUBSCRIBE
    assert state(post) == "active"
    reader = post.readers.reader(due.to, post.number)
    assert reader is not None
    assert reader.choices.language == "es"
    assert reader.place == place("San Diego")
    with post.database.reading() as connection:
        consent = connection.execute(select(consent_events)).one()
    assert (consent.kind, consent.source) == ("granted", "form")
    assert consent.wording == "Quiero recibirla."


def test_whoever_asks_anew_takes_away_no_list_that_a_letter_has_named(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    requests.ask(joining, at=post.now)
    (due,) = requests.due(at=post.now, most=9)
    requests.written(due, at=post.now)
    other = post.ledger.register(["urgent"], at=post.now)["urgent"]
    stranger = replace(joining, list_number=other, joins=(other,))

    requests.ask(stranger, at=post.now + timedelta(minutes=1))

    (found,) = requests.open_for(due.to, due.number, at=post.now + timedelta(minutes=1))
    assert found.joins == (*joining.joins, other)

    requests.ask(stranger, at=post.now + COOLDOWN)  # and another letter names these
    (again,) = requests.due(at=post.now + COOLDOWN, most=9)
    assert again.joins == (other,)


def test_a_link_grants_once(post: Post, requests: SqlRequests, joining: Ask) -> None:
    requests.ask(joining, at=post.now)
    due = one(requests, post.now)
    requests.confirm(due.to, due.number, at=post.now)

    assert requests.confirm(due.to, due.number, at=post.now) == []
    found = requests.find(due.to, due.number)
    assert found is not None
    assert found.state is State.DONE


def test_a_link_grants_nothing_after_a_week(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    requests.ask(joining, at=post.now)
    due = one(requests, post.now)

    assert due.until == post.now + timedelta(days=7)
    assert requests.confirm(due.to, due.number, at=due.until) == []
    assert state(post) is None


def test_somebody_else_s_link_grants_nothing(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    requests.ask(joining, at=post.now)
    due = one(requests, post.now)

    assert requests.confirm(b"\0" * 16, due.number, at=post.now) == []
    assert requests.confirm(due.to, due.number + 1, at=post.now) == []
    assert requests.find(b"\0" * 16, due.number) is None


def test_of_two_presses_at_once_one_grants(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    requests.ask(joining, at=post.now)
    due = one(requests, post.now)

    with ThreadPoolExecutor(8) as pool:
        each = pool.map(
            lambda _: requests.confirm(due.to, due.number, at=post.now), range(8)
        )

    assert sorted(map(len, each)) == [0] * 7 + [1]


def test_of_two_colleagues_who_are_offered_a_seat_one_gets_it_and_no_other_seat(
    post: Post, requests: SqlRequests
) -> None:
    rights = SqlRights(post.database, requests)
    for organization in ("Border Angels", "Union del Barrio"):
        post.enlist(contact(1, organization=organization))
    letters = []
    for colleague in ("wrong@union.example", "right@union.example"):
        post.now += COOLDOWN
        rights.ask(Kind.HAND_OVER, post.uid(1), post.number, at=post.now)
        due = one(requests, post.now)
        requests.written(due, at=post.now)
        [asked] = requests.confirm(due.to, due.number, at=post.now)
        rights.ask_at(asked, colleague, at=post.now)
        letters.append(one(requests, post.now))
        requests.written(letters[-1], at=post.now)

    came = [rights.sit(one.to, one.number, at=post.now).what for one in letters]

    assert came == [Moving.DONE, Moving.OVER]
    held = "SELECT count(*) FROM seats JOIN subscribers s ON s.id = subscriber_id"
    assert post.query(f"{held} WHERE s.address = 'reader1@example.org'") == [1]


def test_loops_that_are_killed_at_any_moment_write_and_spend_each_letter_once(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    kinds = (Kind.SUBSCRIBE, Kind.ENDORSE, Kind.EXPORT, Kind.ERASE)
    for number in range(20):
        for kind in kinds:
            address = f"reader{number}@union.example"
            requests.ask(replace(joining, kind=kind, address=address), at=post.now)
    names: list[tuple[bytes, str]] = []
    together = Barrier(3)

    def loop(number: int) -> None:
        fates = cycle(("told", "told", "told", "unrecorded", "told", "unwritten"))
        for step in range(8):
            together.wait(30)
            at = post.now + step * CLAIM
            names.extend(write(requests, islice(fates, number, None), at=at))

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(loop, seed) for seed in range(3)]:
            done.result(60)
    while rest := write(requests, repeat("told"), at=post.now + 8 * CLAIM):
        names.extend(rest)

    assert set(Counter(to for to, _ in set(names)).values()) == {3}
    assert post.query("SELECT DISTINCT times FROM cooldowns") == [3]
    assert post.query("SELECT DISTINCT state FROM requests") == ["written"]


def test_a_press_grants_no_other_language_than_was_shown(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    requests.ask(joining, at=post.now)
    due = one(requests, post.now)
    requests.written(due, at=post.now)
    shown = fingerprint(requests.open_for(due.to, due.number, at=post.now))

    requests.ask(replace(joining, language="en"), at=post.now)

    assert requests.confirm(due.to, due.number, at=post.now, shown=shown) == []


def test_a_moderator_decides_once(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    requests.ask(replace(joining, kind=Kind.ENDORSE, joins=()), at=post.now)
    due = one(requests, post.now)
    requests.confirm(due.to, due.number, at=post.now)

    first = requests.settle(
        due.number, accepted=False, by="cli", at=post.now, reason="Not one of us."
    )
    second = requests.settle(due.number, accepted=True, by="cli", at=post.now)

    assert (first, second) == (True, False)
    found = requests.request(due.number)
    assert (found.state, found.reason) == (State.DECLINED, "Not one of us.")
    with pytest.raises(NotFoundError, match="no request 99"):
        requests.request(99)


def test_an_address_can_wait_for_twenty_answers_and_no_more(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    for number in range(50):
        requests.ask(replace(joining, about=f"organization {number}"), at=post.now)

    assert post.query("SELECT count(*) FROM requests") == [20]


def test_who_fills_one_kind_of_requests_leaves_room_for_the_others(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    for number in range(MOST_OPEN):
        requests.ask(replace(joining, about=f"list {number}"), at=post.now)
    requests.ask(replace(joining, kind=Kind.ENDORSE), at=post.now)

    assert post.query("SELECT count(DISTINCT kind) FROM requests") == [2]


def test_a_press_grants_what_was_shown_and_not_what_was_asked_since(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    asked = replace(joining, kind=Kind.ENDORSE, facts={"organization": "AFT 1931"})
    requests.ask(asked, at=post.now)
    due = one(requests, post.now)
    requests.written(due, at=post.now)
    shown = fingerprint(requests.open_for(due.to, due.number, at=post.now))

    requests.ask(replace(asked, facts={"organization": "Others"}), at=post.now)
    pressed = requests.confirm(due.to, due.number, at=post.now, shown=shown)

    assert pressed == []
    anew = fingerprint(requests.open_for(due.to, due.number, at=post.now))
    assert anew != shown
    assert requests.confirm(due.to, due.number, at=post.now, shown=anew)


def test_who_has_to_wait_a_week_keeps_nobody_else_waiting(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    gone = [replace(joining, address=f"gone{n}@union.example") for n in range(6)]
    with post.database.writing() as connection:
        for ask in gone:
            hashed = address_hash(PEPPER, ask.address)
            connection.execute(
                suppressions.insert().values(
                    address_hash=hashed, since=post.now, reason="erased"
                )
            )
    for ask in gone:
        requests.ask(ask, at=post.now)
    for due in requests.due(at=post.now):
        requests.written(due, at=post.now)
    later = post.now + COOLDOWN * 2
    for ask in gone:
        for number in range(19):
            requests.ask(replace(ask, about=f"organization {number}"), at=later)
    requests.ask(joining, at=later)

    assert len(requests.due(at=later)) == 1


def test_the_longest_place_that_a_form_takes_can_be_kept(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    longest = {
        "label": "\u0390" * 120 + ", " + "S" * 40,
        "locality": "\u0390" * 120,  # three characters, folded
        "region": "S" * 40,
    }
    facts = {"place": {**asdict(place("San Diego")), **longest}}
    requests.ask(replace(joining, facts=facts), at=post.now)
    due = one(requests, post.now)

    assert len(requests.confirm(due.to, due.number, at=post.now)) == 1
