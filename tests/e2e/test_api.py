"""An urgent call by the HTTP API alone: from the draft to the report."""

import email
import email.policy
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailer.core.automation import Scope
from mailer.core.draft import parse
from mailer.core.roles import Role
from tests.e2e.conftest import Shell, copied
from tests.e2e.coordinators import House
from tests.e2e.programs import OTAY, Program, program
from tests.e2e.test_blasts import enlist

ANA, BEN = "ana@example.org", "ben@example.org"
READERS = (
    "Unión del Barrio,eva@barrio.example,es,San Diego,CA,form,2019-09-03\n"
    "AFT 1931,bob@aft.example,en,San Diego,CA,form,2019-09-04\n"
    "Unidos MN,cy@unidos.example,en,Minneapolis,MN,form,2019-09-05\n"
)
ONE = "/blasts/urgent/otay-mesa"


class Desk:
    """A project with readers, and the programs of two people."""

    def __init__(self, house: House, shell: Shell) -> None:
        self.house, self.shell = house, shell
        self.ana = program(house, ANA, *(set(Scope) - {Scope.START}))
        self.ben = program(house, BEN, *(set(Scope) - {Scope.START}))

    def work(self) -> None:
        """Let a worker look, at this house's moment and with its address."""
        at = f"{self.house.now:%Y-%m-%dT%H:%M:%SZ}"
        url = self.house.project.settings.base_url
        self.shell("work", "--until-idle", "--as-of", at, MAILER_BASE_URL=url)

    def draft(self, edition: str, **said: Any) -> dict[str, Any]:
        return {**deepcopy(OTAY), "edition": edition, **said}

    def submitted(self, edition: str) -> str:
        """Keep and submit a draft; returns its path."""
        path = f"/blasts/urgent/{edition}"
        assert self.ana("POST", "/blasts", self.draft(edition)).status_code == 201
        answer = self.ana("POST", f"{path}/submit", {"revision": 1})
        assert answer.status_code == 200, answer.text
        return path


