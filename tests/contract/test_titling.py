"""What records tell of, by name: found together, and what is gone is left out."""

import pytest
from sqlalchemy import select, update

from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import (
    actions,
    blasts,
    mailings,
    organizations,
    subscribers,
)
from mailer.adapters.database.titling import SqlTitling
from mailer.core.model import Reading, Sponsor
from mailer.pipeline.ingest import ingest
from tests.contract.launching import BEN, NAME, Coalition
from tests.factories import draft as action_draft


@pytest.fixture
def coalition(database: Database) -> Coalition:
    coalition = Coalition(database)
    coalition.enlist(3)
    coalition.launched()
    told = action_draft("San Diego", sponsors=(Sponsor(name="AFT 1931"),))
    ingest(
        Reading(drafts=(told,)),
        source="page",
        store=coalition.post.actions,
        at=coalition.now,
    )
    return coalition


def test_things_are_found_by_number_or_name_and_what_is_gone_is_left_out(
    coalition: Coalition,
) -> None:
    titling = SqlTitling(coalition.database)
    with coalition.database.reading() as connection:
        number = connection.execute(
            select(organizations.c.id).where(organizations.c.name == "AFT 1931")
        ).scalar_one()
        people = connection.scalars(select(subscribers.c.id)).all()
        public = connection.execute(select(actions.c.public_id)).scalars().one()
        mailing = connection.execute(
            select(mailings.c.id).where(mailings.c.kind == "blast")
        ).scalar_one()

    assert titling.organizations([number, 99_999]) == {number: "AFT 1931"}
    masked = titling.subscribers([*people, 99_999])
    assert masked.keys() == set(people)
    assert all("…@" in each for each in masked.values())
    assert titling.actions([public, "gone"])[public].place.label == "San Diego, CA"
    assert titling.requests([1]) == {}
    assert titling.tokens([1]) == {}
    for numbers, names in (([mailing], []), ([], [NAME]), ([mailing, 99_999], [NAME])):
        [found] = titling.mailings(numbers, names)
        assert (found.id, f"{found.list_slug}/{found.edition}") == (mailing, NAME)
    assert titling.mailings([], ["urgent/nothing", "no-name"]) == []
    drafts = titling.drafts([NAME, "urgent/nothing", "otay"])
    assert drafts.keys() == {NAME}
    assert drafts[NAME] == coalition.blasts.find(NAME).draft


def test_a_call_that_cannot_be_read_keeps_no_other_from_its_name(
    coalition: Coalition,
) -> None:
    with coalition.database.writing() as connection:
        connection.execute(update(blasts).values(draft={}))

    [found] = SqlTitling(coalition.database).drafts([NAME]).values()
    assert found.unread is not None
    assert BEN not in found.wording("en").subject
