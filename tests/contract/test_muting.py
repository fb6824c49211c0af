"""An organization is muted: its seats get no edition, and everybody can see why."""

from datetime import timedelta

import pytest

from mailer.adapters.database.engine import Database
from mailer.adapters.database.organizations import OrganizationStore
from mailer.adapters.database.people import SqlPeople
from mailer.adapters.database.trace import Tracer
from mailer.core.audience import FOREVER
from mailer.core.errors import NotFoundError
from tests.contract.post import PEPPER, Post
from tests.factories import contact, draft
from tests.fakes.provider import ScriptedProvider

AFT, BARRIO = "AFT 1931", "Unión del Barrio"


@pytest.fixture
def post(database: Database) -> Post:
    """Reader 1 and 2 sit at one organization, 3 at another, 2 and 3 at both, 4 none."""
    made = Post(database)
    made.publish(draft("San Diego"))
    made.enlist(*(contact(number, organization=AFT) for number in (1, 2)))
    made.enlist(contact(3, organization=BARRIO))
    made.enlist(contact(2, organization=BARRIO), contact(4, organization=None))
    return made


@pytest.fixture
def store(database: Database) -> OrganizationStore:
    return OrganizationStore(database)


def test_its_seats_get_nothing_but_who_has_another_seat_does(
    post: Post, store: OrganizationStore
) -> None:
    store.mute("aft 1931", FOREVER, at=post.now, actor="test")
    provider = ScriptedProvider()

    standing = post.send(provider)

    assert set(provider.accepted) == {f"reader{n}@example.org" for n in (2, 3, 4)}
    assert standing.reasons == {"skipped: muted": 1}


def test_it_is_over_when_the_day_comes(post: Post, store: OrganizationStore) -> None:
    store.mute(AFT, post.now + timedelta(days=1), at=post.now, actor="test")
    assert post.send().deliveries["skipped"] == 1

    post.now += timedelta(days=7)
    post.publish(draft("San Diego", 20))

    assert post.send().deliveries["sent"] == 4


def test_the_readers_page_knows_until_when(
    post: Post, store: OrganizationStore
) -> None:
    day = post.now + timedelta(days=3)
    before = post.readers.reader(post.uid(1), post.number)
    assert before
    assert before.muted_until is None

    store.mute(AFT, day, at=post.now, actor="test")

    alone, at_both, nowhere = (
        post.readers.reader(post.uid(number), post.number) for number in (1, 2, 4)
    )
    assert alone
    assert alone.muted_until == day
    assert at_both
    assert at_both.muted_until
    assert at_both.muted_until < post.now  # that is, not at all
    assert nowhere
    assert nowhere.muted_until is None


def test_unmuting_lets_the_next_edition_through(
    post: Post, store: OrganizationStore
) -> None:
    store.mute(AFT, FOREVER, at=post.now, actor="test")
    assert store.mute(AFT, None, at=post.now, actor="test") == AFT

    assert post.send().deliveries["sent"] == 4


def test_muting_holds_what_is_planned_already(
    post: Post, store: OrganizationStore
) -> None:
    mailing = post.make()
    post.compose(mailing)
    store.mute(AFT, FOREVER, at=post.now, actor="test")
    provider = ScriptedProvider()

    post.drain(mailing, provider)

    assert "reader1@example.org" not in provider.accepted
    assert post.ledger.standing(mailing.id).reasons == {"skipped: muted meanwhile": 1}


def test_the_trace_says_until_when(post: Post, store: OrganizationStore) -> None:
    until = post.now + timedelta(days=3)
    store.mute(AFT, until, at=post.now, actor="test")
    number = SqlPeople(post.database, PEPPER).find("reader1@example.org")
    assert number is not None

    assert Tracer(post.database).person(number)["muted_until"] == until


def test_an_organization_that_nobody_knows_is_not_muted(
    post: Post, store: OrganizationStore
) -> None:
    with pytest.raises(NotFoundError, match="mailer organizations lists them"):
        store.mute("Nobody", FOREVER, at=post.now, actor="test")
