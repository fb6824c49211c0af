"""Subscribers page by page, and what is done for one, on every database."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import insert, select

from mailer.adapters.database.actions import SqlActions
from mailer.adapters.database.agenda import SqlAgenda
from mailer.adapters.database.engine import Database
from mailer.adapters.database.people import SqlPeople
from mailer.adapters.database.readership import SqlReadership
from mailer.adapters.database.records import SqlRecords
from mailer.adapters.database.register import SqlRegister
from mailer.adapters.database.schema import lists, subscriptions
from mailer.core.errors import NotFoundError, RefusedError
from mailer.core.model import Reading
from mailer.core.regions import Region
from mailer.pipeline.ingest import ingest
from mailer.ports import Contacted
from mailer.ports.agenda import Asked
from mailer.ports.readership import Sought
from tests.factories import MONDAY as AT, draft

PEPPER = b"p" * 32
STATES = ("active", "pending", "ended")


def filled(database: Database) -> SqlReadership:
    """Nine people at three organizations, on one list or two, in every state."""
    people = SqlPeople(database, PEPPER)
    with database.writing() as connection:
        for slug in ("weekly", "urgent"):
            connection.execute(insert(lists).values(slug=slug, first_seen_at=AT))
    for number in range(9):
        contact = Contacted(
            line=1,
            address=f"p{number}@example.org",
            organization=f"Group {number % 3}",
            consent_basis="form" if number % 2 else None,
            consent_at=AT,
        )
        for slug in ("weekly", "urgent")[: 1 + number % 2]:
            people.enlist([contact], list_slug=slug, at=AT)
    readership = SqlReadership(database, PEPPER)
    readership.end(5, 1, by="test", at=AT)
    return readership


def walked(readership: SqlReadership, sought: Sought, most: int) -> list[int]:
    """Return everybody who is shown, page by page."""
    seen: list[int] = []
    before = None
    while page := readership.page(sought, before=before, most=most):
        seen += [one.number for one in page]
        before = page[-1].number
    return seen


def brute(database: Database, register: SqlRegister, sought: Sought) -> list[int]:
    """Return the same by looking at every row."""
    at = {number: {number % 3} for number in range(9)}
    groups = {register.number(f"Group {n}"): n for n in range(3)}
    with database.reading() as connection:
        rows = connection.execute(select(subscriptions)).all()
    found = set()
    for number in range(9):
        mine = [row for row in rows if row.subscriber_id == number + 1]
        fits = [
            row
            for row in mine
            if sought.list_number in (None, row.list_number)
            and sought.state in (None, row.state)
        ]
        there = sought.organization is None or groups[sought.organization] in at[number]
        if there and fits:
            found.add(number + 1)
    return sorted(found, reverse=True)


def test_every_filter_shows_whom_a_look_at_every_row_finds_each_once(
    database: Database,
) -> None:
    readership, register = filled(database), SqlRegister(database)

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.sampled_from([None, "Group 0", "Group 1"]),
        st.sampled_from([None, 1, 2]),
        st.sampled_from([None, *STATES]),
        st.integers(1, 4),
    )
    def agree(
        name: str | None, list_number: int | None, state: str | None, most: int
    ) -> None:
        sought = Sought(
            organization=register.number(name) if name else None,
            list_number=list_number,
            state=state,
        )
        assert walked(readership, sought, most) == brute(database, register, sought)

    agree()


def test_a_page_masks_addresses_and_says_where_somebody_is_on(
    database: Database,
) -> None:
    [one] = filled(database).page(Sought(), before=3, most=1)

    assert one.masked_address == "p…@example.org"
    assert one.organization == "Group 1"
    assert {(each.list_slug, each.state) for each in one.memberships} == {
        ("urgent", "active"),
        ("weekly", "active"),
    }


def test_an_export_holds_who_gets_the_list_and_is_on_record_before_it_is_read(
    database: Database,
) -> None:
    readership = filled(database)
    SqlPeople(database, PEPPER).suppress(["p1@example.org"], reason="manual", at=AT)

    rows = readership.export(1, by="account:1", at=AT)

    [record] = SqlRecords(database).latest(most=1)
    assert (record.actor, record.verb, record.thing) == (
        "account:1",
        "export",
        "list 1",
    )
    assert [row.address for row in rows] == [
        "p3@example.org",
        "p5@example.org",
        "p7@example.org",
    ]


def test_a_pause_is_never_shortened_and_never_for_whom_nothing_comes(
    database: Database,
) -> None:
    readership = filled(database)
    later, sooner = AT + timedelta(days=30), AT + timedelta(days=3)
    readership.pause(2, 1, sooner, by="a", at=AT)
    readership.pause(2, 1, later, by="a", at=AT)

    with pytest.raises(RefusedError, match="for longer already"):
        readership.pause(2, 1, sooner, by="a", at=AT)
    for nothing_comes in (1, 5):  # pending, ended
        with pytest.raises(RefusedError, match="get nothing of this list"):
            readership.pause(nothing_comes, 1, later, by="a", at=AT)
    with pytest.raises(RefusedError, match="ended already"):
        readership.end(5, 1, by="a", at=AT)
    with pytest.raises(NotFoundError):
        readership.look(99, by="a", at=AT)


def test_actions_are_listed_by_what_is_asked_each_once(database: Database) -> None:
    said = Reading(drafts=tuple(map(draft, ("San Diego", "Denver", "Newark"))))
    ingest(said, source="page", store=SqlActions(database), at=AT)
    agenda = SqlAgenda(database)

    def cities(asked: Asked, after: str | None = None, most: int = 9) -> list[str]:
        page = agenda.page(asked, now=AT, after=after, most=most)
        return [each.facts.place.locality for each in page]

    first = agenda.page(Asked(), now=AT, after=None, most=1)
    assert cities(Asked(), after=first[0].public_id) == [
        city for city in cities(Asked()) if city != first[0].facts.place.locality
    ]
    assert len(cities(Asked())) == 3
    assert cities(Asked(region=Region(country="US", code="CA"))) == ["San Diego"]
    assert cities(Asked(city="den")) == ["Denver"]
    assert cities(Asked(city="%")) == cities(Asked(past=True)) == []
    assert cities(Asked(status="missing")) == cities(Asked(status="cancelled")) == []
    planned = agenda.planned(first[0].public_id)
    assert [version.number for version in planned.versions] == [1]
    with pytest.raises(NotFoundError):
        agenda.planned("nothing")
