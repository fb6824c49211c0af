"""NUL in an address or a form: PostgreSQL refuses it, and no page breaks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailer.core.roles import Role
from mailer.web.console import policy
from mailer.web.console.cookie import token
from tests.e2e.conftest import Shell, copied
from tests.e2e.coordinators import House
from tests.e2e.test_console_policy import cookie

MIGHTY = "mighty@union.example"
NUL = "a\x00b"
_ASKED = (
    "name",
    "after",
    "organization",
    "list",
    "city",
    "region",
    "state",
    "corrects",
)
_POSTED = (
    "reason",
    "words",
    "alias",
    "name",
    "into",
    "about",
    "find",
    "stage",
    "edition",
)
_PRESSED = ("save", "find", "accept", "rename", "alias", "pause", "cancel")
_PUBLIC = ("/actions?state={}", "/actions/{}", "/archive/{}", "/editions/{}", "/u/{}")


@pytest.fixture
def house(initial: Shell, database_url: str, tmp_path: Path) -> Iterator[House]:
    shell = copied(initial, tmp_path)
    shell.edit("mailer.toml", "sqlite:///mailer.db", database_url)
    with House(shell.folder).open() as house:
        house.person(MIGHTY, list(Role), codes=True)
        yield house


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_no_page_breaks_on_nul(house: House) -> None:
    held = cookie(house, MIGHTY)
    asked = dict.fromkeys(_ASKED, NUL)
    posted = {"csrf": token(held), **dict.fromkeys(_POSTED, NUL)}
    here = {"Cookie": f"console={held}"}
    names = dict.fromkeys(
        (
            "number",
            "list",
            "edition",
            "public_id",
            "account",
            "action",
            "token",
            "file",
        ),
        "a%00b",
    )
    for path, methods in policy.RULES.items():
        url = house.url + path.format(**names)
        if "GET" in methods:
            answer = house.plain.get(url, params=asked, headers=here)
            assert answer.status_code < 500, path
        for action in _PRESSED if "POST" in methods and "sign-out" not in path else ():
            data = {**posted, "action": action}
            answer = house.plain.post(url, data=data, headers=here)
            assert answer.status_code < 500, (path, action)
    for path in _PUBLIC:
        assert house.plain.get(house.url + path.format("a%00b")).status_code < 500, path
