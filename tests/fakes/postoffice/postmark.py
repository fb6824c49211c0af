"""Postmark's words: a batch of messages, and the search for outbound ones.

Facts: Postmark's OpenAPI file and its API reference as of 2026-11 (email-api,
messages-api, overview).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from tests.fakes.postoffice.mailroom import Kept, Mailroom, Reply, Request

LARGEST_BATCH = 500
LARGEST_PAGE = 500
DEEPEST = 10_000  # count + offset
_EASTERN = ZoneInfo("America/New_York")  # of fromdate and todate
_METADATA = "metadata_"
_LABELS = ("tag", "recipient")
_ERRORS = {
    401: (10, "The Server Token you provided in the header is invalid."),
    429: (429, "Too many requests are being made."),
    503: (100, "Postmark is down for maintenance."),
}
# Of a message whose recipient is bad for good, and of one that comes too early.
_PARTIAL = (
    (406, "The recipient is marked as inactive and was not written to."),
    (429, "This message exceeds what may be sent now."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Postmark:
    """Answers as Postmark."""

    room: Mailroom
    token: str

    def batch(self, request: Request, *, partial: bool = False) -> Reply:
        """Take a batch; each message has an answer of its own, in order."""
        if refusal := self._refuse(request):
            return refusal
        messages = _json(request.body)
        if not isinstance(messages, list):
            return _error(422, 402, "The JSON of this request is no array.")
        if len(messages) > LARGEST_BATCH:
            return _error(422, 410, "A batch holds at most 500 messages.")
        if self.room.poisoned([str(_of(message, "To")) for message in messages]):
            return _error(422, 300, "The request is not a valid email request.")
        errors = [
            _invalid(message) or (self._spoil() if partial else None)
            for message in messages
        ]
        good = [m for m, error in zip(messages, errors, strict=True) if error is None]
        ids = iter(self._accept(good))
        at = _stamp(self.room.clock())
        answers = [
            {"ErrorCode": error[0], "Message": error[1]}
            if error
            else {
                "To": message["To"],
                "SubmittedAt": at,
                "MessageID": next(ids),
                "ErrorCode": 0,
                "Message": "OK",
            }
            for message, error in zip(messages, errors, strict=True)
        ]
        return Reply(status=200, body=orjson.dumps(answers))

    def search(self, request: Request) -> Reply:
        """Find what was accepted by tag, recipient or metadata, page by page."""
        if refusal := self._refuse(request):
            return refusal
        # Of one stream, and without a word not of the one for broadcasts.
        query = {"messagestream": "outbound", **request.query}
        count, offset = (
            _number(query.pop("count", "")),
            _number(query.pop("offset", "")),
        )
        if count is None or offset is None or not 0 < count <= LARGEST_PAGE:
            return _error(422, 701, "count (1 to 500) and offset are needed.")
        if count + offset > DEEPEST:
            return _error(422, 701, "count and offset add up to more than 10000.")
        tests = [_test(name, value) for name, value in query.items()]
        labels = [_label(name, value) for name, value in query.items()]
        if None in tests:
            return _error(422, 701, "One of these filters is not known.")
        named = next(filter(None, labels), None)
        if named is None:
            return _error(422, 701, "Name a tag, a recipient or metadata.")
        found = [
            kept
            for kept in self.room.look_up(named)
            if all(test(kept) for test in tests if test)
        ]
        page = [_detail(kept) for kept in found[offset : offset + count]]
        answer = {"TotalCount": len(found), "Messages": page}
        return Reply(status=200, body=orjson.dumps(answer))

    def error(self, status: int) -> Reply:
        """Return Postmark's answer of this status."""
        if status in _ERRORS:
            return _error(status, *_ERRORS[status])
        return Reply(status=status, body=b"")

    def _refuse(self, request: Request) -> Reply | None:
        if request.headers.get("x-postmark-server-token") != self.token:
            return self.error(401)
        return None

    def _accept(self, messages: Sequence[Mapping[str, Any]]) -> list[str]:
        by_key: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
        for message in messages:
            by_key.setdefault(_key(message), []).append((message["To"], message))
        ids: list[str] = []
        for key, together in by_key.items():
            ids += self.room.accept(key, together, labels=_labels)
        return ids

    def _spoil(self) -> tuple[int, str] | None:
        draw = self.room.chance()
        return _PARTIAL[draw < 0.15] if draw < 0.3 else None