@pytest.fixture(scope="module")
def desk(initial: Shell, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    shell = copied(initial, tmp_path_factory.mktemp("story"))
    shell.edit("mailer.toml", "# postal_address", "postal_address")
    enlist(shell, READERS)
    with House(shell.folder).open() as house:
        house.person(ANA, [Role.APPROVER], codes=True)
        house.person(BEN, [Role.APPROVER], codes=True)
        yield Desk(house, shell)


@pytest.fixture(autouse=True)
def rested(desk: Desk) -> None:
    """Let two days go by: nobody was mailed lately, whichever test was before."""
    desk.house.now += timedelta(days=2)


def refused(answer: Any, status: int, words: str) -> dict[str, Any]:
    said: dict[str, Any] = answer.json()
    assert answer.status_code == status, said
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in said["detail"]
    return said


def _to(file: Path) -> str:
    """Return to whom a mail in the outbox goes."""
    mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    return str(mail["To"])


def _asked(desk: Desk) -> list[str]:
    """Return who was asked to approve the call, once for each letter."""
    found = []
    for file in desk.shell.messages:
        mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        body = mail.get_body(("html",))
        if body and '/console/calls/urgent/otay-mesa"' in body.get_content():
            found.append(str(mail["To"]))
    return found


def test_an_urgent_call_goes_from_draft_to_report_by_programs_alone(
    desk: Desk,
) -> None:
    ana, ben = desk.ana, desk.ben
    card = ana("POST", "/audience", {"list": "urgent", "rule": OTAY["audience"]}).json()
    assert (card["count"], card["words"]["en"]) == (2, "People in California.")
    made = ana("POST", "/blasts", OTAY, Idempotency_Key="k1")
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    assert made.headers["location"] == f"/api/v1{ONE}"
    assert made.json()["author"] == ANA
    assert parse(made.json()["draft"], file="x") == parse(OTAY, file="x")

    found = ana("POST", f"{ONE}/check").json()
    assert found["errors"] == 0, found
    named = [one["name"] for one in found["findings"] if one["severity"] == "warning"]
    until = desk.house.now + timedelta(hours=14)
    late = desk.draft("otay-mesa", not_after=until.isoformat())
    edited = ana("PUT", ONE, late, If_Match='"1"')
    assert (edited.status_code, edited.headers["etag"]) == (200, '"2"')
    sent = {"revision": 2, "acknowledge": named}
    submitted = ana("POST", f"{ONE}/submit", sent, Idempotency_Key="k2")
    assert submitted.status_code == 200, submitted.text
    assert submitted.json()["expected"] == 2
    desk.work()
    assert _asked(desk) == [BEN]
    own = ana("POST", f"{ONE}/approve", {"revision": 2})
    assert refused(own, 409, "does not approve")["why"] == "own"
    wrong = ben("POST", f"{ONE}/approve", {"revision": 2, "count": 7})
    assert refused(wrong, 409, "not how many")["key"] == "count"
    approved = ben("POST", f"{ONE}/approve", {"revision": 2, "count": 2})
    assert approved.status_code == 200, approved.text
    assert approved.json()["state"] == "held"

    stopped = ana("POST", f"{ONE}/stop").json()
    assert (stopped["state"], stopped["in_hand"]) == ("paused", 0)
    desk.house.now += timedelta(minutes=30)
    desk.work()
    assert _asked(desk) == [BEN]
    assert {_to(each) for each in desk.shell.messages} == {BEN}
    assert ben("POST", f"{ONE}/resume").json()["stage"] == "held"
    for _ in range(2):
        desk.house.now += timedelta(minutes=10)
        desk.work()

    assert {_to(each) for each in desk.shell.messages} == {
        BEN,
        "eva@barrio.example",
        "bob@aft.example",
    }
    report = ana("GET", f"{ONE}/report").json()
    assert (report["state"], report["report"]["sent"]) == ("done", 2)
    assert report["report"]["opens"] is None
    assert [one["what"] for one in ana("GET", ONE).json()["story"]][:4] == [
        "new",
        "edit",
        "submit",
        "approve",
    ]
    standing = ana("GET", "/mailings/urgent/otay-mesa").json()
    assert (standing["kind"], standing["deliveries"]["sent"]) == ("blast", 2)
    refused(ana("POST", f"{ONE}/cancel"), 409, "nothing was changed")
    mailings = ana("GET", "/mailings").json()["mailings"]
    assert "urgent/otay-mesa" in [one["mailing"] for one in mailings]
    listed = [
        {one["blast"] for one in ana("GET", path).json()["blasts"]}
        for path in ("/blasts", "/blasts?all=yes")
    ]
    assert ["urgent/otay-mesa" in names for names in listed] == [False, True]


def test_a_draft_is_refused_with_the_key_that_is_wrong(desk: Desk) -> None:
    def key(**said: Any) -> str:
        answer = desk.ana("POST", "/blasts", desk.draft("wrong", **said))
        return str(refused(answer, 422, "")["key"])

    assert key(en={"headline": []}) == "en.headline"
    assert key(list="nowhere") == "list"
    assert key(colour="red") == "colour"
    assert key(not_after="tonight") == "not_after"
    assert key(not_after="9999-12-31T23:59:59-12:00") == "not_after"
    assert key(not_after="0001-01-01T00:00:00+14:00") == "not_after"
    assert key(not_after="0001-01-01T00:00:00Z") == "not_after"
    rule = {"include": [{"near": {"place": "Nowhere At All, CA", "km": 5}}]}
    assert key(audience=rule).startswith("audience.include[0]")
    rule["include"][0]["near"] = {"place": "San Diego, CA", "km": -1}
    assert key(audience=rule).startswith("audience.include[0]")
    assert key(audience={"include": "everybody"}).startswith("audience")


def test_nobody_changes_or_decides_on_what_they_have_not_seen(desk: Desk) -> None:
    path = desk.submitted("unseen")
    draft = desk.draft("unseen", urgent=True)

    refused(desk.ana("PUT", path, draft), 428, "If-Match")
    refused(desk.ana("PUT", path, draft, If_Match="*"), 428, "If-Match")
    refused(desk.ana("PUT", path, draft, If_Match='"7"'), 412, "revision 1")
    assert desk.ana("PUT", path, draft, If_Match='"1"').status_code == 200
    refused(desk.ben("POST", f"{path}/approve", {"revision": 2}), 409, "is draft")
    missing = desk.ana("POST", f"{path}/submit", {})
    assert refused(missing, 422, "is missing")["key"] == "revision"
    stale = desk.ana("POST", f"{path}/submit", {"revision": 1})
    assert refused(stale, 409, "look at it again")["why"] == "stale"
    other = desk.ana("PUT", path, desk.draft("other"), If_Match='"2"')
    assert refused(other, 422, "this draft is")["key"] == "edition"
    assert desk.ana("POST", f"{path}/cancel", {"reason": "it is off"}).is_success


def test_what_a_check_finds_keeps_a_draft_from_being_submitted(desk: Desk) -> None:
    lone = desk.draft("lone")
    del lone["es"]
    desk.ana("POST", "/blasts", lone)
    path = "/blasts/urgent/lone"

    said = refused(
        desk.ana("POST", f"{path}/submit", {"revision": 1}), 422, "missing-language"
    )
    assert said["why"] == "warnings"
    assert said["detail"].endswith('submit with "acknowledge": ["missing-language"]')
    seen = {"missing-language": "all of them read both"}
    submitted = desk.ana("POST", f"{path}/submit", {"revision": 1, "acknowledge": seen})
    assert submitted.status_code == 200, submitted.text
    nobody = desk.draft("nobody", audience={"include": []})
    desk.ana("POST", "/blasts", nobody)
    stopped = desk.ana("POST", "/blasts/urgent/nobody/submit", {"revision": 1})
    assert refused(stopped, 422, "nobody")["why"] == "errors"


def test_a_key_that_is_misspelt_is_named_and_not_the_one_that_is_missing(
    desk: Desk,
) -> None:
    draft = desk.draft("misspelt")
    draft["editionn"] = draft.pop("edition")

    said = refused(
        desk.ana("POST", "/blasts", draft), 422, "editionn: is not known here"
    )

    assert said["key"] == "editionn"


def test_what_is_repeated_under_its_key_is_done_once(desk: Desk) -> None:
    draft = desk.draft("twice")
    first = desk.ana("POST", "/blasts", draft, Idempotency_Key="twice")
    again = desk.ana("POST", "/blasts", draft, Idempotency_Key="twice")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    refused(desk.ana("POST", "/blasts", draft), 409, "exists already")
    refused(
        desk.ana("POST", "/blasts", desk.draft("other"), Idempotency_Key="twice"),
        422,
        "another request",
    )
    refused(desk.ana("POST", "/blasts", draft, Idempotency_Key="a b"), 422, "1 to 100")
    # Whoever was refused has done nothing: the key is theirs still.
    wrong = desk.draft("later", list="nowhere")
    refused(desk.ana("POST", "/blasts", wrong, Idempotency_Key="k"), 422, "nowhere")
    right = desk.ana("POST", "/blasts", desk.draft("later"), Idempotency_Key="k")
    assert right.status_code == 201


def test_of_many_who_ask_the_same_at_once_each_is_answered_the_same(
    desk: Desk,
) -> None:
    draft = desk.draft("at-once")
    with ThreadPoolExecutor(6) as pool:
        answers = list(
            pool.map(
                lambda _: desk.ana("POST", "/blasts", draft, Idempotency_Key="at-once"),
                range(6),
            )
        )

    assert {one.status_code for one in answers} == {201}
    assert {one.json()["content"] for one in answers} == {answers[0].json()["content"]}
    assert len(desk.ana("GET", "/blasts/urgent/at-once").json()["story"]) == 1


def begun(desk: Desk, asker: Program, method: str, path: str, body: Any) -> str:
    """Take a key for a request as a server does that is killed right after it."""
    request = asker.request(method, path, body)
    from hashlib import sha256  # noqa: PLC0415 - beside what it repeats

    head = f"{method} {request.url.path}\nNone\n".encode()
    console = desk.house.project.console
    assert asker.token is not None
    bearer = console.api_tokens.bearer(asker.token, at=desk.house.now)
    assert bearer is not None
    asked = sha256(head + request.content).digest()
    key = asked.hex()
    assert console.answers.begin(bearer.number, key, asked, at=desk.house.now) is None
    return key


def test_who_was_cut_off_by_a_kill_asks_again_and_it_is_done_once(desk: Desk) -> None:
    proposer, name = desk.house.project.proposer(), "urgent/killed"
    draft, path = desk.draft("killed"), "/blasts/urgent/killed"
    steps: list[tuple[Program, str, Any, Any]] = [
        (desk.ana, "", draft, lambda: proposer.new(parse(draft, file="x"), by=ANA)),
        (
            desk.ana,
            "/submit",
            {"revision": 1},
            lambda: proposer.submit(name, by=ANA, revision=1),
        ),
        (
            desk.ben,
            "/approve",
            {"revision": 1, "count": 2},
            lambda: proposer.approve(name, by=BEN, revision=1, count=2),
        ),
    ]
    for asker, step, body, done_then_killed in steps:
        asked = f"{path}{step}" if step else "/blasts"
        key = begun(desk, asker, "POST", asked, body)
        done_then_killed()

        again = asker("POST", asked, body, Idempotency_Key=key)
        assert again.is_success, again.text
        assert "idempotency-replayed" not in again.headers
        replayed = asker("POST", asked, body, Idempotency_Key=key)
        assert replayed.json() == again.json()
        assert "idempotency-replayed" in replayed.headers

    story = [one["what"] for one in desk.ana("GET", path).json()["story"]]
    assert story == ["new", "submit", "approve"]
    assert desk.ben("POST", f"{path}/cancel").is_success


def test_who_was_killed_before_anything_was_done_is_not_taken_for_done(
    desk: Desk,
) -> None:
    draft = desk.draft("unborn")
    key = begun(desk, desk.ana, "POST", "/blasts", draft)

    made = desk.ana("POST", "/blasts", draft, Idempotency_Key=key)

    assert made.status_code == 201
    assert len(made.json()["story"]) == 1


def test_everything_is_stopped_from_a_phone_and_started_by_an_admin(
    desk: Desk,
) -> None:
    phone = program(desk.house, ANA, Scope.STOP)
    desk.house.person("root@example.org", [Role.ADMIN], codes=True)
    admin = program(desk.house, "root@example.org", Scope.START)

    assert phone("POST", "/stop", {"reason": "wrong people"}).json()["stopped"] is True
    sending = phone("GET", "").json()["sending"]
    assert (sending["stopped"], sending["reason"]) == (True, "wrong people")
    assert phone("POST", "/start").status_code == 403
    assert admin("POST", "/start").json()["was"] == "wrong people"
    assert phone("GET", "").json()["sending"]["stopped"] is False
    lists = desk.ana("GET", "/lists").json()["lists"]
    assert {one["slug"]: one["active"] for one in lists}["urgent"] == 3
    assert desk.ana("GET", "/actions").json() == {"actions": []}


def test_a_preview_is_what_is_sent_to_the_octet(desk: Desk) -> None:
    desk.ana("POST", "/blasts", desk.draft("seen"))
    path = "/blasts/urgent/seen/preview"

    html = desk.ana("GET", path)
    assert "Vengan a Otay" in desk.ana("GET", f"{path}?language=es&form=text").text
    message = email.message_from_bytes(
        desk.ana("GET", f"{path}?form=eml").content, policy=email.policy.default
    )

    assert html.headers["content-security-policy"] == "default-src 'none'; sandbox"
    part = message.get_body(("html",))
    assert part is not None
    assert part.get_content().replace("\r\n", "\n").strip() == html.text.strip()
    assert message["Subject"] == "Come to Otay Mesa tonight at 6"
    refused(desk.ana("GET", f"{path}?form=pdf"), 422, "there is html")
    refused(desk.ana("GET", f"{path}?language=fr"), 422, "there is en")
    misspelt = desk.ana("GET", f"{path}?lang=es")
    assert refused(misspelt, 422, "there is language, form")["key"] == "lang"
