"""Organizations that change between an approval and the mail: who was meant gets it."""

from datetime import timedelta

import pytest

from mailer.adapters.database.engine import Database
from mailer.adapters.database.register import SqlRegister
from mailer.core.proposal import Proposal, Stage
from tests.contract.launching import NAME, Coalition, draft
from tests.fakes.provider import ScriptedProvider

AFT, BARRIO, MANY = "AFT 1931", "Unión del Barrio", "Unidos MN"


@pytest.fixture
def coalition(database: Database) -> Coalition:
    """Readers 1 to 20 sit at one organization, 21 to 30 at another, 31 to 33 at a third."""
    made = Coalition(database)
    made.enlist(20, organization=AFT)
    made.enlist(10, 21, organization=BARRIO)
    made.enlist(3, 31, organization=MANY)
    return made


@pytest.fixture
def register(database: Database) -> SqlRegister:
    return SqlRegister(database)


def number(register: SqlRegister, name: str) -> int:
    found = register.number(name)
    assert found is not None
    return found


def approved(coalition: Coalition, *meant: str | int) -> None:
    coalition.approved(
        draft(audience={"include": [{"organization": list(meant)}]}, urgent=True)
    )


def released(coalition: Coalition) -> Proposal:
    coalition.later(minutes=10)
    return coalition.tick()


def sent_to(coalition: Coalition) -> set[int]:
    """Send all of it, and return the numbers of who got it."""
    provider = ScriptedProvider()
    for _ in range(3):
        coalition.drain(provider)
        coalition.tick()
        coalition.later(minutes=11)
        coalition.tick()
    found = {
        each.removeprefix("reader").partition("@")[0] for each in provider.accepted
    }
    return {int(each) for each in found}


def test_one_that_is_renamed_is_the_same(
    coalition: Coalition, register: SqlRegister
) -> None:
    approved(coalition, AFT)
    aft = number(register, AFT)
    register.rename(aft, "AFT Guild", by="test", at=coalition.now)

    assert released(coalition).stage is Stage.CANARY
    assert sent_to(coalition) == set(range(1, 21))


def test_one_that_takes_in_many_others_is_approved_anew(
    coalition: Coalition, register: SqlRegister
) -> None:
    approved(coalition, AFT)
    aft, barrio = number(register, AFT), number(register, BARRIO)
    register.merge(barrio, aft, by="test", at=coalition.now)

    asked = released(coalition)

    assert asked.stage is Stage.SUBMITTED
    assert "10 came" in str(asked.reason)
    assert asked.expected == 30
    assert sent_to(coalition) == set()


def test_one_that_is_taken_in_by_another_is_approved_anew_if_those_are_more(
    coalition: Coalition, register: SqlRegister
) -> None:
    approved(coalition, MANY)
    register.merge(
        number(register, MANY), number(register, AFT), by="test", at=coalition.now
    )

    assert released(coalition).stage is Stage.SUBMITTED
    assert sent_to(coalition) == set()


def test_one_that_was_meant_by_its_number_and_is_no_more_keeps_the_call_here(
    coalition: Coalition, register: SqlRegister
) -> None:
    many = number(register, MANY)
    approved(coalition, many)
    register.merge(many, number(register, AFT), by="test", at=coalition.now)

    held = released(coalition)

    assert held.stage is Stage.HELD
    assert "there is no such organization" in str(held.reason)
    assert sent_to(coalition) == set()


def test_one_that_was_merged_and_taken_apart_in_between_is_as_it_was(
    coalition: Coalition, register: SqlRegister
) -> None:
    approved(coalition, AFT)
    aft, barrio = number(register, AFT), number(register, BARRIO)
    register.merge(barrio, aft, by="test", at=coalition.now)
    (taken,) = register.organization(aft).taken_in
    register.part(aft, taken.record, by="test", at=coalition.now)

    assert released(coalition).stage is Stage.CANARY
    assert sent_to(coalition) == set(range(1, 21))


def test_one_that_is_muted_during_the_hold_gets_nothing(
    coalition: Coalition, register: SqlRegister
) -> None:
    approved(coalition, AFT, BARRIO, MANY)
    until = coalition.now + timedelta(days=9)
    many = number(register, MANY)
    register.mute(many, until, by="test", at=coalition.now)

    released(coalition)

    assert sent_to(coalition) == set(range(1, 31))


def test_one_that_is_muted_once_the_first_have_it_gets_nothing_more(
    coalition: Coalition, register: SqlRegister
) -> None:
    approved(coalition, AFT, BARRIO)
    assert released(coalition).stage is Stage.CANARY
    coalition.drain(ScriptedProvider())
    barrio, until = number(register, BARRIO), coalition.now + timedelta(days=9)
    register.mute(barrio, until, by="test", at=coalition.now)

    assert not sent_to(coalition) & set(range(21, 31))
    assert coalition.blasts.find(NAME).stage is Stage.DONE