def _error(status: int, code: int, words: str) -> Reply:
    body = orjson.dumps({"ErrorCode": code, "Message": words})
    return Reply(status=status, body=body)


def _invalid(message: object) -> tuple[int, str] | None:
    complete = (
        isinstance(message, dict)
        and all(isinstance(message.get(name), str) for name in ("From", "To"))
        and "@" in message["To"]
        and (message.get("HtmlBody") or message.get("TextBody"))
        and isinstance(message.get("Metadata", {}), dict)
    )
    return None if complete else (300, "From, To and a body are needed.")


def _key(message: Mapping[str, Any]) -> str:
    return str(message.get("Metadata", {}).get("batch") or message.get("Tag") or "")


def _labels(message: Mapping[str, Any]) -> list[tuple[str, str]]:
    metadata = message.get("Metadata", {}).items()
    tag = message.get("Tag")
    labels = [(f"{_METADATA}{name}", str(value)) for name, value in metadata]
    return [("tag", tag), *labels] if tag else labels


def _label(name: str, value: str) -> tuple[str, str] | None:
    if name == "recipient":
        return name, value.lower()
    return (name, value) if name in _LABELS or name.startswith(_METADATA) else None


def _test(name: str, value: str) -> Callable[[Kept], bool] | None:
    """Return what a filter asks of a message; None: there is no such filter."""
    if name.startswith(_METADATA):
        field = name.removeprefix(_METADATA)
        return lambda kept: str(kept.message.get("Metadata", {}).get(field)) == value
    tests: Mapping[str, Callable[[Kept], bool]] = {
        "tag": lambda kept: kept.message.get("Tag") == value,
        "recipient": lambda kept: kept.recipient.lower() == value.lower(),
        "fromemail": lambda kept: value.lower() in kept.message["From"].lower(),
        "subject": lambda kept: kept.message.get("Subject") == value,
        "messagestream": lambda kept: _stream(kept.message) == value,
        "status": lambda _kept: value in ("sent", "processed"),
        "fromdate": lambda kept: _day(kept) >= value[:10],
        "todate": lambda kept: _day(kept) <= value[:10],
    }
    return tests.get(name)


def _stream(message: Mapping[str, Any]) -> str:
    return str(message.get("MessageStream", "outbound"))


def _day(kept: Kept) -> str:
    return datetime.fromtimestamp(kept.accepted_at, _EASTERN).date().isoformat()


def _detail(kept: Kept) -> dict[str, object]:
    message = kept.message
    return {
        "Tag": message.get("Tag", ""),
        "MessageID": kept.message_id,
        "MessageStream": _stream(message),
        "To": [{"Email": kept.recipient, "Name": ""}],
        "Cc": [],
        "Bcc": [],
        "Recipients": [kept.recipient],
        "ReceivedAt": _stamp(kept.accepted_at),
        "From": message["From"],
        "Subject": message.get("Subject", ""),
        "Attachments": [],
        "Status": "Sent",
        "TrackOpens": bool(message.get("TrackOpens")),
        "TrackLinks": message.get("TrackLinks", "None"),
        "Metadata": message.get("Metadata", {}),
        "Sandboxed": False,
    }


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0+00:00")


def _number(words: str) -> int | None:
    return int(words) if words.isascii() and words.isdigit() else None


def _of(message: object, name: str) -> object:
    return message.get(name) if isinstance(message, dict) else None


def _json(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
