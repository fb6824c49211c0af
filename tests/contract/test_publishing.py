"""What every database must answer to those who may read only what is public."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from mailer.adapters.database.actions import SqlActions
from mailer.adapters.database.editions import SqlPublicEditions
from mailer.adapters.database.engine import Database
from mailer.adapters.database.publishing import SqlPublicActions
from mailer.adapters.database.schema import (
    actions,
    lists,
    mailings,
    variant_items,
    variants,
)
from mailer.core.envelope import Segments
from mailer.core.model import ActionStatus, Draft, Reading
from mailer.core.regions import Region
from mailer.pipeline.ingest import ingest
from mailer.ports import Posted
from tests.factories import MONDAY, NINE, draft

DAY = timedelta(days=1)
MONTH = timedelta(days=30)
CALIFORNIA = Region(country="US", code="CA")
COLORADO = Region(country="US", code="CO")
FOUR = (
    draft("San Diego", 12, external_id="1"),
    draft("Denver", 13, external_id="2", start_time=NINE),
    draft("Los Angeles", 20, external_id="3"),
    draft("Newark", 25, external_id="4"),
)


def off(status: ActionStatus = ActionStatus.CANCELLED) -> Draft:
    return draft("Denver", 13, external_id="2", start_time=NINE, status=status)


def tell(database: Database, *drafts: Draft, at: datetime = MONDAY) -> None:
    ingest(Reading(drafts=drafts), source="page", store=SqlActions(database), at=at)


def cities(found: Sequence[Posted]) -> list[str]:
    return [posted.action.facts.place.locality for posted in found]


# --- actions


def test_what_is_to_come_is_listed_soonest_first_and_what_is_over_is_not(
    database: Database,
) -> None:
    tell(database, *reversed(FOUR))
    public = SqlPublicActions(database)

    assert cities(public.listed(MONDAY, limit=9)) == [
        "San Diego",
        "Denver",
        "Los Angeles",
        "Newark",
    ]
    assert cities(public.listed(MONDAY + 10 * DAY, limit=9)) == [
        "Los Angeles",
        "Newark",
    ]
    assert cities(public.listed(MONDAY, limit=2)) == ["San Diego", "Denver"]


def test_a_region_lists_its_own_and_only_while_they_are_there(
    database: Database,
) -> None:
    tell(database, *FOUR)
    public = SqlPublicActions(database)

    assert cities(public.listed(MONDAY, region=CALIFORNIA, limit=9)) == [
        "San Diego",
        "Los Angeles",
    ]
    moved = draft("Newark", 13, external_id="2")
    tell(database, FOUR[0], moved, *FOUR[2:], at=MONDAY + DAY)
    assert public.listed(MONDAY + DAY, region=COLORADO, limit=9) == []


def test_what_was_called_off_lately_is_listed_although_it_would_be_over(
    database: Database,
) -> None:
    tell(database, *FOUR)
    tell(database, FOUR[0], off(), *FOUR[2:], at=MONDAY + DAY)
    public = SqlPublicActions(database)
    later = MONDAY + 25 * DAY

    assert cities(public.listed(MONDAY + DAY, limit=9)).count("Denver") == 1
    assert cities(public.listed(later, off_since=later - MONTH, limit=9)) == ["Denver"]
    assert public.listed(later, limit=9) == []
    later += 10 * DAY
    assert public.listed(later, off_since=later - MONTH, limit=9) == []


def test_of_too_many_those_to_come_are_kept(database: Database) -> None:
    tell(database, *FOUR)
    tell(database, FOUR[0], off(), *FOUR[2:], at=MONDAY + DAY)
    later = MONDAY + 10 * DAY
    public = SqlPublicActions(database)

    found = public.listed(later, off_since=later - MONTH, limit=2)

    assert cities(found) == ["Los Angeles", "Newark"]


def test_an_action_says_when_it_was_first_seen_and_when_revised(
    database: Database,
) -> None:
    tell(database, *FOUR)
    tell(database, FOUR[0], off(), *FOUR[2:], at=MONDAY + DAY)
    public = SqlPublicActions(database)
    found = {p.action.facts.place.locality: p for p in public.listed(MONDAY, limit=9)}

    denver, newark = found["Denver"], found["Newark"]
    assert (denver.first_seen_at, denver.revised_at) == (MONDAY, MONDAY + DAY)
    assert (newark.first_seen_at, newark.revised_at) == (MONDAY, MONDAY)
    assert public.posted(denver.action.public_id) == denver
    assert public.posted("nobody") is None
    versions = public.versions(denver.action.public_id)
    assert [facts.status for facts in versions] == ["confirmed", "cancelled"]
    assert public.versions("nobody") == []


def test_regions_count_what_takes_place_and_remember_what_did(
    database: Database,
) -> None:
    tell(database, *FOUR)
    tell(database, FOUR[0], off(), *FOUR[2:], at=MONDAY + DAY)
    public = SqlPublicActions(database)

    assert public.regions(MONDAY) == {
        CALIFORNIA: 2,
        COLORADO: 0,
        Region(country="US", code="NJ"): 1,
    }
    assert set(public.regions(MONDAY + 365 * DAY).values()) == {0}


def test_the_pulse_beats_when_something_is_told_over_or_forgotten(
    database: Database,
) -> None:
    public = SqlPublicActions(database)

    def pulse(at: datetime) -> tuple[datetime | None, int]:
        found = public.pulse(at, off_since=at - MONTH)
        return found.changed_at, found.count

    assert pulse(MONDAY) == (None, 0)
    tell(database, *FOUR)
    assert pulse(MONDAY) == (MONDAY, 4)
    assert pulse(MONDAY + DAY) == (MONDAY, 4)
    tell(database, FOUR[0], off(), *FOUR[2:], at=MONDAY + DAY)
    assert pulse(MONDAY + DAY) == (MONDAY + DAY, 4)
    sunday = datetime(2019, 10, 13, 12, tzinfo=UTC)
    assert pulse(sunday) == (datetime(2019, 10, 13, 7, tzinfo=UTC), 4)
    assert pulse(MONDAY + 60 * DAY) == (MONDAY + DAY + MONTH, 4)


def test_the_same_told_twice_does_not_beat(database: Database) -> None:
    public = SqlPublicActions(database)
    tell(database, *FOUR)
    tell(database, *FOUR, at=MONDAY + DAY)
    at = MONDAY + DAY

    assert public.pulse(at, off_since=at - MONTH).changed_at == MONDAY


# --- editions


class Archive:
    """Mailings as the ledger leaves them, written down row by row."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.public = SqlPublicEditions(database)
        with database.writing() as connection:
            connection.execute(
                insert(lists), [{"slug": "weekly", "first_seen_at": MONDAY}]
            )
            self.number = int(connection.scalar(select(lists.c.number)) or 0)

    def mail(
        self,
        edition: str,
        *told: tuple[str, int, str],
        at: datetime = MONDAY,
        state: str = "finished",
        kind: str = "digest",
        languages: Sequence[str] = ("en",),
    ) -> None:
        with self.database.writing() as connection:
            mailing_id = connection.scalar(
                insert(mailings)
                .values(
                    key=edition.encode()[:16],
                    list_number=self.number,
                    edition=edition,
                    kind=kind,
                    state=state,
                    due_at=at,
                    as_of=at,
                    until=at + 5 * 7 * DAY,
                    planned_at=at,
                )
                .returning(mailings.c.id)
            )
            for language in languages:
                variant = connection.scalar(
                    insert(variants)
                    .values(
                        mailing_id=mailing_id,
                        content_hash=f"{edition}{language}".encode(),
                        language=language,
                        subject=f"{edition} in {language}",
                        preheader="",
                        html=Segments((language,), ()).dump(),
                        text=Segments((language,), ()).dump(),
                    )
                    .returning(variants.c.id)
                )
                rows = [self._row(variant, *item) for item in told]
                if rows:
                    connection.execute(insert(variant_items), rows)

    def _row(
        self, variant: Any, external_id: str, version: int, kind: str
    ) -> dict[str, Any]:
        query = select(actions.c.id).where(actions.c.external_id == external_id)
        with self.database.reading() as connection:
            action_id = connection.scalar(query)
        return {
            "variant_id": variant,
            "action_id": action_id,
            "version": version,
            "kind": kind,
        }


