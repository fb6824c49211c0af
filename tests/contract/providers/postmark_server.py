"""A Postmark on loopback: checks each call against Postmark's own OpenAPI file."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tests.contract.providers import api_server, contracts
from tests.contract.providers.api_server import ApiServer, Request, Say

TOKEN = "a-server-token"
# In Postmark's written documentation, not in its OpenAPI file
DOCUMENTED = {"MessageStream", "Metadata"}
DOCUMENTED_PARAMETERS = {"messagestream"}
INACTIVE = "@inactive.example"
SEARCH = "/messages/outbound"


class Postmark:
    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.queued: set[str] = set()  # ids that only a search of the queue shows
        self.hidden: set[str] = set()  # ids that the index does not have yet
        self.strangers: list[dict[str, Any]] = []  # a search shows them unasked

    def turn_away(self, request: Request) -> Say | None:
        if (request.method, request.path) not in {
            ("POST", "/email/batch"),
            ("GET", SEARCH),
        }:
            return Say(404, b'{"ErrorCode":0,"Message":"no such page"}')
        if request.headers["X-Postmark-Server-Token"] != TOKEN:
            return Say(401, b'{"ErrorCode":10,"Message":"Bad or missing token"}')
        return None

    def answer(self, request: Request, *, take: bool) -> Say:
        contracts.asked("postmark", request)
        if request.method == "GET":
            return self.search(request)
        messages = json.loads(request.body)
        check_request(messages)
        if take:
            self.taken += [m for m in messages if not m["To"].endswith(INACTIVE)]
        answer = [_says(message) for message in messages]
        contracts.check("postmark", "SendEmailBatchResponse", answer)
        return Say(200, json.dumps(answer).encode())

    def search(self, request: Request) -> Say:
        asked = {name: value for name, [value] in request.query.items()}
        known = contracts.parameters("postmark", SEARCH, "get")
        assert set(asked) <= set(known) | DOCUMENTED_PARAMETERS
        assert asked.get("status", "sent") in known["status"]["enum"]
        assert 0 < int(asked["count"]) <= 500
        wants_queued = asked.get("status") == "queued"
        hits = [*self.strangers] + [
            _activity(message)
            for message in self.taken
            if message["Tag"] == asked["tag"]
            and message["MessageStream"] == asked.get("messagestream", "outbound")
            and identifier(message) not in self.hidden
            and (identifier(message) in self.queued) == wants_queued
        ]
        first = int(asked["offset"])
        page = hits[first : first + int(asked["count"])]
        answer = {"TotalCount": len(hits), "Messages": page}
        contracts.check("postmark", "OutboundSearchResponse", answer)
        return Say(200, json.dumps(answer).encode())


def check_request(messages: list[dict[str, Any]]) -> None:
    contracts.check("postmark", "SendEmailBatchRequest", messages)
    known = contracts.keys("postmark", "SendEmailRequest")
    for message in messages:
        assert set(message) <= known | DOCUMENTED


def identifier(message: dict[str, Any]) -> str:
    return str(uuid5(NAMESPACE_URL, message["To"] + message["Tag"]))


def _says(message: dict[str, Any]) -> dict[str, object]:
    if message["To"].endswith(INACTIVE):
        text = f"You tried to send to {message['To']}, which is inactive."
        return {"ErrorCode": 406, "Message": text}
    return {
        "To": message["To"],
        "SubmittedAt": "2019-10-07T15:00:01.0000000-00:00",
        "MessageID": identifier(message),
        "ErrorCode": 0,
        "Message": "OK",
    }


def _activity(message: dict[str, Any]) -> dict[str, object]:
    return {
        "Tag": message["Tag"],
        "MessageID": identifier(message),
        "To": [{"Email": message["To"], "Name": ""}],
        "Cc": [],
        "Bcc": [],
        "Recipients": [message["To"]],
        "ReceivedAt": "2019-10-07T15:00:01Z",
        "From": message["From"],
        "Subject": message["Subject"],
        "Attachments": [],
        "Status": "Sent",
        "MessageStream": message["MessageStream"],
        "Metadata": message["Metadata"],
    }


@contextmanager
def running() -> Iterator[tuple[Postmark, ApiServer]]:
    vendor = Postmark()
    with api_server.running(vendor) as server:
        yield vendor, server
