"""A Brevo on loopback: keys, versions, a template language and the event report."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.headerregistry import Address
from typing import Any

from tests.contract.providers import api_server, contracts
from tests.contract.providers.api_server import ApiServer, Request, Say
from tests.contract.providers.made import Made

TOKEN = "xkeysib-a-key"
UNWANTED = "@unwanted.example"
SEND = "/v3/smtp/email"
REPORT = "/v3/smtp/statistics/events"
_BODY = "#/paths/~1smtp~1email/post/requestBody/content/application~1json/schema"
_TAKEN = "#/paths/~1smtp~1email/post/responses/201/content/application~1json/schema"
_FAILED = "#/components/responses/errorModel/content/application~1json/schema"
_EVENTS = (
    "#/paths/~1smtp~1statistics~1events/get/responses/200/content/application~1json"
    "/schema"
)
# Where the written documentation has it and the file does not
_DOCUMENTED_OF_A_VERSION = {"headers"}
_TEMPLATE = re.compile(r"\{\{\s*(.*?)\s*\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)


class Brevo:
    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.taken: list[Made] = []
        self.events: list[dict[str, Any]] = []
        self.keys: set[str] = set()
        self.hidden = False  # whether the report is behind

    def turn_away(self, request: Request) -> Say | None:
        if (request.method, request.path) not in {("POST", SEND), ("GET", REPORT)}:
            return failed(404, "document_not_found", "Not found")
        if request.headers["api-key"] != TOKEN:
            return failed(401, "unauthorized", "Key not found")
        return None

    def answer(self, request: Request, *, take: bool) -> Say:
        contracts.asked("brevo", request)
        if request.method == "GET":
            return self.report(request)
        call = json.loads(request.body)
        check(call)
        self.calls.append(call)
        key = call["headers"]["idempotencyKey"]
        if key in self.keys:
            return failed(400, "duplicate_parameter", "This key was used before")
        versions = call["messageVersions"]
        for version in versions:
            if version["to"][0]["email"].endswith(UNWANTED):
                return failed(400, "invalid_parameter", "email is not valid in to")
        ids = [
            f"<20191007.{len(self.taken) + n}@relay.example>"
            for n in range(len(versions))
        ]
        if take:
            self.keys.add(key)
            for version, identifier in zip(versions, ids, strict=True):
                self.deliver(call, version, identifier)
        answer = {"messageIds": ids}
        contracts.check("brevo", _TAKEN, answer)
        return Say(201, json.dumps(answer).encode())

    def deliver(
        self, call: dict[str, Any], version: dict[str, Any], identifier: str
    ) -> None:
        params = call.get("params", {}) | version.get("params", {})
        [reader] = version["to"]
        self.taken.append(
            Made(
                to=reader["email"],
                sender=_mailbox(call["sender"]),
                reply_to=call.get("replyTo", {}).get("email", ""),
                subject=_rendered(version.get("subject", call["subject"]), params),
                headers=version["headers"],
                html=_rendered(version.get("htmlContent", call["htmlContent"]), params),
                text=_rendered(version.get("textContent", call["textContent"]), params),
            )
        )
        self.events.append(
            {
                "date": "2019-10-07T15:00:01Z",
                "email": reader["email"],
                "event": "requests",
                "messageId": identifier,
                "tag": call["tags"][0],
                "from": call["sender"]["email"],
                "subject": call["subject"],
            }
        )

    def report(self, request: Request) -> Say:
        asked = {name: value for name, [value] in request.query.items()}
        known = contracts.parameters("brevo", "/smtp/statistics/events", "get")
        assert set(asked) <= set(known)
        assert 0 < int(asked["limit"]) <= known["limit"]["maximum"]
        [tag] = json.loads(asked["tags"])
        found = [] if self.hidden else [e for e in self.events if e["tag"] == tag]
        answer = {"events": found}
        contracts.check("brevo", _EVENTS, answer)
        return Say(200, json.dumps(answer).encode())


def check(call: dict[str, Any]) -> None:
    """Raise unless the call is what Brevo's file and guides describe."""
    contracts.check("brevo", _BODY, call)
    assert set(call) <= contracts.keys("brevo", _BODY)
    versions = call["messageVersions"]
    assert 1 <= len(versions) <= 1000
    known = contracts.keys("brevo", f"{_BODY}/properties/messageVersions/items")
    for version in versions:
        assert set(version) <= known | _DOCUMENTED_OF_A_VERSION
        assert len(version["to"]) == 1
    params = [json.dumps(version.get("params", {})) for version in versions]
    assert max(map(len, params)) <= 100_000
    assert sum(map(len, params)) <= 1_000_000
    assert len(call["sender"]["name"]) <= 70
    assert call["htmlContent"]


def _rendered(text: str, params: Mapping[str, str]) -> str:
    """Put in what is known and drop the rest, as template languages do."""

    def value(found: re.Match[str]) -> str:
        return params.get((found[1] or "").removeprefix("params."), "")

    return _TEMPLATE.sub(value, text)


def failed(
    status: int, code: str, message: str = "No.", headers: dict[str, str] | None = None
) -> Say:
    body = {"code": code, "message": message}
    contracts.check("brevo", _FAILED, body)
    return Say(status, json.dumps(body).encode(), headers or {})


def _mailbox(sender: Mapping[str, str]) -> str:
    return str(Address(sender["name"], addr_spec=sender["email"]))


@contextmanager
def running() -> Iterator[tuple[Brevo, ApiServer]]:
    vendor = Brevo()
    with api_server.running(vendor) as server:
        yield vendor, server
