"""What a draft gives away before anybody is asked."""

from datetime import timedelta
from typing import Any

import pytest

from mailer.adapters.markdown import CommonMark
from mailer.core import checks
from mailer.core.breaker import Tally
from mailer.core.draft import Draft, parse
from mailer.core.findings import Severity
from mailer.core.model import Action, ActionStatus, Facts
from mailer.core.proposal import Change, canary_size, canary_verdict
from tests.factories import MONDAY, place


def written(**english: Any) -> Draft:
    words = {"headline": ["Come to Otay Mesa"], **english}
    return parse({"list": "urgent", "edition": "otay", "en": words}, file="otay.toml")


def found(draft: Draft) -> dict[str, Severity]:
    prose = {each.language: CommonMark().read(each.body) for each in draft.wordings}
    return {each.name: each.severity for each in checks.words(draft, prose)}


def test_plain_words_give_no_cause() -> None:
    assert found(written(body="Bring **water**.", reason="They ask us to come.")) == {}


@pytest.mark.parametrize(
    ("english", "name", "severity"),
    [
        ({"headline": ["Come " * 15]}, "long-subject", Severity.WARNING),
        ({"headline": ["Re: tonight"]}, "false-reply", Severity.ERROR),
        ({"headline": ["COME RIGHT NOW"]}, "shouting", Severity.WARNING),
        ({"headline": ["Come!!"]}, "shouting", Severity.WARNING),
        ({"reason": "why " * 61}, "long-reason", Severity.WARNING),
        ({"body": "Click here for more"}, "spammy", Severity.WARNING),
        ({"body": "# Heading"}, "not-sayable", Severity.ERROR),
        ({"body": "*soft*"}, "plain-looks", Severity.WARNING),
    ],
)
def test_words_that_harm_are_found_by_name(
    english: dict[str, Any], name: str, severity: Severity
) -> None:
    assert found(written(**english)) == {name: severity}


def test_a_picture_is_an_error_with_its_line() -> None:
    draft = written(body="x\n\n![](https://example.org/x.png)")
    (only,) = checks.words(draft, {"en": CommonMark().read(draft.wordings[0].body)})

    assert (only.severity, only.where) == (Severity.ERROR, "en.body, line 3 of it")


def action(**changes: Any) -> Action:
    facts = Facts(
        start_date=MONDAY.date(),
        time_zone="America/Los_Angeles",
        place=place(),
        **changes,
    )
    return Action(
        id=1, public_id="x", source="page", external_id=None, version=1, facts=facts
    )


def named(draft: Draft, about: Action | None, **later: float) -> list[str]:
    at = MONDAY + timedelta(**later)
    return [each.name for each in checks.moments(draft, about, at)]


def test_what_is_over_off_or_ends_too_late_is_found() -> None:
    plain = written()
    late = parse(
        {
            "list": "urgent",
            "edition": "otay",
            "not_after": "2019-10-20T00:00:00Z",
            "en": {"headline": ["Come"]},
        },
        file="otay.toml",
    )

    assert named(plain, action()) == []
    assert named(plain, action(), days=2) == ["past"]
    assert named(plain, action(status=ActionStatus.CANCELLED)) == ["action-off"]
    assert named(late, action()) == ["late-end"]
    assert named(late, None, days=14) == ["past"]


def test_readers_without_their_language_are_counted() -> None:
    (only,) = checks.languages(written(), {"en": 5, "es": 38})

    assert only.name == "missing-language"
    assert only.words.startswith("38 read Spanish, and get it in English")


def test_a_single_reader_without_their_language_is_told_of_as_one() -> None:
    (only,) = checks.languages(written(), {"en": 5, "es": 1})

    assert only.words.startswith("one person reads Spanish, and gets it in English")


def test_a_language_that_says_less_than_the_other_is_named_with_what_it_lacks() -> None:
    more = {"headline": ["Come"], "body": "Bring water.", "bring": "Water"}
    draft = parse(
        {
            "list": "urgent",
            "edition": "otay",
            "en": more,
            "es": {"headline": ["Vengan"], "body": "Traigan agua.", "where": "Otay"},
        },
        file="otay.toml",
    )

    prose = {each.language: CommonMark().read(each.body) for each in draft.wordings}
    found = {each.where: each for each in checks.words(draft, prose)}

    assert {each.name for each in found.values()} == {"uneven-languages"}
    assert set(found) == {"en.where", "es.bring"}
    assert "in Spanish it says nothing for bring" in found["es.bring"].words


def test_a_few_more_or_less_never_ask_again_and_many_do() -> None:
    def drifted(approved: int, gone: int, came: int = 0) -> bool:
        change = Change(
            approved=approved,
            sending=approved - gone + came,
            gone={"left": gone},
            came=came,
        )
        return change.drifted

    assert not drifted(20, 5)
    assert drifted(20, 6)
    assert not drifted(1000, 20)
    assert drifted(1000, 15, 6)


def test_what_changed_is_said_in_one_line() -> None:
    change = Change(approved=412, sending=409, gone={"left": 2, "bounced": 1})

    assert str(change) == "approved 412, sending 409: 1 bounced, 2 left"


@pytest.mark.parametrize(
    ("audience", "first"), [(1, 20), (400, 20), (401, 21), (4000, 200)]
)
def test_the_first_are_twenty_or_one_in_twenty(audience: int, first: int) -> None:
    assert canary_size(audience, awake=audience) == first


@pytest.mark.parametrize(
    ("awake", "first"), [(0, 200), (19, 200), (20, 20), (150, 150)]
)
def test_the_first_are_whoever_is_awake_if_they_are_enough(
    awake: int, first: int
) -> None:
    assert canary_size(4000, awake=awake) == first


def test_the_first_are_judged_by_thresholds_for_few() -> None:
    def verdict(hard: int = 0, complained: int = 0, blocked: int = 0) -> str | None:
        domains = {"example.net": (20, blocked)} if blocked else {}
        return canary_verdict(
            Tally(attempts=20, hard=hard, complained=complained, domains=domains)
        )

    assert verdict(hard=2, complained=1) is None
    assert "3 of the first 20" in str(verdict(hard=3))
    assert "3 of the first 20" in str(verdict(hard=1, blocked=2))
    assert "called it spam" in str(verdict(complained=2))
