"""What a check says of the audience, and of links that nobody may ask."""

from typing import Any

import pytest

from mailer.adapters.database.audiences import SqlAudiences
from mailer.adapters.database.engine import Database
from mailer.adapters.renderer.plain import linkable
from mailer.pipeline.check import Checker
from tests.contract.launching import ANA, BASE, Coalition, draft


@pytest.fixture
def coalition(database: Database) -> Coalition:
    made = Coalition(database)
    made.enlist(12)
    return made


def found(coalition: Coalition, **changes: Any) -> dict[str, tuple[str, str]]:
    checker = Checker(
        blasts=coalition.blasts,
        typesetter=coalition.typesetter,
        audiences=SqlAudiences(coalition.database),
        list_of=coalition.list_of,
        terms=coalition.terms,
        proof=lambda _draft, _variant: [],
        linkable=lambda url: linkable(url, BASE) is not None,
        web=None,
        clock=lambda: coalition.now,
    )
    findings = checker.check(draft(**changes))
    return {each.name: (each.severity.value, each.words) for each in findings}


def test_a_plain_call_to_those_who_are_meant_gives_no_cause(
    coalition: Coalition,
) -> None:
    assert {severity for severity, _ in found(coalition).values()} == {"ok"}


def test_an_audience_of_nobody_is_an_error_that_says_why(coalition: Coalition) -> None:
    nowhere = {"include": [{"language": "es"}]}
    coalition.enlist(1, first=50, language="es")
    coalition.suppress(50)

    severity, words = found(coalition, audience=nowhere)["nobody"]

    assert severity == "error"
    assert "all 1 who are meant are left out" in words


def test_what_the_rule_names_and_nobody_knows_is_an_error(coalition: Coalition) -> None:
    unknown = {"include": [{"organization": "Nobody United"}]}

    assert found(coalition, audience=unknown)["audience"][0] == "error"


def test_a_state_that_is_named_and_in_which_nobody_is_is_told(
    coalition: Coalition,
) -> None:
    words = {
        "headline": ["Come to Reno"],
        "reason": "Nevada needs you, California too.",
    }

    severity, said = found(coalition, en=words)["other-place"]

    assert severity == "warning"
    assert said.startswith("Nevada is named")


def test_an_audience_far_from_the_usual_one_and_mailed_today_is_told(
    coalition: Coalition,
) -> None:
    coalition.launched()
    coalition.enlist(40, first=100)

    told = found(coalition, edition="second")

    assert told["unusual-size"][0] == "warning"
    assert "went to 12 to 12" in told["unusual-size"][1]
    assert "mailed-lately" not in told  # nobody has it yet


def test_an_action_that_is_not_there_is_an_error(coalition: Coalition) -> None:
    severity, words = found(coalition, action="unknown")["no-action"]

    assert severity == "error"
    assert "mailer actions" in words


def test_the_author_is_not_asked_for_what_a_check_finds_fine(
    coalition: Coalition,
) -> None:
    coalition.proposer.new(draft(), by=ANA)

    done, _ = coalition.proposer.submit("otay", by=ANA)

    assert done.expected == 12
