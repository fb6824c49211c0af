"""What visitors ask for: kept once, asked about seldom, granted once, by the owner."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from itertools import cycle, islice, repeat
from threading import Barrier

import pytest
from sqlalchemy import select

from mailer.adapters.database.engine import Database
from mailer.adapters.database.requests import SqlRequests
from mailer.adapters.database.rights import SqlRights
from mailer.adapters.database.schema import (
    consent_events,
    requests as requests_table,
    subscribers,
    subscriptions,
    suppressions,
)
from mailer.core.errors import NotFoundError
from mailer.core.requests import (
    A_DAY,
    CLAIM,
    COOLDOWN,
    MOST_OPEN,
    OWN,
    RETURNING,
    Ask,
    Backlog,
    Due,
    Kind,
    Moving,
    State,
    fingerprint,
)
from mailer.core.tokens import address_hash
from tests.contract.post import PEPPER, Post, people
from tests.factories import contact, place

ADDRESS = "ana@union.example"


@pytest.fixture
def post(database: Database) -> Post:
    return Post(database)


@pytest.fixture
def requests(post: Post) -> SqlRequests:
    return SqlRequests(post.database, PEPPER)


@pytest.fixture
def joining(post: Post) -> Ask:
    return Ask(
        kind=Kind.SUBSCRIBE,
        address=ADDRESS,
        language="es",
        list_number=post.number,
        joins=(post.number,),
        facts={"wording": "Quiero recibirla.", "place": asdict(place("San Diego"))},
    )


def one(requests: SqlRequests, at: datetime) -> Due:
    [due] = requests.due(at=at)
    return due


def state(post: Post, address: str = ADDRESS) -> str | None:
    query = (
        select(subscriptions.c.state)
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .where(subscribers.c.address == address)
    )
    with post.database.reading() as connection:
        return connection.scalar(query)


def addresses(post: Post) -> list[str]:
    return post.query("SELECT address FROM subscribers WHERE address <> ''")


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


def suppress(post: Post, reason: str) -> None:
    row = {"address_hash": address_hash(PEPPER, ADDRESS), "since": post.now}
    with post.database.writing() as connection:
        connection.execute(suppressions.insert().values(reason=reason, **row))


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


def test_what_nobody_granted_is_forgotten(
    post: Post, requests: SqlRequests, joining: Ask
) -> None:
    requests.ask(joining, at=post.now)
    requests.written(one(requests, post.now), at=post.now)

    assert requests.expire(at=post.now + timedelta(days=7)) == 0
    assert requests.expire(at=post.now + timedelta(days=8)) == 1
    assert post.query("SELECT count(*) FROM requests") == [0]


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