def test_only_what_went_out_is_found_newest_first(database: Database) -> None:
    archive = Archive(database)
    for week, state in enumerate(
        ("finished", "sending", "planned", "missed", "cancelled", "paused")
    ):
        archive.mail(f"e{week}", at=MONDAY + week * 7 * DAY, state=state)

    latest = archive.public.latest([archive.number], limit=9)

    assert [edition.edition for edition in latest] == ["e5", "e1", "e0"]
    assert archive.public.latest([], limit=9) == []
    assert len(archive.public.latest([archive.number], limit=1)) == 1
    assert archive.public.edition(archive.number, "e0") == latest[2]
    assert archive.public.edition(archive.number, "e2") is None
    assert archive.public.edition(archive.number + 1, "e0") is None


@pytest.mark.parametrize("kind", ["note", "correction", ""])
def test_a_letter_to_one_person_is_no_edition(database: Database, kind: str) -> None:
    tell(database, *FOUR)
    archive = Archive(database)
    archive.mail("e0", ("1", 1, "new"))
    archive.mail("left-x", ("2", 1, "new"), at=MONDAY + DAY, kind=kind)
    archive.mail("e1", ("1", 1, "coming"), at=MONDAY + 2 * DAY)

    latest = archive.public.latest([archive.number], limit=9)

    assert [edition.edition for edition in latest] == ["e1", "e0"]
    assert archive.public.edition(archive.number, "left-x") is None
    before = archive.public.contents(latest[0]).before
    assert [f.place.locality for f in (before or {}).values()] == ["San Diego"]


