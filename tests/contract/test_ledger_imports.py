"""People are imported, each once, and nobody comes back who left."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import select, text

from mailer.adapters.database.engine import Database
from mailer.adapters.database.organizations import OrganizationStore
from mailer.adapters.database.schema import (
    subscriptions,
)
from mailer.ports import (
    Contacted,
    Enlisted,
)
from tests.contract.post import Post, people
from tests.factories import MONDAY, contact, draft
from tests.fakes.provider import (
    ScriptedProvider,
)


@pytest.fixture
def post(database: Database) -> Post:
    made = Post(database)
    made.publish(draft("San Diego"), draft("Denver"), draft("Newark", 13))
    return made


def test_whoever_is_suppressed_pending_or_gone_gets_nothing(post: Post) -> None:
    post.enlist(*people(4), contact(5, consent_basis=None, consent_at=None))
    post.people.suppress(["Reader2@Example.org "], reason="complained", at=MONDAY)
    post.readers.leave(post.uid(3), post.number, at=MONDAY, how="page")
    provider = ScriptedProvider()

    standing = post.send(provider)

    assert set(provider.accepted) == {"reader1@example.org", "reader4@example.org"}
    assert standing.audience == 3  # active when it was made
    assert standing.reasons == {"suppressed: complained": 1}


def test_an_import_does_not_bring_back_whoever_left(post: Post) -> None:
    post.enlist(*people(2))
    post.readers.leave(post.uid(1), post.number, at=MONDAY, how="one-click")

    again = post.enlist(*people(2))

    assert (again.left, again.created) == (1, 0)
    assert not post.readers.leave(post.uid(1), post.number, at=MONDAY, how="page")


def test_an_address_in_another_spelling_is_the_same_person(post: Post) -> None:
    post.enlist(contact(1))
    again = post.enlist(contact(2, address="READER1@example.org"))

    assert again.created == 0
    assert post.send().audience == 1


def test_organizations_spelled_differently_are_one_in_one_import(post: Post) -> None:
    enlisted = post.enlist(
        contact(1, organization="Unidos MN"), contact(2, organization="UNIDOS  MN")
    )

    assert enlisted.created == 2
    organizations = OrganizationStore(post.database).listed()
    assert [row["name"] for row in organizations if row["seats"]] == ["Unidos MN"]


def test_a_long_import_lets_others_write_in_between(post: Post) -> None:
    def arriving() -> Iterator[Contacted]:
        for number, person in enumerate(people(2100)):
            if number % 700 == 0:
                post.people.suppress(
                    [f"gone{number}@example.org"], reason="manual", at=post.now
                )
            yield person

    enlisted = post.people.enlist(arriving(), list_slug="weekly", at=post.now)

    assert enlisted.created == 2100
    assert post.enlist(*people(2100)).unchanged == 2100


def test_a_dry_run_counts_what_would_be_and_changes_nothing(post: Post) -> None:
    post.enlist(*people(3))
    before = post.query("SELECT count(*) FROM subscribers")

    told = post.people.enlist(
        [contact(2, given_name="Ana"), *people(3)[:1], contact(8), contact(9)],
        list_slug="weekly",
        at=post.now,
        dry_run=True,
    )

    assert (told.created, told.updated, told.unchanged) == (2, 1, 1)
    assert post.query("SELECT count(*) FROM subscribers") == before
    assert post.enlist(*people(3)).unchanged == 3


def test_two_imports_of_the_same_people_at_once_keep_each_once(post: Post) -> None:
    def enlist(_number: int) -> Enlisted:
        return post.people.enlist(people(1500), list_slug="weekly", at=post.now)

    with ThreadPoolExecutor(2) as both:
        first, second = both.map(enlist, range(2))

    assert first.created + second.created == 1500
    assert post.query("SELECT count(*) FROM subscriptions") == [1500]
    assert post.query("SELECT count(*) FROM consent_events") == [1500]
    assert post.query("SELECT count(*) FROM seats") == [1500]
    assert post.query("SELECT count(*) FROM organization_aliases") == [1]


def test_imports_in_opposite_order_at_once_wait_for_each_other_one_way(
    post: Post,
) -> None:
    crowd = [contact(n, organization=f"Group {n % 40}") for n in range(1, 901)]

    def enlist(some: list[Contacted]) -> Enlisted:
        return post.people.enlist(some, list_slug="weekly", at=post.now)

    with ThreadPoolExecutor(2) as both:
        first, second = both.map(enlist, (crowd, crowd[::-1]))

    assert first.created + second.created == 900
    assert post.query("SELECT count(*) FROM seats") == [900]
    groups = "SELECT count(*) FROM organization_aliases WHERE name LIKE 'Group %'"
    assert post.query(groups) == [40]


def test_a_consent_that_two_imports_bring_at_once_is_recorded_once(post: Post) -> None:
    post.enlist(*people(900, consent_basis=None, consent_at=None))

    def enlist(_number: int) -> Enlisted:
        return post.people.enlist(people(900), list_slug="weekly", at=post.now)

    with ThreadPoolExecutor(2) as both:
        first, second = both.map(enlist, range(2))

    assert first.updated + second.updated == 900
    assert post.query("SELECT count(*) FROM consent_events") == [900]


def test_consent_is_on_record_and_leaving_adds_to_it(post: Post) -> None:
    post.enlist(*people(1))
    post.readers.leave(post.uid(1), post.number, at=MONDAY, how="one-click")
    post.readers.rejoin(post.uid(1), post.number, at=MONDAY)

    with post.database.reading() as connection:
        kinds = connection.execute(
            text("SELECT kind, source FROM consent_events ORDER BY id")
        ).all()
        state = connection.execute(select(subscriptions)).mappings().one()
    assert [tuple(kind) for kind in kinds] == [
        ("granted", None),
        ("withdrawn", "one-click"),
        ("granted", "undo"),
    ]
    assert (state["state"], state["consented_on"]) == ("active", date(2019, 9, 3))


def test_undoing_a_leave_confirms_nobody_who_never_did(post: Post) -> None:
    post.enlist(contact(1, consent_basis=None, consent_at=None))
    post.readers.leave(post.uid(1), post.number, at=MONDAY, how="page")
    post.readers.rejoin(post.uid(1), post.number, at=MONDAY)

    with post.database.reading() as connection:
        state = connection.execute(select(subscriptions.c.state)).scalar_one()
    assert state == "pending"
