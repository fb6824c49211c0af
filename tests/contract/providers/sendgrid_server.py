"""A SendGrid on loopback: personalizations, substitutions and the email logs."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.headerregistry import Address
from typing import Any

from tests.contract.providers import api_server, contracts
from tests.contract.providers.api_server import ApiServer, Request, Say
from tests.contract.providers.made import Made

TOKEN = "SG.a-key"
UNWANTED = "@unwanted.example"
SEND, LOGS = "/v3/mail/send", "/v3/logs"
_BODY = "#/components/requestBodies/PostMailSend/content/application~1json/schema"
_PERSONAL = f"{_BODY}/properties/personalizations/items"
_QUERY = re.compile(
    r"categories IN \('([^']+)'\)"
    r' AND sg_message_id_created_at > TIMESTAMP "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"'
)
# Headers that SendGrid keeps for itself, by its file
_RESERVED = {
    "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type",
    "content-transfer-encoding", "to", "from", "subject", "reply-to", "cc", "bcc",
}  # fmt: skip


class SendGrid:
    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.taken: list[Made] = []
        self.logs: list[tuple[str, dict[str, str]]] = []  # category, message
        self.hidden = False  # whether the logs are behind

    def turn_away(self, request: Request) -> Say | None:
        if request.method != "POST" or request.path not in {SEND, LOGS}:
            return failed(404, "not found")
        if request.headers["Authorization"] != f"Bearer {TOKEN}":
            return failed(401, "authorization required")
        return None

    def answer(self, request: Request, *, take: bool) -> Say:
        document = json.loads(request.body)
        if request.path == LOGS:
            return self.search(document)
        contracts.asked("sendgrid", request)
        check(document)
        self.calls.append(document)
        for number, personal in enumerate(document["personalizations"]):
            if personal["to"][0]["email"].endswith(UNWANTED):
                field = f"personalizations.{number}.to"
                return failed(400, "Does not contain a valid address.", field)
        if take:
            for personal in document["personalizations"]:
                self.deliver(document, personal)
        return Say(202, b"", {"X-Message-Id": f"call-{len(self.calls)}"})

    def deliver(self, call: dict[str, Any], personal: dict[str, Any]) -> None:
        content = {part["type"]: part["value"] for part in call["content"]}
        tags = personal["substitutions"]
        [reader] = personal["to"]
        self.taken.append(
            Made(
                to=reader["email"],
                sender=_mailbox(call["from"]),
                reply_to=call.get("reply_to", {}).get("email", ""),
                subject=_substituted(call["subject"], tags),
                headers=personal["headers"],
                html=_substituted(content["text/html"], tags),
                text=_substituted(content["text/plain"], tags),
            )
        )
        message = {
            "from_email": call["from"]["email"],
            "to_email": reader["email"],
            "subject": call["subject"],
            "status": "processed",
            "sg_message_id": f"call-{len(self.calls)}",
        }
        self.logs.append((call["categories"][0], message))

    def search(self, asked: dict[str, Any]) -> Say:
        assert set(asked) == {"query", "limit"}
        assert 1 <= asked["limit"] <= 1000
        query = _QUERY.fullmatch(asked["query"])
        assert query
        found = [m for category, m in self.logs if category == query[1]]
        answer = {"messages": [] if self.hidden else found[: asked["limit"]]}
        return Say(200, json.dumps(answer).encode())


def check(call: dict[str, Any]) -> None:
    """Raise unless the call is what SendGrid's file and reference describe."""
    contracts.check("sendgrid", _BODY, call)
    assert set(call) <= contracts.keys("sendgrid", _BODY)
    people = call["personalizations"]
    assert 1 <= len(people) <= 1000
    addresses = [reader["email"] for person in people for reader in person["to"]]
    assert len(set(addresses)) == len(addresses) <= 1000
    for person in people:
        assert set(person) <= contracts.keys("sendgrid", _PERSONAL)
        assert not {name.lower() for name in person["headers"]} & _RESERVED
        assert len(json.dumps(person["substitutions"])) <= 10_000
        assert len(json.dumps(person["custom_args"])) <= 10_000
    kinds = [part["type"] for part in call["content"]]
    assert kinds == ["text/plain", "text/html"]


def _substituted(text: str, tags: Mapping[str, str]) -> str:
    """Replace tags letter by letter, again and again: no value may hold one."""
    before = None
    while before != text:
        before = text
        for tag, value in tags.items():
            text = text.replace(tag, value)
    return text


def failed(
    status: int,
    message: str,
    field: str | None = None,
    headers: dict[str, str] | None = None,
) -> Say:
    body = {"errors": [{"message": message, "field": field, "help": None}]}
    return Say(status, json.dumps(body).encode(), headers or {})


def _mailbox(sender: Mapping[str, str]) -> str:
    return str(Address(sender["name"], addr_spec=sender["email"]))


@contextmanager
def running() -> Iterator[tuple[SendGrid, ApiServer]]:
    vendor = SendGrid()
    with api_server.running(vendor) as server:
        yield vendor, server
