"""The HTTP API as somebody asks it who means no good: too much, too deep, too late."""

import http.client
import json
from collections.abc import Iterator
from datetime import timedelta
from threading import Event
from typing import Any

import pytest

from mailer.core.automation import Scope
from mailer.core.roles import Role
from tests.e2e.conftest import Shell, copied
from tests.e2e.coordinators import House
from tests.e2e.programs import OTAY, Program, program, secret, stranger

ANA, BEN = "ana@example.org", "ben@example.org"
MANY = 10 * 1024 * 1024  # octets


@pytest.fixture(scope="module")
def house(initial: Shell, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    shell = copied(initial, tmp_path_factory.mktemp("attacked"))
    with House(shell.folder).open() as house:
        house.person(ANA, [Role.APPROVER], codes=True)
        house.person(BEN, [Role.APPROVER], codes=True)
        yield house


@pytest.fixture(scope="module")
def ana(house: House) -> Program:
    return program(house, ANA, *(set(Scope) - {Scope.START}))


def drafted(edition: str) -> dict[str, Any]:
    return {**OTAY, "edition": edition}


def begun(
    house: House, token: str, body: bytes, length: int
) -> http.client.HTTPConnection:
    """Send the head of a request, and the beginning of its body."""
    line = http.client.HTTPConnection(house.url.removeprefix("http://"), timeout=20)
    line.putrequest("POST", "/api/v1/blasts")
    line.putheader("Authorization", f"Bearer {token}")
    line.putheader("Content-Type", "application/json")
    line.putheader("Content-Length", str(length))
    line.endheaders()
    line.send(body)
    return line


def names(asker: Program) -> set[str]:
    return {each["blast"] for each in asker("GET", "/blasts").json()["blasts"]}


def test_a_token_that_is_revoked_while_its_request_arrives_does_nothing(
    house: House, ana: Program
) -> None:
    token = secret(house, BEN, [Scope.WRITE])
    bearer = house.project.console.api_tokens.bearer(token, at=house.now)
    assert bearer is not None
    body = json.dumps(drafted("too-late")).encode()
    line = begun(house, token, body[:40], len(body))
    Event().wait(0.5)  # by now it was let in
    house.project.console.api_tokens.revoke(bearer.number, by="test", at=house.now)

    line.send(body[40:])
    answer = line.getresponse()

    assert (answer.status, b"revoked" in answer.read()) == (401, True)
    line.close()
    assert "urgent/too-late" not in names(ana)


def test_ten_megabytes_are_refused_before_they_have_arrived(
    house: House, ana: Program
) -> None:
    token = secret(house, BEN, [Scope.WRITE])
    line = begun(house, token, b" " * 600_000, MANY)

    answer = line.getresponse()

    assert (answer.status, answer.getheader("connection")) == (413, "close")
    line.close()
    whole = ana("POST", "/blasts", {**drafted("big"), "mood": "x" * 600_000})
    assert whole.status_code == 413


DEEP = 2_000


def nested(levels: int) -> Any:
    rule: Any = {"region": "us-ca"}
    for _ in range(levels):
        rule = {"any": [rule]}
    return rule


@pytest.mark.parametrize(
    "content",
    [
        b"[" * DEEP + b"]" * DEEP,
        b'{"a":' * DEEP + b"1" + b"}" * DEEP,
        json.dumps(
            {**drafted("deep"), "audience": {"include": [nested(300)]}}
        ).encode(),
        json.dumps({**drafted("deep"), "en": {"headline": [[["a"]]]}}).encode(),
        b'{"list": 1e999999}',
        b'{"list": ' + b"9" * 5000 + b"}",
        b'{"list": "urgent", "list": "urgent"}',
        b'{"list": NaN}',
        b"\xff\xfe{}",
        b'{"edition": "\\ud800"}',
    ],
    ids=range(10),
)
def test_what_no_program_means_is_named_and_breaks_nothing(
    ana: Program, content: bytes
) -> None:
    request = ana.request("POST", "/blasts", {})
    headers = {**request.headers, "content-length": str(len(content))}
    answer = ana.client.post(str(request.url), content=content, headers=headers)

    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/blasts?page=2",
        "/blasts?all=maybe",
        "/blasts?all=yes&most=-1",
        "/mailings?before=-1",
        "/mailings?page[]=x",
        "/actions?limit=999999999999999999999999",
    ],
)
def test_a_parameter_that_nobody_reads_is_refused_and_not_passed_over(
    ana: Program, path: str
) -> None:
    answer = ana("GET", path)

    assert answer.status_code == 422, answer.text
    assert "known here" in answer.json()["detail"] or "yes or no" in answer.text


@pytest.mark.parametrize("span", [timedelta(hours=1), timedelta(days=365)])
def test_a_clock_that_is_put_forward_and_back_makes_nothing_twice(
    house: House, ana: Program, span: timedelta
) -> None:
    asker = program(house, ANA, Scope.READ, Scope.WRITE)
    draft = drafted(f"clock-{span.days}")
    key = f"clock-{span.days}"
    first = asker("POST", "/blasts", draft, Idempotency_Key=key)
    house.now += span
    program(house, ANA, Scope.WRITE)("POST", "/blasts", draft, Idempotency_Key="other")
    house.now -= span
    again = asker("POST", "/blasts", draft, Idempotency_Key=key)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json()["content"] == first.json()["content"]
    path = f"/blasts/{draft['list']}/{draft['edition']}"
    assert len(ana("GET", path).json()["story"]) == 1


def test_whoever_tries_tokens_is_counted_by_what_the_proxy_saw(house: House) -> None:
    said = [
        stranger(house, f"cm_{'x' * 43}", network=f"203.0.113.{number}, 198.51.100.7")(
            "GET", "/blasts"
        ).status_code
        for number in range(40)
    ]

    assert 429 in said
    other = stranger(house, f"cm_{'x' * 43}", network="198.51.100.8")
    assert other("GET", "/blasts").status_code == 401
