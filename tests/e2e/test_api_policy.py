"""Every address of the API against every scope, and against whoever may not."""

import logging
from collections.abc import Iterator, Mapping
from datetime import timedelta

import httpx
import pytest
from limits import parse
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailer.cli import web
from mailer.core.accounts import State
from mailer.core.automation import Scope
from mailer.core.roles import Role
from mailer.web.api import Limits
from mailer.web.log import Log, redact
from tests.e2e import plain
from tests.e2e.conftest import Shell, copied
from tests.e2e.coordinators import House
from tests.e2e.programs import Program, program, secret, stranger
from tests.fakes.site import served_app

MIGHTY = "mighty@union.example"
_BLAST, _MAILING = "/blasts/{list}/{edition}", "/mailings/{list}/{edition}"
# Written out here once more: whoever changes a scope changes it in two places.
MAY: Mapping[Scope, set[str]] = {
    Scope.OVERVIEW: {
        "GET /mailings",
        f"GET {_MAILING}",
        "GET /actions",
        "GET /lists",
    },
    Scope.READ: {
        "GET /blasts",
        f"GET {_BLAST}",
        f"GET {_BLAST}/preview",
        f"GET {_BLAST}/report",
        "POST /audience",
    },
    Scope.WRITE: {"POST /blasts", f"PUT {_BLAST}", f"POST {_BLAST}/check"},
    Scope.SUBMIT: {f"POST {_BLAST}/submit"},
    Scope.APPROVE: {f"POST {_BLAST}/approve"},
    Scope.STOP: {
        f"POST {_BLAST}/stop",
        f"POST {_BLAST}/pause",
        f"POST {_BLAST}/cancel",
        f"POST {_MAILING}/pause",
        f"POST {_MAILING}/cancel",
        "POST /stop",
    },
    Scope.RESUME: {f"POST {_BLAST}/resume", f"POST {_MAILING}/resume"},
    Scope.START: {"POST /start"},
}
_ALL = {"GET "}  # what a token says of itself
UNAUTHORIZED, FORBIDDEN, TOO_MANY = 401, 403, 429


