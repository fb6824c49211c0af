"""A Resend on loopback: real idempotency, checked by Resend's own OpenAPI file."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tests.contract.providers import api_server, contracts
from tests.contract.providers.api_server import ApiServer, Request, Say

TOKEN = "re_a-key"
UNWANTED = "@unwanted.example"
_ACCEPTABLE = {"/emails", "/emails/batch"}


class Resend:
    """Takes a call once under each key, strictly: all its messages or none."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.keys: dict[str, tuple[bytes, Say]] = {}

    def turn_away(self, request: Request) -> Say | None:
        if request.path not in _ACCEPTABLE or request.method != "POST":
            return failed(404, "not_found", "The requested endpoint does not exist.")
        if request.headers["Authorization"] != f"Bearer {TOKEN}":
            return failed(403, "invalid_api_key", "API key is invalid")
        return None

    def answer(self, request: Request, *, take: bool) -> Say:
        contracts.asked("resend", request)
        key = request.headers["Idempotency-Key"]
        assert 1 <= len(key) <= 256
        if key in self.keys:
            body, said = self.keys[key]
            if body == request.body:
                return said
            text = "Same idempotency key used with a different request payload."
            return failed(409, "invalid_idempotent_request", text)
        said = self.judge(request, take=take)
        if take and said.status == 200:
            self.keys[key] = (request.body, said)
        return said

    def judge(self, request: Request, *, take: bool) -> Say:
        document = json.loads(request.body)
        batch = request.path == "/emails/batch"
        messages = document if batch else [document]
        assert len(messages) <= 100
        known = contracts.keys("resend", "SendEmailRequest")
        for message in messages:
            contracts.check("resend", "SendEmailRequest", message)
            assert set(message) <= known
        if any(message["to"].endswith(UNWANTED) for message in messages):
            return failed(422, "validation_error", "Invalid `to` field.")
        if take:
            self.taken += messages
        ids: list[Any] = [{"id": identifier(message)} for message in messages]
        answer = {"data": ids} if batch else ids[0]
        schema = "CreateBatchEmailsResponse" if batch else "SendEmailResponse"
        contracts.check("resend", schema, answer)
        return Say(200, json.dumps(answer).encode())


def identifier(message: dict[str, Any]) -> str:
    return str(uuid5(NAMESPACE_URL, message["to"]))


def failed(
    status: int, name: str, message: str = "No.", headers: dict[str, str] | None = None
) -> Say:
    body = {"statusCode": status, "name": name, "message": message}
    return Say(status, json.dumps(body).encode(), headers or {})


@contextmanager
def running() -> Iterator[tuple[Resend, ApiServer]]:
    vendor = Resend()
    with api_server.running(vendor) as server:
        yield vendor, server
