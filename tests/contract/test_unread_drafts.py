"""A kept draft that this version cannot read: it stays here, and the others go out."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Text, text, type_coerce, update

from mailer.adapters.database import health
from mailer.adapters.database.engine import Database
from mailer.adapters.database.schema import blasts
from mailer.core.diagnosis import Severity
from mailer.core.draft import dump
from mailer.core.errors import InputError
from mailer.core.proposal import Stage
from tests.contract.launching import ANA, BEN, NAME, Coalition, draft
from tests.fakes.provider import ScriptedProvider

OTHER = "urgent/other"
DAMAGED: list[dict[str, Any]] = [
    {"draft": {**dump(draft()), "mood": "of a version to come"}},
    {"draft": {"edition": "otay"}},
    {"draft": {**dump(draft()), "audience": {"include": [{"planet": ["mars"]}]}}},
    {"draft": ["a", "list"]},
    {"draft": "words"},
    {"draft": None},
    {"change": {"approved": 1, "sending": 1, "mood": "of a version to come"}},
    {"acknowledged": "words"},
]


@pytest.fixture
def coalition(database: Database) -> Coalition:
    return Coalition(database)


def damage(coalition: Coalition, kept: dict[str, Any]) -> None:
    with coalition.database.writing() as connection:
        values = {
            name: text("'null'") if value is None else value
            for name, value in kept.items()
        }
        connection.execute(
            update(blasts).where(blasts.c.edition == "otay").values(values)
        )


def approve_two(coalition: Coalition) -> None:
    coalition.enlist(3)
    coalition.approved()
    coalition.proposer.new(draft(edition="other"), by=ANA)
    coalition.proposer.submit(OTHER, by=ANA)
    coalition.proposer.approve(OTHER, by=BEN)


@pytest.mark.parametrize("kept", DAMAGED, ids=lambda kept: json.dumps(kept)[:40])
def test_what_cannot_be_read_is_listed_and_never_sent_and_the_others_are(
    coalition: Coalition, kept: dict[str, Any]
) -> None:
    approve_two(coalition)
    damage(coalition, kept)

    listed = {each.name: each.draft.unread for each in coalition.blasts.every()}
    assert listed[OTHER] is None
    assert "what is kept of it cannot be read" in str(listed[NAME])

    coalition.later(minutes=10)
    assert coalition.tick().stage is Stage.HELD
    assert coalition.blasts.find(OTHER).stage is Stage.CANARY
    assert any("cannot be read" in each for each in coalition.troubles)


def test_a_draft_that_is_no_json_is_as_harmless(coalition: Coalition) -> None:
    approve_two(coalition)
    # PostgreSQL keeps nothing that is no JSON: there it is as near to it as can be.
    is_sqlite = coalition.database.is_sqlite
    damage(coalition, {"draft": type_coerce('{"list": ', Text) if is_sqlite else "{"})

    coalition.later(minutes=10)

    assert coalition.tick().draft.unread is not None
    assert coalition.blasts.find(OTHER).stage is Stage.CANARY


def test_nobody_approves_previews_or_tests_it(coalition: Coalition) -> None:
    coalition.enlist(3)
    coalition.proposer.new(draft(), by=ANA)
    coalition.proposer.submit(NAME, by=ANA)
    damage(coalition, DAMAGED[0])

    with pytest.raises(InputError, match="cannot be read"):
        coalition.proposer.approve(NAME, by=BEN)
    with pytest.raises(InputError, match="cannot be read"):
        coalition.words(coalition.blasts.find(NAME).draft)
    coalition.employ("dee@example.org")
    coalition.tick()
    provider = ScriptedProvider()
    coalition.drain(provider)
    assert not provider.accepted


def test_it_is_written_anew_or_ended(coalition: Coalition) -> None:
    approve_two(coalition)
    damage(coalition, DAMAGED[0])

    mended = coalition.proposer.edit(NAME, draft(), by=ANA)
    assert mended.draft == draft()
    assert mended.stage is Stage.DRAFT

    damage(coalition, DAMAGED[0])
    ended = coalition.proposer.cancel(NAME, by=ANA, reason="it is damaged")
    assert ended.stage is Stage.CANCELLED


def test_it_expires_at_its_last_moment_as_it_would_have(coalition: Coalition) -> None:
    coalition.enlist(3)
    coalition.approved(draft(not_after="2019-10-07T15:45:00Z"))
    damage(coalition, DAMAGED[0])
    coalition.later(minutes=60)

    assert coalition.tick().stage is Stage.EXPIRED


def test_the_doctor_names_it_and_the_way_out(coalition: Coalition) -> None:
    approve_two(coalition)
    assert not _calls(coalition.database)
    damage(coalition, DAMAGED[0])

    (found,) = _calls(coalition.database)

    assert found.severity is Severity.FAIL
    assert NAME in found.message
    assert "mood" in found.message
    assert f"mailer blast cancel {NAME}" in str(found.remedy)


def _calls(database: Database) -> list[Any]:
    return [
        each
        for each in health.examine(database, now=datetime.now(UTC))
        if each.about == "calls"
    ]