def test_an_edition_knows_what_it_told_what_was_told_before_and_what_is_true(
    database: Database,
) -> None:
    tell(database, *FOUR)
    archive = Archive(database)
    archive.mail("e0", ("1", 1, "new"), ("2", 1, "new"), ("4", 1, "new"))
    tell(database, FOUR[0], off(), *FOUR[2:], at=MONDAY + DAY)
    archive.mail("e1", ("2", 2, "cancelled"), ("4", 1, "known"), at=MONDAY + 2 * DAY)
    first, second = (
        archive.public.edition(archive.number, name) for name in ("e0", "e1")
    )
    assert first is not None
    assert second is not None

    one, two = archive.public.contents(first), archive.public.contents(second)

    assert one.before is None
    assert {facts.place.locality for facts in one.told.values()} == {
        "San Diego",
        "Denver",
        "Newark",
    }
    assert [a.facts.status for a in one.actions if a.version == 2] == ["cancelled"]
    assert [facts.status for facts in two.told.values()] == ["cancelled"]
    assert two.before == one.told
    assert first.revised_at == MONDAY + DAY
    assert second.revised_at == MONDAY + 2 * DAY


def test_a_blast_is_shown_in_the_language_asked_for_or_in_the_one_it_has(
    database: Database,
) -> None:
    archive = Archive(database)
    archive.mail("raid", kind="blast", languages=("en", "es"))
    edition = archive.public.edition(archive.number, "raid")
    assert edition is not None

    found = {x: archive.public.message(edition, x) for x in ("en", "es", "fr")}

    assert edition.subjects == (("en", "raid in en"), ("es", "raid in es"))
    assert [message.subject for message in found.values() if message] == [
        "raid in en",
        "raid in es",
        "raid in en",
    ]
