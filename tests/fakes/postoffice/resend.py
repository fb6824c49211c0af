"""Resend's words: one message or a batch of them, once under one Idempotency-Key.

Facts: Resend's OpenAPI file and its documentation as of 2026-11 (api-reference/emails,
dashboard/emails/idempotency-keys, api-reference/errors).
"""

import hashlib
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.fakes.postoffice.mailroom import Mailroom, Reply, Request

LARGEST_BATCH = 100
LONGEST_KEY = 256
KEY_LIFE = 24 * 3600.0  # seconds
_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
_ERRORS = {
    401: ("missing_api_key", "Missing API key in the authorization header."),
    403: ("invalid_api_key", "API key is invalid."),
    429: ("rate_limit_exceeded", "Too many requests. Ask for fewer per second."),
    500: ("internal_server_error", "An unexpected error occurred."),
    503: ("service_unavailable", "The service is not available."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """A call under a key: what it said and what was answered."""

    at: float
    path: str
    sha256: str
    reply: Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Resend:
    """Answers as Resend."""

    room: Mailroom
    token: str
    _done: dict[str, _Done] = field(default_factory=dict)
    _running: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def single(self, request: Request, *, partial: bool = False) -> Reply:
        """Take one message."""
        del partial  # one message is taken or is not
        return self._once("/emails", request, self._take_single)

    def batch(self, request: Request, *, partial: bool = False) -> Reply:
        """Take a batch: all of it, or with `x-batch-validation: permissive` some."""
        take = self._take_some if partial else self._take_batch
        return self._once("/emails/batch", request, take)

    def error(self, status: int) -> Reply:
        """Return Resend's answer of this status."""
        return _error(status, *_ERRORS[status])

    # --- the key

    def _once(
        self, path: str, request: Request, take: Callable[[Request, str], Reply]
    ) -> Reply:
        scheme, _space, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return self.error(401)
        if token != self.token:
            return self.error(403)
        key = request.headers.get("idempotency-key")
        if key is None:
            return take(request, "")
        if not 1 <= len(key) <= LONGEST_KEY:
            return _error(
                400, "invalid_idempotency_key", "A key has 1 to 256 characters."
            )
        sha256 = hashlib.sha256(request.body).hexdigest()
        if answered := self._known(key, path, sha256):
            return answered
        try:
            reply = take(request, key)
            if reply.status == 200:
                now = self.room.clock()
                done = _Done(at=now, path=path, sha256=sha256, reply=reply)
                with self._lock:
                    self._done[key] = done
            return reply
        finally:
            with self._lock:
                self._running.discard(key)

    def _known(self, key: str, path: str, sha256: str) -> Reply | None:
        """Answer a call whose key is known; else its key is running from now on."""
        with self._lock:
            done = self._done.get(key)
            if done and done.at + KEY_LIFE < self.room.clock():
                done = None
            if done is None and key not in self._running:
                self._running.add(key)
                return None
        if done is None:
            self.room.count("concurrent")
            return _error(
                409, "concurrent_idempotent_requests", "This key is in progress."
            )
        if (done.path, done.sha256) != (path, sha256):
            self.room.count("conflicts")
            return _error(
                409, "invalid_idempotent_request", "This key had another payload."
            )
        self.room.count("replays")
        return done.reply

    # --- the messages

    def _take_single(self, request: Request, key: str) -> Reply:
        message = _json(request.body)
        if wrong := _invalid(message) or self._poisoned([message]):
            return _error(422, "validation_error", wrong)
        return _ok({"id": self._accept(key, [message])[0]})

    def _take_batch(self, request: Request, key: str) -> Reply:
        return self._take(request, key, partial=False)

    def _take_some(self, request: Request, key: str) -> Reply:
        return self._take(request, key, partial=True)

    def _take(self, request: Request, key: str, *, partial: bool) -> Reply:
        messages = _json(request.body)
        if not isinstance(messages, list) or not 1 <= len(messages) <= LARGEST_BATCH:
            return _error(422, "validation_error", "A batch is 1 to 100 emails.")
        if wrong := self._poisoned(messages):
            return _error(422, "validation_error", wrong)
        permissive = request.headers.get("x-batch-validation") == "permissive"
        wrongs = [
            _invalid(message) or (self._spoil() if partial and permissive else None)
            for message in messages
        ]
        errors = [
            {"index": index, "message": wrong}
            for index, wrong in enumerate(wrongs)
            if wrong
        ]
        if errors and not permissive:
            return _error(422, "validation_error", str(errors[0]["message"]))
        good = [m for m, wrong in zip(messages, wrongs, strict=True) if wrong is None]
        data = [{"id": number} for number in self._accept(key, good)]
        return _ok({"data": data, "errors": errors} if permissive else {"data": data})

    def _accept(self, key: str, messages: Sequence[Any]) -> list[str]:
        named = [(_recipient(message), message) for message in messages]
        return self.room.accept(key, named)

    def _poisoned(self, messages: Sequence[object]) -> str | None:
        if self.room.poisoned([_recipient(message) for message in messages]):
            return "The `to` field of an email is not valid."
        return None

    def _spoil(self) -> str | None:
        return "The `to` field is not valid." if self.room.chance() < 0.15 else None


def _ok(answer: Mapping[str, object]) -> Reply:
    return Reply(status=200, body=orjson.dumps(answer))


def _error(status: int, name: str, words: str) -> Reply:
    answer = {"statusCode": status, "name": name, "message": words}
    return Reply(status=status, body=orjson.dumps(answer))


def _invalid(message: object) -> str | None:
    if not isinstance(message, dict):
        return "An email is an object."
    missing = [name for name in ("from", "to", "subject") if not message.get(name)]
    if missing:
        return f"Missing `{missing[0]}` field."
    if "@" not in _recipient(message):
        return "The `to` field is not valid."
    for tag in message.get("tags", ()):
        if not all(_TAG.fullmatch(str(tag.get(part))) for part in ("name", "value")):
            return "Tags have ASCII letters, numbers, underscores and dashes only."
    return None


def _recipient(message: object) -> str:
    to = message.get("to") if isinstance(message, dict) else None
    if isinstance(to, list):
        to = to[0] if len(to) == 1 else None  # nobody may see another's address
    # "Name <address>" as well as the address alone
    return to.rpartition("<")[2].rstrip(">") if isinstance(to, str) else ""


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
