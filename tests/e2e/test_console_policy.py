"""Every page of the console against every role, and every forged form against it."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict

import httpx
import pytest
from sqlalchemy import delete
from starlette.responses import Response
from starlette.routing import Route

from mailer.adapters.database.schema import calls, cooldowns, requests
from mailer.core.accounts import Factor
from mailer.core.errors import ConfigError
from mailer.core.requests import Ask, Kind
from mailer.core.roles import Permission, Role
from mailer.web.console import policy
from mailer.web.console.cookie import token
from tests.e2e.conftest import Shell, copied
from tests.e2e.coordinators import House
from tests.factories import place

_OPEN = {
    "GET /console/sign-in",
    "POST /console/sign-in",
    "POST /console/sign-in/passkey",
    "POST /console/passkey",
    "GET /console/set-up/{token}",
    "POST /console/set-up/{token}",
    "GET /console/static/{file}",
}
_OWN = {
    "POST /console/sign-out",
    "POST /console/language",
    "GET /console/account",
    "POST /console/account",
    "POST /console/account/proof",
    "POST /console/account/password",
    "GET /console/account/codes",
    "POST /console/account/codes",
    "GET /console/account/codes.png",
    "POST /console/account/passkeys",
    "POST /console/account/passkeys/new",
    "POST /console/account/recovery",
    "POST /console/account/sessions",
} | {
    "GET /console/account/tokens",
    "POST /console/account/tokens",
}
# mailings that were made
_WATCH = {
    "GET /console/mailings",
    "GET /console/mailings/{number}",
    "POST /console/mailings/{number}/report",
    "GET /console/live",
}
_STOP = {
    "GET /console/mailings/{number}/halt",
    "POST /console/mailings/{number}/halt",
    "GET /console/stop",
    "POST /console/stop",
}
_SETTLE = {"GET /console/parked", "POST /console/parked"}
_CORRECT = {
    "GET /console/corrections",
    "GET /console/corrections/{action}",
    "POST /console/corrections/{action}",
}
_EVERYBODY = _OWN | _WATCH | {"GET /console", "GET /console/running"}
_AUDIT = {"GET /console/audit"}
# --- urgent calls
_SEE_CALLS = {
    "GET /console/calls",
    "GET /console/calls/{list}/{edition}",
    "GET /console/calls/{list}/{edition}/standing",
    "POST /console/calls/{list}/{edition}/stop",
    "POST /console/calls/{list}/{edition}/cancel",
}
_WRITE_CALLS = _SEE_CALLS | {
    "GET /console/calls/new",
    "POST /console/calls/new",
    "GET /console/calls/{list}/{edition}/edit",
    "POST /console/calls/{list}/{edition}/edit",
    "GET /console/calls/{list}/{edition}/preview",
    "POST /console/calls/{list}/{edition}/preview",
    "GET /console/calls/{list}/{edition}/message",
    "POST /console/calls/{list}/{edition}/submit",
    "POST /console/calls/{list}/{edition}/test",
}
_APPROVE_CALLS = _WRITE_CALLS | {
    "POST /console/calls/{list}/{edition}/approve",
    "POST /console/calls/{list}/{edition}/resume",
}
# Organizations, people, lists, actions, settings.
_EVERYBODY |= {
    "GET /console/lists",
    "GET /console/lists/{list}",
    "GET /console/actions",
    "GET /console/actions/{public_id}",
}
_READ_PEOPLE = {
    "GET /console/organizations",
    "GET /console/organizations/{number}",
    "GET /console/subscribers",
    "POST /console/subscribers",
    "GET /console/subscribers/{number}",
    "GET /console/suppressions",
    "POST /console/suppressions/look",
}
_EDIT_PEOPLE = {
    "POST /console/organizations/{number}",
    "GET /console/organizations/{number}/merge",
    "POST /console/organizations/{number}/merge",
    "POST /console/organizations/{number}/part",
    "POST /console/subscribers/{number}",
    "POST /console/subscribers/{number}/address",
    "POST /console/subscribers/{number}/data",
    "GET /console/subscribers/{number}/erase",
    "POST /console/subscribers/{number}/erase",
    "POST /console/suppressions",
    "POST /console/actions/{public_id}",
}
_SETTINGS = {
    "POST /console/lists/{list}/export",
    "GET /console/settings",
    "GET /console/doctor",
    "POST /console/doctor",
}
# Written out here once more: whoever changes the policy changes it in two places.
MAY: Mapping[str, set[str]] = {
    "signed out": set(),
    "no role": set(),
    "author": _EVERYBODY | _STOP | _WRITE_CALLS,
    "approver": _EVERYBODY | _STOP | _SETTLE | _APPROVE_CALLS,
    "moderator": _EVERYBODY
    | _CORRECT
    | _READ_PEOPLE
    | _EDIT_PEOPLE
    | {
        "GET /console/requests",
        "GET /console/requests/{number}",
        "POST /console/requests/{number}",
        "POST /console/requests/{number}/address",
    },
    "admin": _EVERYBODY
    | _AUDIT
    | _SEE_CALLS
    | _STOP
    | _SETTLE
    | _READ_PEOPLE
    | _SETTINGS
    | {
        "POST /console/start",
        "GET /console/accounts",
        "POST /console/accounts",
        "GET /console/accounts/{account}",
        "POST /console/accounts/{account}",
    },
    "auditor": _EVERYBODY | _AUDIT,
    "approver without a second factor": _OWN,
    "admin without a second factor": _OWN,
}
ROUTES = [
    f"{method} {path}" for path, methods in policy.RULES.items() for method in methods
]
UNSAFE = [route.removeprefix("POST ") for route in ROUTES if route.startswith("POST")]


@pytest.fixture(scope="module")
def house(initial: Shell, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    shell = copied(initial, tmp_path_factory.mktemp("policy"))
    with House(shell.folder).open() as house:
        for who in MAY:
            role = who.partition(" ")[0]
            roles = [Role(role)] if role in set(Role) else []
            house.person(address(who), roles)
        house.person("mighty@union.example", list(Role))
        yield house


def address(who: str) -> str:
    return f"{who.replace(' ', '-')}@union.example"


def a_request(house: House, **said: str) -> int:
    """Return the number of a request that waits; a fresh one each time."""
    project = house.project
    with project.database.writing() as connection:
        for table in (requests, cooldowns):
            connection.execute(delete(table))
        call = {"slug": "call", "title": "A call", "created_at": house.now}
        adding = project.database.insert(calls).values(call)
        connection.execute(adding.on_conflict_do_nothing())
    project.requests.ask(
        Ask(
            kind=Kind.ENDORSE,
            address="visitor@angels.example",
            language="en",
            list_number=next(iter(project.numbered())),
            about="angels",
            facts={
                "call": "call",
                "organization": "Border Angels",
                "place": asdict(place("San Diego")),
                "website": None,
                "public": True,
                "pledges": [],
                "contact": "Ana",
                **said,
            },
        ),
        at=house.now,
    )
    [due] = project.requests.due(at=house.now)
    project.requests.written(due, at=house.now)
    [done] = project.requests.confirm(due.to, due.number, at=house.now)
    return done.number


def cookie(house: House, who: str) -> str:
    """Sign somebody in anew, as strongly as their description says."""
    if who == "signed out":
        return "A" * 43
    return house.project.console.sessions.begin(
        house.account(address(who) if "@" not in who else who).number,
        strong="without" not in who,
        how=Factor.PASSWORD,
        agent="",
        at=house.now,
    )


def ask(
    house: House,
    route: str,
    held: str,
    *,
    number: int = 1,
    csrf: str | None = None,
    **headers: str,
) -> httpx.Response:
    method, path = route.split(" ")
    if "static" not in house.secrets:
        page = house.browser().get("/console/sign-in").text
        house.secrets["static"] = page.split("/console/static/")[1].split('"')[0]
    filled = path.format(
        token="x" * 51,
        file=house.secrets["static"],
        number=number,
        public_id="xxxxxxxxxxxx",
        account=house.account(address("author")).public_id,
        list="urgent",
        edition="otay",
        action="nobodys",
    )
    form = {"csrf": token(held) if csrf is None else csrf}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    client = house.plain
    client.cookies.clear()  # nothing but what is held here
    return client.request(
        method,
        house.url + filled,
        data=form if method == "POST" else None,
        headers={"Cookie": f"console={held}", **named},
    )


def is_refused(answer: httpx.Response) -> bool:
    led = answer.headers.get("location", "")
    turned = led.startswith("/console/sign-in?next=") or led.endswith("done=owed")
    return answer.status_code == 403 or turned


@pytest.mark.parametrize("who", list(MAY))
def test_everybody_may_open_exactly_their_pages(house: House, who: str) -> None:
    number = a_request(house)
    opened = set()
    for route in ROUTES:
        answer = ask(house, route, cookie(house, who), number=number)
        assert answer.status_code < 500
        if not is_refused(answer):
            opened.add(route)

    assert opened == MAY[who] | _OPEN


def test_a_role_that_is_taken_away_is_gone_with_the_next_page(house: House) -> None:
    house.person("once@union.example", [Role.AUDITOR])
    held = cookie(house, "once@union.example")
    assert ask(house, "GET /console/audit", held).status_code == 200

    house.project.console.accounts.give(
        house.account("once@union.example"), [Role.AUTHOR], by="test", at=house.now
    )

    assert is_refused(ask(house, "GET /console/audit", held))
    assert is_refused(ask(house, "GET /console", held))


FORGED = {
    "no token": {"csrf": ""},
    "another session's token": {"csrf": token("B" * 43)},
    "a foreign Origin": {"Origin": "https://evil.example"},
    "an Origin that nobody tells": {"Origin": "null"},
    "an Origin that is none": {"Origin": "http://["},
    "a page of another site": {"Sec_Fetch_Site": "cross-site"},
    "a page of a sister site": {"Sec_Fetch_Site": "same-site"},
}


@pytest.mark.parametrize("forged", list(FORGED))
def test_no_forged_form_does_anything(house: House, forged: str) -> None:
    number = a_request(house)
    held = cookie(house, "mighty@union.example")
    before = house.project.console.records.latest(most=1)
    for path in UNSAFE:
        answer = ask(house, f"POST {path}", held, number=number, **FORGED[forged])
        assert answer.status_code == 403, path
        assert answer.headers.get("set-cookie") is None

    assert house.project.console.records.latest(most=1) == before
    assert ask(house, "GET /console/account", held).status_code == 200


def test_a_form_of_ours_is_taken_under_each_name_of_ours(house: House) -> None:
    held = cookie(house, "mighty@union.example")
    for here in (house.url, house.url.replace("127.0.0.1", "localhost")):
        answer = ask(
            house,
            "POST /console/language",
            held,
            Host=here.partition("//")[2],
            Origin=here,
            Sec_Fetch_Site="same-origin",
        )
        assert answer.status_code == 303


def test_every_unsafe_page_is_tried_with_forged_forms() -> None:
    assert len(UNSAFE) >= 15
    assert {f"POST {path}" for path in UNSAFE} == {
        route for route in ROUTES if route not in _GETS
    }


_GETS = {route for route in ROUTES if route.startswith("GET ")}


def test_a_page_that_nobody_has_said_who_may_open_does_not_start() -> None:
    def page(_: object) -> Response:
        return Response()

    forgotten = Route("/console/new", page, methods=["POST"])
    rules = {"/console": {"GET": Permission.OVERVIEW}}

    with pytest.raises(ConfigError, match="POST /console/new: no entry"):
        policy.check([Route("/console", page), forgotten], rules)
    with pytest.raises(ConfigError, match="GET /console: there is an entry and no"):
        policy.check([], rules)
