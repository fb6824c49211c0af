"""`mailer why` says what somebody chose, and what they did not get because of it."""

from datetime import UTC, datetime

from sqlalchemy import select

from mailer.adapters.database.schema import subscribers, subscriptions
from mailer.bootstrap import Project
from mailer.core.preferences import Choices, Frequency
from mailer.core.scope import Scope
from tests.e2e.conftest import Shell

MONDAY = "2019-10-07T15:00:00Z"
BEFORE = datetime(2019, 10, 6, tzinfo=UTC)
ANA = "ana@barrio.example"


def test_why_names_the_choice_that_kept_a_mail_away(filled: Shell) -> None:
    project = Project(filled.folder, {}, lambda: BEFORE)
    with project.database.reading() as connection:
        uid, number = connection.execute(
            select(subscribers.c.uid, subscriptions.c.list_number)
            .join(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
            .where(subscribers.c.address == ANA)
        ).one()
    chosen = Choices(
        language="es",
        frequency=Frequency.URGENT,
        scope=Scope(km=161),
        paused_until=datetime(2019, 10, 1, tzinfo=UTC),
    )
    project.readers.choose(uid, number, chosen, at=BEFORE)
    project.close()

    filled("send", "weekly", "--as-of", MONDAY)

    chosen_line, mail = filled("why", ANA, "--json").json["findings"]
    assert "active, urgent only, no digests, only what is within 161 km" in chosen_line
    assert "; granted 20" in chosen_line
    assert "paused" not in chosen_line
    assert "skipped: they want only what is urgent, no digests" in mail
