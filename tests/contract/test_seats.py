"""A seat changes hands: every list of its holder goes with it, and comes back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, update

from mailer.adapters.database.engine import Database
from mailer.adapters.database.erasing import SqlErasures
from mailer.adapters.database.requests import SqlRequests
from mailer.adapters.database.rights import SqlRights
from mailer.adapters.database.schema import (
    consent_events,
    places,
    requests as requests_table,
    seats,
    subscribers,
    subscriptions,
    suppressions,
)
from mailer.core.erasures import Erasure
from mailer.core.requests import Ask, Handing, Kind, Moved, Moving, Request
from mailer.core.tokens import address_hash
from tests.contract.post import PEPPER, Post
from tests.contract.test_locking import at_once
from tests.factories import contact, place

LUZ, MIA = "reader1@example.org", "reader2@example.org"
UNION, TEACHERS = "Unión del Barrio", "AFT 1931"
LISTS = ("weekly", "committee", "urgent")
WEEK = timedelta(days=7)


@dataclass
class Office:
    """Luz holds the seat of the Unión and gets three lists; Mia is her colleague."""

    post: Post
    requests: SqlRequests
    rights: SqlRights
    numbers: dict[str, int]

    def enlist(
        self, number: int, slug: str, organization: str | None = UNION, **said: object
    ) -> None:
        person = contact(number, organization=organization, **said)
        self.post.people.enlist([person], list_slug=slug, at=self.post.now)

    def choose(self, number: int, slug: str, **values: object) -> None:
        with self.post.database.writing() as connection:
            connection.execute(
                update(subscriptions)
                .where(
                    subscriptions.c.list_number == self.numbers[slug],
                    subscriptions.c.subscriber_id.in_(
                        select(subscribers.c.id).where(
                            subscribers.c.uid == self.post.uid(number)
                        )
                    ),
                )
                .values(values)
            )

    def offer(
        self, to: str = MIA, lists: Sequence[int] | None = None
    ) -> tuple[bytes, int]:
        """Ask a colleague from the page of the weekly list; return whose link it is."""
        uid, now = self.post.uid(1), self.post.now
        self.rights.ask(Kind.HAND_OVER, uid, self.numbers["weekly"], at=now)
        [due] = self.requests.due(at=now)
        self.requests.written(due, at=now)
        found = self.requests.find(due.to, due.number)
        assert isinstance(found, Request)
        self.rights.ask_at(found, to, at=now, lists=lists)
        [due] = self.requests.due(at=now)
        self.requests.written(due, at=now)
        return due.to, due.number

    def sit(self, whose: tuple[bytes, int]) -> Moved:
        return self.rights.sit(*whose, at=self.post.now)

    def gets(self, number: int) -> dict[str, tuple[str, str]]:
        """Which lists somebody gets, how often and of which places."""
        return {
            slug: (row.frequency, row.scope)
            for row in self._rows(subscriptions, number)
            for slug in LISTS
            if row.list_number == self.numbers[slug] and row.state == "active"
        }

    def consents(self, number: int) -> list[tuple[str, str]]:
        names = {number: slug for slug, number in self.numbers.items()}
        return [
            (row.kind, names[row.list_number])
            for row in self._rows(consent_events, number)
            if row.source == "seat"
        ]

    def sits(self, number: int) -> int:
        return len(self._rows(seats, number))

    def place(self, number: int) -> str | None:
        """Where somebody's own place is, whatever their organization's."""
        query = (
            select(places.c.locality)
            .join(subscribers, subscribers.c.place_id == places.c.id)
            .where(subscribers.c.uid == self.post.uid(number))
        )
        with self.post.database.reading() as connection:
            return connection.scalar(query)

    def _rows(self, table: Any, number: int) -> list[Any]:
        query = (
            select(table)
            .join(subscribers, subscribers.c.id == table.c.subscriber_id)
            .where(subscribers.c.uid == self.post.uid(number))
        )
        with self.post.database.reading() as connection:
            rows = connection.execute(query).all()
        return sorted(rows, key=lambda row: getattr(row, "list_number", 0))


@pytest.fixture
def office(database: Database) -> Office:
    post = Post(database)
    requests = SqlRequests(database, PEPPER)
    numbers = dict(post.ledger.register(LISTS, at=post.now))
    office = Office(post, requests, SqlRights(database, requests), numbers)
    for slug in LISTS:
        office.enlist(1, slug)
    office.choose(1, "committee", frequency="monthly", scope="us-ca")
    return office


EVERYTHING = {
    "weekly": ("every", ""),
    "committee": ("monthly", "us-ca"),
    "urgent": ("every", ""),
}


def test_all_lists_of_the_holder_go_with_the_seat_as_they_were_chosen(
    office: Office,
) -> None:
    moved = office.sit(office.offer())

    assert moved.what is Moving.DONE
    assert moved.organization == UNION
    assert set(moved.ended) == set(moved.gets) == set(office.numbers.values())
    assert (office.gets(1), office.gets(2)) == ({}, EVERYTHING)
    assert (office.sits(1), office.sits(2)) == (0, 1)
    assert sorted(office.consents(2)) == sorted(("granted", slug) for slug in LISTS)
    assert sorted(office.consents(1)) == sorted(("withdrawn", slug) for slug in LISTS)


def test_taking_it_back_gives_all_of_it_back(office: Office) -> None:
    moved = office.sit(office.offer())
    assert moved.back

    back = office.sit(moved.back)

    assert back.what is Moving.DONE
    assert back.other == office.post.uid(2)
    assert set(back.ended) == set(back.gets) == set(office.numbers.values())
    assert (office.gets(1), office.gets(2)) == (EVERYTHING, {})
    assert (office.sits(1), office.sits(2)) == (1, 0)


def test_a_colleague_who_is_nowhere_is_where_the_holder_is_as_long_as_it_lasts(
    office: Office,
) -> None:
    moved = office.sit(office.offer())

    assert office.place(2) == office.place(1) == "San Diego"
    assert moved.back
    office.sit(moved.back)
    assert (office.place(1), office.place(2)) == ("San Diego", None)


@pytest.mark.parametrize("own", [None, "Denver"])
def test_whoever_gets_mail_already_stays_where_they_are(
    office: Office, own: str | None
) -> None:
    office.enlist(2, "weekly", None, place=place(own) if own else None)

    moved = office.sit(office.offer())

    assert office.place(2) == own
    assert moved.back
    office.sit(moved.back)
    assert office.place(2) == own


def test_each_is_written_to_in_their_own_language(office: Office) -> None:
    office.enlist(1, "weekly", language="es")
    office.enlist(2, "weekly", None, language="en")

    whose = office.offer()
    asked = office.requests.find(*whose)
    moved = office.sit(whose)

    assert asked
    assert asked.language == "en"
    assert (moved.language, moved.other) == ("es", office.post.uid(1))
    assert moved.back
    assert office.sit(moved.back).language == "en"


def test_a_colleague_whom_nobody_knew_is_asked_in_the_language_of_the_holder(
    office: Office,
) -> None:
    office.enlist(1, "weekly", language="es")

    asked = office.requests.find(*office.offer())

    assert asked
    assert asked.language == "es"


def test_what_a_colleague_chose_of_a_list_by_themselves_stays_through_both(
    office: Office,
) -> None:
    office.enlist(2, "weekly", None)
    office.choose(2, "weekly", frequency="urgent", scope="us-wa")

    moved = office.sit(office.offer())

    assert office.gets(2) == {**EVERYTHING, "weekly": ("urgent", "us-wa")}
    assert ("granted", "weekly") not in office.consents(2)
    assert moved.back
    office.sit(moved.back)
    assert office.gets(2) == {"weekly": ("urgent", "us-wa")}
    assert office.gets(1) == EVERYTHING


def test_a_colleague_does_not_take_over_a_pause(office: Office) -> None:
    away = office.post.now + timedelta(days=30)
    office.choose(1, "urgent", paused_until=away)

    office.sit(office.offer())

    [row] = [
        each
        for each in office._rows(subscriptions, 2)
        if each.list_number == office.numbers["urgent"]
    ]
    assert (row.state, row.paused_until) == ("active", None)


def test_whoever_holds_another_seat_goes_on_getting_the_lists(office: Office) -> None:
    office.enlist(1, "weekly", TEACHERS)

    moved = office.sit(office.offer())

    assert (moved.ended, set(moved.kept)) == ((), set(office.numbers.values()))
    assert office.gets(1) == office.gets(2) == EVERYTHING
    assert moved.back
    office.sit(moved.back)
    assert office.gets(1) == EVERYTHING
    assert office.gets(2) == {}


def test_a_list_that_the_colleague_was_not_asked_about_stays_where_it_is(
    office: Office,
) -> None:
    office.choose(1, "urgent", state="ended", ended_reason="left")
    letter = office.offer()
    office.choose(1, "urgent", state="active", ended_reason=None)

    office.sit(letter)

    assert set(office.gets(1)) == {"urgent"}
    assert set(office.gets(2)) == {"weekly", "committee"}


def test_a_list_that_the_holder_left_meanwhile_is_not_begun_anew(
    office: Office,
) -> None:
    letter = office.offer()
    office.post.readers.leave(
        office.post.uid(1), office.numbers["urgent"], at=office.post.now, how="page"
    )

    moved = office.sit(letter)

    assert set(office.gets(2)) == {"weekly", "committee"}
    assert moved.back
    office.sit(moved.back)
    assert set(office.gets(1)) == {"weekly", "committee"}


def test_an_address_that_may_not_be_mailed_takes_nothing_over(office: Office) -> None:
    letter = office.offer()
    hashed = address_hash(PEPPER, MIA)
    with office.post.database.writing() as connection:
        connection.execute(
            suppressions.insert().values(
                address_hash=hashed, reason="bounced", since=office.post.now
            )
        )

    assert office.sit(letter).what is Moving.KNOWN

    assert (office.gets(1), office.gets(2)) == (EVERYTHING, {})
    assert office.sits(1) == 1


def test_what_goes_is_known_before_the_press(office: Office) -> None:
    letter = office.offer()
    numbers = tuple(sorted(office.numbers.values()))

    assert office.rights.handing(*letter) == Handing(organization=UNION, lists=numbers)
    moved = office.sit(letter)
    assert moved.back
    back = office.rights.handing(*moved.back)
    assert back == Handing(organization=UNION, lists=numbers)
    office.sit(moved.back)
    assert office.rights.handing(*moved.back) is None


def test_what_was_handed_over_before_this_version_is_given_back_too(
    office: Office,
) -> None:
    moved = office.sit(office.offer())
    assert moved.back
    uid, number = moved.back
    with office.post.database.writing() as connection:
        mine = requests_table.c.id == number
        facts = connection.scalar(select(requests_table.c.facts).where(mine)) or {}
        old = {"from": facts["from"], "seat": facts["seat"], "keeps": False}
        connection.execute(update(requests_table).where(mine).values(facts=old))

    office.sit((uid, number))

    assert set(office.gets(1)) == {"weekly"}
    assert set(office.gets(2)) == {"committee", "urgent"}


def test_a_colleague_who_has_a_seat_there_keeps_it_when_the_other_is_taken_back(
    office: Office,
) -> None:
    office.enlist(2, "weekly")

    moved = office.sit(office.offer())
    assert (office.sits(1), office.sits(2)) == (0, 1)
    assert moved.back
    back = office.sit(moved.back)

    assert back.what is Moving.DONE
    assert (office.sits(1), office.sits(2)) == (1, 1)
    assert (office.gets(1), set(office.gets(2))) == (EVERYTHING, {"weekly"})


def test_a_seat_comes_back_from_a_colleague_who_was_erased_meanwhile(
    office: Office,
) -> None:
    moved = office.sit(office.offer())
    hashed = address_hash(PEPPER, MIA)
    erased = Erasure(address_hash=hashed, at=office.post.now)
    SqlErasures(office.post.database, PEPPER).erase(erased)
    assert moved.back

    back = office.sit(moved.back)

    assert back.what is Moving.DONE
    assert office.sits(1) == 1
    assert office.gets(1) == EVERYTHING


def test_a_list_that_a_colleague_confirmed_by_themselves_since_stays_theirs(
    office: Office,
) -> None:
    moved = office.sit(office.offer())
    office.post.now += timedelta(hours=1)
    weekly = office.numbers["weekly"]
    office.requests.ask(
        Ask(
            kind=Kind.SUBSCRIBE,
            address=MIA,
            language="en",
            list_number=weekly,
            joins=(weekly,),
        ),
        at=office.post.now,
    )
    [due] = office.requests.due(at=office.post.now)
    office.requests.written(due, at=office.post.now)
    assert office.requests.confirm(due.to, due.number, at=office.post.now)
    assert moved.back

    office.sit(moved.back)

    assert set(office.gets(2)) == {"weekly"}
    assert office.gets(1) == EVERYTHING


def test_whoever_takes_a_seat_back_has_taken_back_every_offer_of_it(
    office: Office,
) -> None:
    first = office.offer()
    office.post.now += timedelta(hours=1)
    second = office.offer("reader3@example.org")
    moved = office.sit(first)
    assert moved.back
    office.sit(moved.back)

    assert office.sit(second).what is Moving.OVER

    assert office.sits(1) == 1
    assert office.gets(1) == EVERYTHING


def test_a_list_that_is_closed_goes_to_nobody_who_could_not_read_its_name(
    office: Office,
) -> None:
    letter = office.offer(lists=[office.numbers["weekly"], office.numbers["urgent"]])

    moved = office.sit(letter)

    assert set(office.gets(2)) == {"weekly", "urgent"}
    assert set(office.gets(1)) == {"committee"}
    assert moved.back
    office.sit(moved.back)
    assert office.gets(1) == EVERYTHING


def test_a_seat_that_was_lost_is_watched_over_anew_with_its_new_holder(
    office: Office,
) -> None:
    letter = office.offer()
    with office.post.database.writing() as connection:
        connection.execute(update(seats).values(lost_at=office.post.now))

    office.sit(letter)

    [seat] = office._rows(seats, 2)
    assert seat.lost_at is None


def test_what_a_colleague_left_stays_left_when_the_seat_is_taken_back(
    office: Office,
) -> None:
    moved = office.sit(office.offer())
    uid = office.post.uid(2)
    for slug in LISTS:
        number = office.numbers[slug]
        office.post.readers.leave(uid, number, at=office.post.now, how="page")
    assert moved.back

    back = office.sit(moved.back)

    assert back.ended == ()
    assert (office.gets(1), office.gets(2)) == (EVERYTHING, {})


def test_of_a_holder_who_is_erased_nothing_can_be_taken_over(office: Office) -> None:
    letter = office.offer()
    hashed = address_hash(PEPPER, LUZ)
    erased = Erasure(address_hash=hashed, at=office.post.now)
    SqlErasures(office.post.database, PEPPER).erase(erased)

    assert office.rights.handing(*letter) is None
    assert office.sit(letter).what is Moving.OVER
    assert office.sits(2) == 0
    assert office.gets(2) == {}


@pytest.mark.parametrize("press", ["refuse", "forget", "confirm"])
def test_two_presses_of_one_colleague_at_once_wait_for_each_other(
    office: Office, press: str
) -> None:
    for number in range(2, 12):
        office.post.now += timedelta(days=1)
        uid, request = office.offer(f"reader{number}@example.org")
        now = office.post.now
        others: dict[str, Callable[..., object]] = {
            "refuse": office.requests.refuse,
            "forget": office.rights.forget,
            "confirm": office.requests.confirm,
        }
        moved, _ = at_once(
            partial(office.sit, (uid, request)),
            partial(others[press], uid, request, at=now),
        )
        assert isinstance(moved, Moved)
        if moved.back:
            office.sit(moved.back)
    assert office.sits(1) == 1
    assert office.gets(1) == EVERYTHING


def test_of_two_colleagues_who_press_at_once_one_has_the_seat_and_every_list(
    office: Office,
) -> None:
    for turn in range(6):
        office.post.now += timedelta(days=1)
        first, second = 2 + 2 * turn, 3 + 2 * turn
        letters = [office.offer(f"reader{first}@example.org")]
        office.post.now += timedelta(hours=1)
        letters += [office.offer(f"reader{second}@example.org")]

        moves = at_once(*(partial(office.sit, letter) for letter in letters))

        [done] = [one for one in moves if isinstance(one, Moved) and one.back]
        assert sorted([office.sits(first), office.sits(second)]) == [0, 1]
        assert {**office.gets(first), **office.gets(second)} == EVERYTHING
        assert {} in (office.gets(first), office.gets(second))
        assert done.back
        office.sit(done.back)
        assert office.gets(1) == EVERYTHING


@pytest.mark.parametrize("whom", [LUZ, MIA])
def test_a_press_while_one_of_the_two_is_erased_leaves_nobody_half_seated(
    office: Office, whom: str
) -> None:
    letter = office.offer()
    erased = Erasure(address_hash=address_hash(PEPPER, whom), at=office.post.now)
    erasures = SqlErasures(office.post.database, PEPPER)

    at_once(partial(office.sit, letter), partial(erasures.erase, erased))

    other = LUZ if whom == MIA else MIA
    query = select(subscribers.c.address, seats.c.id).join(
        seats, seats.c.subscriber_id == subscribers.c.id
    )
    with office.post.database.reading() as connection:
        sitting = {row.address for row in connection.execute(query)}
        gone = connection.scalar(
            select(subscribers.c.id).where(subscribers.c.address == whom)
        )
    assert gone is None
    assert sitting <= {other}
