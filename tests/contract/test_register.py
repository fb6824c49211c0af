"""Organizations by number: names, merging all that points to one, and taking it apart."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from mailer.adapters.database.actions import SqlActions
from mailer.adapters.database.engine import Database
from mailer.adapters.database.people import SqlPeople
from mailer.adapters.database.register import SqlRegister
from mailer.adapters.database.requests import SqlRequests
from mailer.adapters.database.schema import (
    endorsements,
    lists,
    metadata,
    organization_aliases,
    organizations,
    requests,
    seats,
    sponsorships,
)
from mailer.core.errors import NotFoundError, RefusedError
from mailer.core.model import CallDraft, Reading, Sponsor
from mailer.core.requests import Ask, Kind
from mailer.pipeline.ingest import ingest
from mailer.ports import Contacted
from tests.factories import MONDAY as AT, draft

PEPPER = b"p" * 32
ONE, OTHER, PART, THIRD = "AFT 1931", "AFT Guild", "Chapter Seven", "Red Nation"
_POINTING = (organization_aliases, sponsorships, endorsements, seats)


def filled(database: Database) -> SqlRegister:
    """Give every table that points to organizations rows of both, and of both at once."""
    call = CallDraft(slug="october", title="A call", endorsers=(ONE, OTHER))
    alone = CallDraft(slug="alone", title="Another", endorsers=(ONE,))
    store = SqlActions(database)
    for drafts, about, source in (
        (
            (draft("Denver", sponsors=(Sponsor(name=ONE), Sponsor(name=OTHER))),),
            call,
            "a",
        ),
        ((draft("Newark", sponsors=(Sponsor(name=ONE),)),), alone, "b"),
    ):
        reading = Reading(drafts=drafts, call=about)
        ingest(reading, source=source, store=store, at=AT)
    with database.writing() as connection:
        connection.execute(insert(lists).values(slug="weekly", first_seen_at=AT))
    people = SqlPeople(database, PEPPER)
    for at, name in enumerate((ONE, OTHER, ONE, PART, THIRD)):
        who = "both" if at < 2 else f"p{at}"
        contact = Contacted(
            line=1, address=f"{who}@example.org", organization=name, role="comms"
        )
        people.enlist([contact], list_slug="weekly", at=AT)
    register = SqlRegister(database)
    with database.writing() as connection:
        for number, values in (
            (number_of(register, PART), {"parent_id": number_of(register, ONE)}),
            (number_of(register, ONE), {"website": "https://aft.example"}),
        ):
            connection.execute(
                update(organizations).where(organizations.c.id == number).values(values)
            )
    SqlRequests(database, PEPPER).ask(
        Ask(
            kind=Kind.SEAT,
            address="heir@example.org",
            language="en",
            list_number=1,
            about="seat",
            facts={"seat": number_of(register, ONE), "keeps": True},
        ),
        at=AT,
    )
    return register


def number_of(register: SqlRegister, name: str) -> int:
    found = register.number(name)
    assert found is not None
    return found


def pointing(database: Database, number: int) -> Mapping[str, int]:
    """Count the rows that point to an organization, in every table that can."""
    with database.reading() as connection:
        found = {
            table.name: len(
                connection.execute(
                    select(table).where(table.c.organization_id == number)
                ).all()
            )
            for table in _POINTING
        }
        parents = select(organizations).where(organizations.c.parent_id == number)
        found["children"] = len(connection.execute(parents).all())
        found["requests"] = sum(
            facts.get("seat") == number
            for facts in connection.scalars(select(requests.c.facts))
        )
    return found


def test_nothing_that_points_to_organizations_is_forgotten_by_a_merge() -> None:
    pointing_there = {
        column.table.name
        for table in metadata.tables.values()
        for column in table.columns
        for key in column.foreign_keys
        if key.column is organizations.c.id
    }

    assert pointing_there == {table.name for table in _POINTING} | {"organizations"}


def test_a_merge_moves_everything_that_points_to_one_and_says_what(
    database: Database,
) -> None:
    register = filled(database)
    gone, kept = number_of(register, ONE), number_of(register, OTHER)
    told = register.would_move(gone, kept)
    before = pointing(database, gone)

    moved = register.merge(gone, kept, by="account:1", at=AT)

    assert moved == told
    assert (told.aliases, told.sponsorships) == (1, 2)
    assert (told.endorsements, told.seats, told.children) == (2, 2, 1)
    assert all(before.values())
    assert not any(pointing(database, gone).values())
    one = register.organization(kept)
    assert one.aliases == [ONE]
    assert one.website == "https://aft.example"
    assert [each.name for each in one.children] == [PART]
    # Whoever sat at both sits once, and a call that both endorse is endorsed once.
    assert [each.masked_address for each in one.seated] == [
        "b…@example.org",
        "p…@example.org",
    ]
    assert sorted(each.title for each in one.endorsed) == ["A call", "Another"]
    assert pointing(database, kept)["requests"] == 1
    assert register.number(ONE) == kept
    with pytest.raises(NotFoundError):
        register.organization(gone)


def test_a_merge_taken_apart_leaves_all_as_it_was(database: Database) -> None:
    register = filled(database)
    gone, kept = number_of(register, ONE), number_of(register, OTHER)
    before = _all(database)
    register.merge(gone, kept, by="account:1", at=AT)
    [taken] = register.organization(kept).taken_in

    assert (taken.name, taken.by) == (ONE, "account:1")
    assert register.part(kept, taken.record, by="account:1", at=AT) == gone

    assert _all(database) == before
    assert register.organization(kept).taken_in == []
    with pytest.raises(RefusedError, match="stands by itself again already"):
        register.part(kept, taken.record, by="account:1", at=AT)


def _all(database: Database) -> Any:
    """Return every row that tells of organizations; which number a seat has is no fact."""
    with database.reading() as connection:
        rows = [
            sorted(
                str(dict(row)) for row in connection.execute(select(table)).mappings()
            )
            for table in (*_POINTING[:3], organizations)
        ]
        sitting = sorted(
            (row.subscriber_id, row.organization_id, row.role)
            for row in connection.execute(select(seats))
        )
        return rows, sitting, connection.scalars(select(requests.c.facts)).all()


def test_an_action_listed_since_the_merge_goes_back_with_its_name(
    database: Database,
) -> None:
    register = filled(database)
    gone, kept = number_of(register, ONE), number_of(register, OTHER)
    register.merge(gone, kept, by="a", at=AT)
    later = Reading(drafts=(draft("Los Angeles", sponsors=(Sponsor(name=ONE),)),))
    ingest(later, source="c", store=SqlActions(database), at=AT)
    [taken] = register.organization(kept).taken_in

    register.part(kept, taken.record, by="a", at=AT)

    assert register.organization(gone).sponsorships == 3
    assert register.organization(kept).sponsorships == 1


def test_a_merge_makes_nobody_its_own_ancestor(database: Database) -> None:
    register = filled(database)
    one, other, part = (number_of(register, name) for name in (ONE, OTHER, PART))
    with database.writing() as connection:  # OTHER is below PART, which is below ONE
        connection.execute(
            update(organizations)
            .where(organizations.c.id == other)
            .values(parent_id=part)
        )

    register.merge(one, other, by="a", at=AT)

    assert register.organization(other).parent is None
    assert [each.name for each in register.organization(other).children] == [PART]


def test_what_cannot_be_merged_or_taken_apart_is_refused(database: Database) -> None:
    register = filled(database)
    gone, kept = number_of(register, ONE), number_of(register, OTHER)
    with pytest.raises(RefusedError, match="one organization already"):
        register.merge(gone, gone, by="a", at=AT)
    with pytest.raises(NotFoundError):
        register.merge(gone, 10**9, by="a", at=AT)
    register.merge(gone, kept, by="a", at=AT)
    [taken] = register.organization(kept).taken_in
    register.remove_alias(kept, ONE, by="a", at=AT)

    with pytest.raises(RefusedError, match="no other name of it any more"):
        register.part(kept, taken.record, by="a", at=AT)
    with pytest.raises(NotFoundError):
        register.part(kept, 10**9, by="a", at=AT)


def test_a_renamed_organization_is_found_by_its_old_name_too(
    database: Database,
) -> None:
    register = filled(database)
    number = number_of(register, ONE)
    register.rename(number, "AFT Local 1931", by="a", at=AT)
    register.add_alias(number, "Local 1931", by="a", at=AT)

    assert {
        register.number(name) for name in (ONE, "aft local 1931", "Local 1931")
    } == {number}
    assert [one.name for one in register.page("aft l", after=None, most=9)] == [
        "AFT Local 1931"
    ]
    register.remove_alias(number, ONE, by="a", at=AT)
    assert register.number(ONE) is None
    with pytest.raises(RefusedError, match="another organization"):
        register.rename(number, OTHER, by="a", at=AT)
    with pytest.raises(RefusedError, match="another organization"):
        register.add_alias(number, OTHER, by="a", at=AT)
    with pytest.raises(RefusedError, match="its own name"):
        register.remove_alias(number, "AFT local 1931", by="a", at=AT)


def test_names_that_resemble_each_other_are_offered_and_only_others(
    database: Database,
) -> None:
    register = filled(database)
    one, other = number_of(register, ONE), number_of(register, OTHER)
    register.add_alias(one, "American Federation of Teachers Guild", by="a", at=AT)
    register.add_alias(other, "Guild of the Federation of Teachers", by="a", at=AT)

    assert [each.number for each in register.alike(one)] == [other]
    assert [each.number for each in register.alike(other)] == [one]
    assert register.alike(number_of(register, THIRD)) == []


def test_pages_of_organizations_hold_each_once_in_order(database: Database) -> None:
    register = filled(database)
    seen, after = [], None
    while page := register.page("", after=after, most=2):
        seen += [one.name for one in page]
        after = page[-1].key

    assert seen == [ONE, OTHER, PART, THIRD]
    # What a person types is no pattern.
    assert register.page("%", after=None, most=9) == []
