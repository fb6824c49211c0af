"""What a check says of the audience, and of links that nobody may ask."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from mailer.adapters.database.audiences import SqlAudiences
from mailer.adapters.database.engine import Database
from mailer.adapters.renderer.plain import linkable
from mailer.core.findings import Finding
from mailer.pipeline.check import Checker
from mailer.ports import Landing, NotAsked, Unanswered
from tests.contract.launching import ANA, BASE, Coalition, draft


@pytest.fixture
def coalition(database: Database) -> Coalition:
    made = Coalition(database)
    made.enlist(12)
    return made


HEARD: Mapping[str, Landing | NotAsked | Unanswered] = {
    "https://example.org/page": Landing(
        url="https://example.org/page",
        status=200,
        kind="text/html",
        beginning=b"<title>A &lt;b&gt; page\x1b</title",
    ),
    "https://example.org/plan": Landing(
        url="https://example.net/plan.pdf",
        status=200,
        kind="application/pdf",
        beginning=b"%PDF <title>no</title>",
    ),
    "https://example.org/gone": Landing(
        url="https://example.org/gone", status=410, kind="", beginning=b""
    ),
    "https://example.org/shut": Landing(
        url="https://example.org/shut", status=403, kind="", beginning=b""
    ),
    "https://example.org/inside": NotAsked(why="it is within a network"),
    "https://example.org/silent": Unanswered(why="nobody answered in time"),
}


@dataclass
class Hearsay:
    """Says of links what is known of them, and remembers which it was asked for."""

    asked: list[str] = field(default_factory=list)

    def ask(
        self, urls: Collection[str]
    ) -> Mapping[str, Landing | NotAsked | Unanswered]:
        self.asked += urls
        return {url: HEARD.get(url, NotAsked(why="-")) for url in urls}


def found(coalition: Coalition, **changes: Any) -> dict[str, tuple[str, str]]:
    findings = looked_at(coalition, None, **changes)
    return {each.name: (each.severity.value, each.words) for each in findings}


def looked_at(
    coalition: Coalition, web: Hearsay | None, **changes: Any
) -> Sequence[Finding]:
    checker = Checker(
        blasts=coalition.blasts,
        typesetter=coalition.typesetter,
        audiences=SqlAudiences(coalition.database),
        list_of=coalition.list_of,
        terms=coalition.terms,
        proof=lambda _draft, _variant: [],
        linkable=lambda url: linkable(url, BASE) is not None,
        web=web,
        clock=lambda: coalition.now,
    )
    return checker.check(draft(**changes))


def saying(*urls: str) -> dict[str, Any]:
    body = "\n\n".join(f"[here]({url})" for url in urls)
    return {"headline": ["Come"], "reason": "They ask.", "body": body}


def test_links_say_where_they_lead_and_what_could_not_be_asked_is_no_error(
    coalition: Coalition,
) -> None:
    findings = looked_at(coalition, Hearsay(), en=saying(*HEARD))
    told = {
        each.words: (each.name, each.severity.value)
        for each in findings
        if each.name.startswith("link")
    }

    base = "https://example.org"
    assert told == {
        f"{base}/page is “A <b> page”": ("link", "ok"),
        f"{base}/plan leads on to https://example.net/plan.pdf, which is no page but"
        " application/pdf": ("link", "ok"),
        f"{base}/gone answers 410: nothing is there": ("link-dead", "error"),
        f"{base}/shut answers 403": ("link-refused", "warning"),
        f"{base}/inside was not asked: it is within a network": (
            "link-not-asked",
            "warning",
        ),
        f"{base}/silent could not be asked: nobody answered in time": (
            "link-silent",
            "warning",
        ),
    }


def test_no_more_links_are_asked_than_a_mail_needs_and_that_is_told(
    coalition: Coalition,
) -> None:
    web = Hearsay()
    urls = [f"https://example.org/{number}" for number in range(30)]

    findings = looked_at(coalition, web, en=saying(*urls, "http://example.org/plain"))

    assert web.asked == urls[:20]
    not_asked = [each for each in findings if "no more than 20 are" in each.words]
    assert len(not_asked) == 10
    (plain,) = [each for each in findings if "http://example.org/plain" in each.words]
    assert (plain.name, plain.severity.value) == ("link", "error")


def test_a_plain_call_to_those_who_are_meant_gives_no_cause(
    coalition: Coalition,
) -> None:
    plain = {"headline": ["Come"], "reason": "They ask."}
    told = found(coalition, en=plain, es=plain)

    assert {severity for severity, _ in told.values()} == {"ok"}


def test_an_audience_of_nobody_is_an_error_that_says_why(coalition: Coalition) -> None:
    nowhere = {"include": [{"language": "es"}]}
    coalition.enlist(1, first=50, language="es")
    coalition.suppress(50)

    severity, words = found(coalition, audience=nowhere)["nobody"]

    assert severity == "error"
    assert "the one who is meant is left out" in words


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
    assert told["unusual-size"][1].endswith("the last mailing of this list went to 12")
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
