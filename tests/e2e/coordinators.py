"""A project's console on loopback, and the people who sign in to it."""

import html
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pyotp
from argon2 import PasswordHasher
from sqlalchemy import delete

from mailer.adapters.credentials.passwords import Passwords
from mailer.adapters.database.schema import (
    accounts,
    api_answers,
    api_tokens,
    attempts,
    audit,
    challenges,
    credentials,
    invitations,
    known_networks,
    sessions,
)
from mailer.bootstrap import Project
from mailer.cli import web
from mailer.core.accounts import Account
from mailer.core.roles import Role
from tests.e2e import plain
from tests.fakes.site import listening, served_app

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PASSWORD = "correct horse battery staple"
QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
_OURS = (
    accounts,
    credentials,
    sessions,
    invitations,
    attempts,
    known_networks,
    challenges,
    audit,
    api_tokens,
    api_answers,
)
_FIELD = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass
class Browser:
    """Keeps cookies and follows no redirect, as somebody who looks closely."""

    url: str
    network: str = "192.0.2.1"
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = plain.Client(
            base_url=self.url,
            headers={"X-Forwarded-For": self.network, "User-Agent": "Firefox/140.0"},
            timeout=30,
        )

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Open a page."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(path, headers=named)

    def post(
        self,
        path: str,
        data: Mapping[str, str | list[str]] | None = None,
        *,
        csrf: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Send a form with the token of a page that is open now, or another."""
        token = self.csrf() if csrf is None else csrf
        return self.client.post(
            path, data={"csrf": token, **(data or {})}, headers=headers
        )

    def csrf(self) -> str:
        """Return the token of this browser's forms."""
        for path in ("/console/account", "/console/sign-in"):
            if found := _FIELD.search(self.get(path).text):
                return found[1]
        raise AssertionError("no page has a form")

    @property
    def cookie(self) -> str | None:
        """Return what the cookie holds."""
        return self.client.cookies.get("console")

    def sign_in(
        self, address: str, password: str = PASSWORD, code: str = "", **more: str
    ) -> httpx.Response:
        """Fill in the form."""
        said = {"email": address, "password": password, "code": code, **more}
        return self.post("/console/sign-in", dict(said))

    def is_in(self) -> bool:
        """Whether the console is open to it."""
        return self.get("/console/account").status_code == 200


class House:
    """A project with accounts, whose clock stands until it is moved."""

    def __init__(self, folder: Path, *, named: str = "127.0.0.1") -> None:
        """Take a project's folder, and the name under which browsers open it."""
        self.now = NOON
        self.socket = listening()
        self.url = f"http://{named}:{self.socket.getsockname()[1]}"
        here = {"MAILER_BASE_URL": self.url}  # browsers bind passkeys to it
        self.project = Project(folder, here, lambda: self.now)
        self.passwords = Passwords(QUICK)
        # The work that a password costs would be most of what these tests do.
        self.project.console.__dict__["passwords"] = self.passwords
        self.secrets: dict[str, str] = {}
        self.browsers: list[Browser] = []
        self.plain = plain.Client(timeout=30)  # sends what it is told and no more

    @contextmanager
    def open(self) -> Iterator["House"]:
        """Serve the pages until the block ends."""
        try:
            with served_app(web.application(self.project), self.socket):
                yield self
        finally:
            self.close()
            self.plain.close()
            self.project.close()

    def close(self) -> None:
        """Close every browser."""
        for browser in self.browsers:
            browser.client.close()
        self.browsers.clear()

    def forget(self) -> None:
        """Begin anew: nobody has an account, and nothing was tried."""
        self.close()
        self.secrets.clear()
        self.now = NOON
        with self.project.database.writing() as connection:
            for table in reversed(_OURS):
                connection.execute(delete(table))

    def browser(self, network: str = "192.0.2.1") -> Browser:
        """Return a fresh browser."""
        self.browsers.append(Browser(self.url, network))
        return self.browsers[-1]

    def person(
        self, address: str, roles: Collection[Role] = (), *, codes: bool = False
    ) -> Account:
        """Make somebody with a password, and a phone if wanted."""
        console = self.project.console
        console.accounts.create(
            address, language="en", roles=roles, by="test", at=self.now
        )
        account = self.account(address)
        link = console.inviter.link(account, by="test")
        token = link.rpartition("/")[2]
        name = address.partition("@")[0].title()
        assert console.inviter.accept(
            token, name=name, language="en", password=PASSWORD
        )
        if codes:
            self.secrets[address] = pyotp.random_base32()
            number = account.number
            console.credentials.propose_totp(number, self.secrets[address], at=self.now)
            console.credentials.accept_totp(number, 0, at=self.now)
        return self.account(address)

    def account(self, address: str) -> Account:
        """Return somebody as they are now."""
        found = self.project.console.accounts.find(address)
        assert found is not None
        return found

    def code(self, address: str) -> str:
        """Return the six digits on somebody's phone; later ones next time."""
        self.now += timedelta(seconds=30)
        return pyotp.TOTP(self.secrets[address]).at(self.now)

    def signed_in(self, address: str, network: str = "192.0.2.1") -> Browser:
        """Return a browser that somebody has signed in with."""
        browser = self.browser(network)
        code = self.code(address) if address in self.secrets else ""
        answer = browser.sign_in(address, code=code)
        assert answer.status_code == 303, words(answer)
        return browser

    def verbs(self) -> list[str]:
        """Return what the audit log tells, the newest first."""
        return [one.verb for one in self.project.console.records.latest(most=50)]


def words(answer: httpx.Response) -> str:
    """Return what is read on a page, on one line."""
    body = re.sub(r"<(head|script)\b.*?</\1>", " ", answer.text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())
