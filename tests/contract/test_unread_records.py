"""Records that another version wrote, or nobody: the log is read around them."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from mailer.adapters.database import health
from mailer.adapters.database.audit import UNREADABLE
from mailer.adapters.database.engine import Database
from mailer.adapters.database.following import SqlFollowing
from mailer.adapters.database.records import SqlRecords
from mailer.core.diagnosis import Severity
from tests.contract.launching import NAME, Coalition, draft

_NESTED = '{"a":' * 3000 + "1" + "}" * 3000
_ANYWHERE = ["[]", "null", '"words"', "7", "[[1], 2]", _NESTED]
_IN_A_FILE = ["", "not json", '{"a": "\\ud800"}', '{"a": ' + "9" * 5000 + "}"]


_IN_FILE = (
    "INSERT INTO audit (happened_at, actor, verb, object, detail)"
    " VALUES ('2026-11-21 12:00:00.000000', 'cli', 'edit', :thing, :detail)"
)
_ON_SERVER = (
    "INSERT INTO audit (happened_at, actor, verb, object, detail)"
    " VALUES (now(), 'cli', 'edit', :thing, cast(:detail AS jsonb))"
)


def keep(database: Database, thing: str, detail: str) -> None:
    """Write what no version of ours writes."""
    statement = _IN_FILE if database.is_sqlite else _ON_SERVER
    with database.writing() as connection:
        connection.execute(text(statement), {"thing": thing, "detail": detail})


@pytest.mark.parametrize("detail", [*_ANYWHERE, *_IN_A_FILE])
def test_a_record_that_cannot_be_read_hides_no_other(
    database: Database, detail: str
) -> None:
    if detail in _IN_A_FILE and not database.is_sqlite:
        detail = "[]"  # a server takes no such words
    coalition = Coalition(database)
    coalition.proposer.new(draft(), by="ana@example.org")
    keep(database, f"blast {NAME}", detail)

    newest, before = SqlRecords(database).latest(most=2)

    assert list(newest.detail) == [UNREADABLE]
    assert len(newest.detail[UNREADABLE]) <= 200
    assert before.detail == {"revision": 1}
    story = coalition.blasts.story(coalition.blasts.find(NAME))
    assert [verb for _, _, verb, _ in story] == ["new", "edit"]


def test_a_mailing_with_a_record_that_cannot_be_read_is_followed(
    database: Database,
) -> None:
    coalition = Coalition(database)
    coalition.enlist(3)
    coalition.launched()
    keep(database, f"blast {NAME}", "[]")

    story = SqlFollowing(database).story(coalition.mailing, most=9)

    assert [one.verb for one in story][:2] == ["edit", "launch"]


def clock_of(database: Database, now: datetime) -> tuple[Severity, str]:
    found = health.examine(database, now=now)
    [told] = [each for each in found if each.about == "clock"]
    return told.severity, told.message


def test_the_doctor_finds_a_clock_that_is_behind_the_last_record(
    database: Database,
) -> None:
    now = datetime.now(UTC)
    assert clock_of(database, now)[0] is Severity.OK
    records = SqlRecords(database)
    records.note(at=now, actor="cli", verb="start", thing="sending")
    assert clock_of(database, now)[0] is Severity.OK

    ahead = now + timedelta(hours=1)
    records.note(at=ahead, actor="cli", verb="start", thing="sending")

    severity, said = clock_of(database, now)
    assert severity is Severity.WARN
    assert f"{ahead:%Y-%m-%d %H:%M}" in said


def test_the_doctor_says_for_a_week_that_a_clock_was_put_back(
    database: Database,
) -> None:
    now = datetime.now(UTC)
    for days, severity in ((8, Severity.OK), (6, Severity.WARN)):
        at = now - timedelta(days=days)
        SqlRecords(database).note(at=at, actor="mailer", verb="put back", thing="clock")

        assert clock_of(database, now)[0] is severity


def test_the_doctor_compares_the_clock_of_a_server_with_this_machines(
    database: Database,
) -> None:
    later = datetime.now(UTC) + timedelta(hours=2)

    severity, said = clock_of(database, later)

    if database.is_sqlite:  # it has no clock of its own
        assert severity is Severity.OK
    else:
        assert severity is Severity.WARN
        assert "seconds away from this machine's" in said
