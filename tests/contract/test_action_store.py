"""What every database must do with actions."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from mailer.adapters.database.actions import SqlActions
from mailer.adapters.database.engine import Database
from mailer.adapters.database.organizations import OrganizationStore
from mailer.adapters.database.schema import endorsements, sponsorships, targets
from mailer.core.errors import InputError, NotFoundError, RefusedError
from mailer.core.model import CallDraft, Draft, Reading, Sponsor
from mailer.pipeline.ingest import Report, ingest
from tests.factories import MONDAY, NINE, draft

FOUR = [draft("San Diego"), draft("Denver"), draft("Newark"), draft("Anchorage", 11)]


def read(
    database: Database, *drafts: Draft, call: CallDraft | None = None, **options: bool
) -> Report:
    return ingest(
        Reading(drafts=drafts, call=call),
        source="page",
        store=SqlActions(database),
        at=MONDAY,
        **options,
    )


def test_the_same_reading_twice_changes_nothing(database: Database) -> None:
    first, second = read(database, *FOUR), read(database, *FOUR)

    assert (first.created, first.unchanged) == (4, 0)
    assert (second.created, second.updated, second.unchanged) == (0, 0, 4)


def test_a_changed_row_is_an_update_that_keeps_what_it_was(database: Database) -> None:
    read(database, draft("Denver", external_id="7"))
    report = read(database, draft("Denver", 13, external_id="7", start_time=NINE))

    store = SqlActions(database)
    [action] = store.every()
    versions = store.history(action.public_id)

    assert (report.created, report.updated) == (0, 1)
    assert [v[3].start_date.day for v in versions] == [12, 13]
    assert action.version == 2


def test_an_action_moved_to_another_day_is_recognized_and_flagged(
    database: Database,
) -> None:
    read(database, draft("Denver", 12))
    report = read(database, draft("Denver", 14))

    assert (report.created, report.updated) == (0, 1)
    assert [flag.code for flag in report.flagged] == ["date-moved"]


def test_a_vanished_row_is_missing_and_not_cancelled(database: Database) -> None:
    read(database, *FOUR)
    report = read(database, *FOUR[:3])
    again = read(database, *FOUR[:3])

    store = SqlActions(database)
    gone = [a for a in store.every() if a.missing_since]
    assert report.missing == ["2019-10-11 Anchorage, AK"]
    assert [a.facts.status for a in gone] == ["confirmed"]
    assert again.missing == []


def test_a_row_that_comes_back_is_no_longer_missing(database: Database) -> None:
    read(database, *FOUR)
    read(database, *FOUR[:3])
    report = read(database, *FOUR)

    assert (report.returned, report.created) == (1, 0)
    assert not [a for a in SqlActions(database).every() if a.missing_since]


def test_a_dry_run_changes_nothing(database: Database) -> None:
    report = read(database, *FOUR, dry_run=True)

    assert (report.created, report.applied) == (4, False)
    assert SqlActions(database).every() == []


def test_a_source_that_lost_most_of_its_actions_changes_nothing(
    database: Database,
) -> None:
    read(database, *FOUR)

    with pytest.raises(InputError, match="3 of 4 coming actions are gone"):
        read(database, FOUR[0], quarantine=True)

    assert not [a for a in SqlActions(database).every() if a.missing_since]


def test_one_source_does_not_touch_anothers_actions(database: Database) -> None:
    read(database, *FOUR)
    ingest(
        Reading(drafts=(draft("Los Angeles"),)),
        source="website",
        store=SqlActions(database),
        at=MONDAY,
    )

    assert len(SqlActions(database).every()) == 5
    assert not [a for a in SqlActions(database).every() if a.missing_since]


def test_endorsers_and_sponsors_are_organizations_under_one_name(
    database: Database,
) -> None:
    sponsors = (Sponsor(name="The Red Nation"), Sponsor(name="RAICES"))
    call = CallDraft(slug="october", title="A call", endorsers=("The  Red Nation",))
    read(database, draft("Denver", sponsors=sponsors, target="ICE office"), call=call)
    read(database, draft("Denver", sponsors=sponsors, target="ICE office"), call=call)

    names = [row["name"] for row in OrganizationStore(database).listed()]
    with database.reading() as connection:
        counts = [
            connection.scalar(select(func.count()).select_from(table))
            for table in (sponsorships, endorsements, targets)
        ]
    assert sorted(names) == ["RAICES", "The Red Nation"]
    assert counts == [2, 1, 1]


def test_what_is_over_is_neither_relevant_nor_upcoming(database: Database) -> None:
    read(database, *FOUR)
    store = SqlActions(database)
    after_anchorage = MONDAY + timedelta(days=5, hours=1)

    assert len(store.relevant(after_anchorage)) == 3
    assert len(store.upcoming(after_anchorage)) == 3


def test_a_merge_moves_everything_and_leaves_an_alias(database: Database) -> None:
    both = (Sponsor(name="AFT 1931"), Sponsor(name="AFT Guild (Local 1931)"))
    call = CallDraft(
        slug="october", title="A call", endorsers=("AFT 1931", "AFT Guild (Local 1931)")
    )
    read(database, draft("San Diego", sponsors=both), call=call)
    store = OrganizationStore(database)

    store.merge("AFT 1931", "AFT Guild (Local 1931)", at=MONDAY, actor="test")

    [row] = store.listed()
    assert row["aliases"] == ["AFT 1931"]
    assert (row["sponsorships"], row["endorsements"]) == (2, 1)
    assert read(database, draft("San Diego", sponsors=both)).unchanged == 1


def test_a_merge_with_itself_or_with_nobody_is_refused(database: Database) -> None:
    read(database, draft("San Diego"))
    store = OrganizationStore(database)

    with pytest.raises(RefusedError):
        store.merge("Unión del Barrio", "unión  del barrio", at=MONDAY, actor="test")
    with pytest.raises(NotFoundError, match="mailer organizations"):
        store.merge("Nobody", "Unión del Barrio", at=MONDAY, actor="test")