@pytest.fixture(scope="module")
def house(initial: Shell, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    shell = copied(initial, tmp_path_factory.mktemp("api"))
    with House(shell.folder).open() as house:
        house.person(MIGHTY, list(Role), codes=True)
        yield house


@pytest.fixture(scope="module")
def routes(house: House) -> list[str]:
    """Every method and path that there is."""
    return [
        f"{method} {route.path.removeprefix('/api/v1')}"
        for route in web.application(house.project).routes
        if isinstance(route, Route) and route.path.startswith("/api/v1")
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]


def ask(asker: Program, route: str) -> httpx.Response:
    method, path = route.split(" ")
    body: object = None if method == "GET" else {}
    return asker(method, path.format(list="urgent", edition="nothing"), body)


def test_every_address_has_a_scope(routes: list[str]) -> None:
    assert set(routes) == _ALL.union(*MAY.values())


@pytest.mark.parametrize("scope", list(Scope))
def test_a_token_opens_exactly_what_its_scope_says(
    house: House, routes: list[str], scope: Scope
) -> None:
    asker = program(house, MIGHTY, scope)
    opened = set()
    for route in routes:
        answer = ask(asker, route)
        assert answer.status_code < 500, route
        assert answer.status_code != UNAUTHORIZED
        if answer.status_code == FORBIDDEN:
            missing = answer.json()["scope"]
            assert f'scope="{missing}"' in answer.headers["www-authenticate"]
            assert route in MAY[Scope(missing)]
        else:
            opened.add(route)

    assert opened == MAY[scope] | _ALL


def nobody(house: House) -> dict[str, str | None]:
    """Return tokens that let nobody in, by why."""
    console = house.project.console
    house.person("gone@union.example", [Role.AUTHOR])
    disabled = secret(house, "gone@union.example", [Scope.STOP])
    console.accounts.turn(
        house.account("gone@union.example"), State.DISABLED, by="test", at=house.now
    )
    revoked = secret(house, MIGHTY, list(Scope))
    console.api_tokens.revoke(
        console.api_tokens.listed()[0].number, by="test", at=house.now
    )
    house.now -= timedelta(days=91)
    over = secret(house, MIGHTY, list(Scope))
    house.now += timedelta(days=91)
    return {
        "no token": None,
        "a token of nobody": "cm_" + "A" * 43,
        "no token's form": "x",
        "a disabled account": disabled,
        "a revoked token": revoked,
        "a token that is over": over,
    }


def test_who_has_no_good_token_is_let_in_nowhere(
    house: House, routes: list[str]
) -> None:
    for number, (why, shown) in enumerate(nobody(house).items()):
        asker = stranger(house, shown, f"192.0.2.{number + 10}")
        for route in routes:
            answer = ask(asker, route)
            assert answer.status_code == UNAUTHORIZED, (why, route)
            assert answer.headers["content-type"] == "application/problem+json"
            error = 'error="invalid_token"' in answer.headers["www-authenticate"]
            assert error == (shown is not None)


def test_no_cookie_and_no_address_line_lets_anybody_in(house: House) -> None:
    browser = house.signed_in(MIGHTY)
    assert browser.is_in()

    assert browser.get("/api/v1").status_code == UNAUTHORIZED
    good = secret(house, MIGHTY, list(Scope))
    for path in (f"?access_token={good}", f"?token={good}"):
        assert stranger(house, None)("GET", path).status_code == UNAUTHORIZED
    answer = stranger(house, good)("GET", "", Origin="https://evil.example")
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    asked = stranger(house, good)("OPTIONS", "/blasts", Origin="https://evil.example")
    assert asked.status_code == 405


def test_what_is_not_there_is_said_in_the_same_form(house: House) -> None:
    asker = program(house, MIGHTY, *Scope)
    for method, path, status in (
        ("GET", "/nothing", 404),
        ("DELETE", "/blasts", 405),
        ("GET", "/blasts/urgent/nothing", 404),
        ("GET", "/mailings/weekly/2019-10-07", 404),
    ):
        answer = asker(method, path)
        assert answer.status_code == status
        assert answer.json()["status"] == status
        assert answer.json()["detail"]


def test_bodies_are_bounded_and_are_json(house: House) -> None:
    asker = program(house, MIGHTY, *Scope)

    def send(path: str, kind: str, content: bytes) -> httpx.Response:
        headers = {"Authorization": f"Bearer {asker.token}", "Content-Type": kind}
        url = f"{house.url}/api/v1{path}"
        return house.plain.post(url, headers=headers, content=content)

    form = send("/blasts", "application/x-www-form-urlencoded", b"list=urgent")
    large = send("/blasts", "application/json", b" " * 600_000)
    none = send("/audience", "application/json", b"[]")

    assert [form.status_code, large.status_code, none.status_code] == [415, 413, 422]
    misspelt = asker("POST", "/stop", {"resaon": "x"})
    assert (misspelt.status_code, misspelt.json()["key"]) == (422, "resaon")


def test_who_asks_too_often_waits_and_nobody_else_does(house: House) -> None:
    few = Limits(each=parse("3/minute"), bad=parse("2/minute"))
    with served_app(web.application(house.project, limits=few)) as url:
        hasty = Program(house.plain, url, secret(house, MIGHTY, [Scope.OVERVIEW]))
        calm = Program(house.plain, url, secret(house, MIGHTY, [Scope.OVERVIEW]))
        guesses = Program(house.plain, url, "cm_" + "B" * 43)

        statuses = [hasty("GET", "").status_code for _ in range(4)]
        assert statuses == [200, 200, 200, TOO_MANY]
        guessed = [guesses("GET", "") for _ in range(3)]
        assert [one.status_code for one in guessed] == [401, 401, TOO_MANY]
        assert 0 < int(guessed[-1].headers["retry-after"]) <= 61
        assert calm("GET", "").status_code == 200  # from the same network


def test_no_token_is_ever_in_a_log(
    house: House, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    shown = secret(house, MIGHTY, list(Scope))
    asker = stranger(house, shown)
    with caplog.at_level(logging.DEBUG):
        for route in ("GET ", "POST /stop", "POST /start", "GET /blasts"):
            ask(asker, route)
        for path in (f"/{shown}", f"/blasts/urgent/{shown}", f"?token={shown}"):
            asker("GET", path)
        asker("POST", "/blasts", {"list": shown, shown: 1})
    said = caplog.text + "".join(capfd.readouterr())

    # What this very test's own client says of the addresses that it asked is not ours.
    ours = [
        record.getMessage()
        for record in caplog.records
        if not record.name.startswith(("httpx", "httpcore"))
    ]
    assert any("/api/v1" in line for line in ours)
    assert not [line for line in ours if shown in line]
    assert said
    assert shown not in redact(f"Authorization: Bearer {shown}")
    told = repr(house.project.console.records.latest(most=50))
    assert shown not in told
    assert "use token" in told


def test_a_mistake_of_ours_is_a_problem_too() -> None:
    def broken(_: Request) -> Response:
        raise ValueError("nobody expected this")

    app = Starlette(
        routes=[Route("/api/v1/broken", broken)],
        middleware=[Middleware(Log, broken={"en": "<p>page</p>"})],
    )
    with served_app(app) as url:
        answer = plain.get(f"{url}/api/v1/broken")

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "not certain" in answer.json()["detail"]
