"""Programs that use the HTTP API of a house, each with a token of somebody's."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from mailer.core.automation import Scope
from tests.e2e.coordinators import House

_HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "api.md"
# The draft that the how-to shows is the one that is tried.
OTAY: dict[str, Any] = json.loads(
    _HOW_TO.read_text("utf-8").split("```json\n")[1].partition("```")[0]
)


@dataclass
class Program:
    """Asks with a token, and says nothing else about itself."""

    client: httpx.Client
    url: str
    token: str | None
    network: str = "192.0.2.1"

    def __call__(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> httpx.Response:
        """Ask; a body is sent as JSON."""
        return self.client.send(self.request(method, path, body, **headers))

    def request(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> httpx.Request:
        """Return what is asked with."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            named["Authorization"] = f"Bearer {self.token}"
        self.client.cookies.clear()
        return self.client.build_request(
            method,
            f"{self.url}/api/v1{path}",
            json=body,
            headers={"X-Forwarded-For": self.network, **named},
        )


def stranger(house: House, token: str | None, network: str = "192.0.2.1") -> Program:
    """Return a program that shows whatever it is told."""
    return Program(client=house.plain, url=house.url, token=token, network=network)


def secret(house: House, address: str, scopes: Collection[Scope]) -> str:
    """Make a token as the console does for whoever has shown a second factor."""
    account = house.account(address)
    _, made = house.project.console.issuer.issue(
        account, name="test", scopes=scopes, strong=True, by=account.actor
    )
    return made


def program(house: House, address: str, *scopes: Scope) -> Program:
    """Return a program with a token of somebody's."""
    return stranger(house, secret(house, address, scopes))
