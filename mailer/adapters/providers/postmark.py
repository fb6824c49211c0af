"""Postmark: one call per batch, one answer per message.

Facts: Postmark's API reference as of 2026-11 (developer/api/email-api and
developer/api/overview). There is no idempotency key, so an unknown outcome stays
unknown; each message carries its batch's key as tag and metadata to be found by.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path

from mailer.adapters.http import Answer, Http, NoAnswer, NotSent, retry_after
from mailer.adapters.providers.foreign import words
from mailer.adapters.providers.options import Options
from mailer.core.envelope import (
    Frame,
    Letter,
    Recipient,
    json_html,
    json_inner,
    json_text,
    pieces,
)
from mailer.core.errors import InputError
from mailer.core.headers import (
    encode_structured,
    header_text,
    unicode_mailbox,
    wire_address,
)
from mailer.ports import (
    Accepted,
    Answered,
    Capabilities,
    Deferred,
    NotTaken,
    Outcome,
    Outgoing,
    Refused,
    Result,
    Unknown,
    Unsure,
)

URL = "https://api.postmarkapp.com"
LARGEST_CALL = 50 * 1000 * 1000  # octets
CAPABILITIES = Capabilities(max_batch=200)  # of 500: it bounds one unknown outcome

# ErrorCode of a whole answer or of one message. Codes in neither set are about the
# message itself: it will never be taken as it is.
_ACCOUNT = {  # a person must act: token, signature, credit, approval, stream
    10, 400, 401, 405, 412, 413, 1235,
}  # fmt: skip
_LATER = {100, 429}  # maintenance, too many calls

_ABOUT_US = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_ABOUT_THE_CALL = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
}
_REFUSALS = _ABOUT_US | _ABOUT_THE_CALL | {HTTPStatus.TOO_MANY_REQUESTS}
_NOT_POSTMARK = {301, 302, 307, 308, 404, 405, 406, 410, 415}  # another server's


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One batch as it will stand on the wire, and who is not part of it."""

    pieces: Sequence[bytes] = field(repr=False)  # of the body
    count: int  # of messages
    refused: dict[int, Refused]  # by position among the recipients

    @property
    def size(self) -> int:
        """Return the octets of the body."""
        return sum(map(len, self.pieces))

    def merge(self, results: Sequence[Result]) -> list[Result]:
        """Put the answers back in the order of the recipients."""
        answers = iter(results)
        total = self.count + len(self.refused)
        return [self.refused.get(i) or next(answers) for i in range(total)]


class Postmark:
    """Carries mail through Postmark's batch endpoint."""

    capabilities = CAPABILITIES

    def __init__(
        self,
        *,
        name: str,
        token: str,
        http: Http,
        clock: Callable[[], datetime],
        base_url: str = URL,
        stream: str = "broadcast",
    ) -> None:
        self.name = name
        self._url = f"{base_url}/email/batch"
        self._token = token
        self._http = http
        self._clock = clock
        self._stream = stream

    @classmethod
    def configured(
        cls,
        name: str,
        options: Options,
        folder: Path,
        clock: Callable[[], datetime],
    ) -> "Postmark":
        """Read the options token, stream, base_url, timeout, proxy and ca_file."""
        return cls(
            name=name,
            token=options.secret("token"),
            stream=options.text("stream") or "broadcast",
            base_url=options.url("base_url", URL),
            clock=clock,
            http=Http(
                read_timeout=options.number("timeout", 60, low=1, high=600),
                proxy=options.text("proxy"),
                ca_file=options.file("ca_file", folder),
            ),
        )

    def send(self, outgoing: Outgoing) -> Outcome:
        """Hand over one batch in one call."""
        call = build(outgoing, stream=self._stream)
        if not call.count:
            return Answered(results=call.merge(()))
        if call.size > LARGEST_CALL:
            return NotTaken(detail="the batch is over Postmark's 50 MB", split=True)
        answer = self._http.post(
            self._url,
            body=call.pieces,
            headers={
                "Accept": "application/json",
                "Content-Type": "application/json",
                "X-Postmark-Server-Token": self._token,
            },
        )
        match answer:
            case NotSent(detail=detail, stop=stop):
                return NotTaken(detail=detail, stop=stop)
            case NoAnswer(detail=detail):
                return Unknown(detail=detail)
            case Answer():
                return parse(answer, call, now=self._clock())

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


# --- what goes out -----------------------------------------------------------


def build(outgoing: Outgoing, *, stream: str) -> Call:
    """Write the request body; a recipient whose address is no address stays out.

    Raises InputError if the letter itself cannot be sent to anybody.
    """
    frame = _frame(outgoing.letter, stream)
    message_id = outgoing.letter.message_id
    key = json_inner(outgoing.key)
    body: list[bytes] = [b"["]
    refused: dict[int, Refused] = {}
    for position, recipient in enumerate(outgoing.recipients):
        try:
            values = _values(recipient, message_id(recipient.uid), key)
        except InputError as error:
            refused[position] = Refused(code="invalid-address", detail=str(error))
            continue
        if len(body) > 1:
            body.append(b",")
        body += frame.pieces(values)
    body.append(b"]")
    count = len(outgoing.recipients) - len(refused)
    return Call(pieces=body, count=count, refused=refused)


def _values(recipient: Recipient, message_id: str, key: bytes) -> dict[str, bytes]:
    leave = recipient.leave.encode("ascii")
    return {
        "key": key,
        # none of the characters that `wire_address` lets through needs an escape
        "to": wire_address("To", recipient.address),
        "message_id": message_id.encode("ascii"),
        "unsubscribe": leave,
        "leave": leave,
        "preferences": recipient.preferences.encode("ascii"),
        "reason_html": json_html(recipient.reason),
        "reason_text": json_text(recipient.reason),
    }


@lru_cache(maxsize=16)  # for calls of one message, it costs more than all the rest
def _frame(letter: Letter, stream: str) -> Frame:
    # without the closing brackets: keys and headers of the call and the recipient follow
    shared = json.dumps(_shared(letter, stream), ensure_ascii=False)[:-1]
    headers = json.dumps(_headers(letter))[:-1]
    prefix = header_text("List-Unsubscribe", letter.leave_prefix)
    return Frame(
        [
            shared.encode(),
            b',"Tag":"',
            "key",
            b'","Metadata":{"batch":"',
            "key",
            b'"},"To":"',
            "to",
            b'","HtmlBody":"',
            *pieces(letter.html, json_inner),
            b'","TextBody":"',
            *pieces(letter.text, json_inner),
            b'","Headers":',
            headers.encode(),
            b',{"Name":"Message-ID","Value":"<',
            "message_id",
            b'>"},{"Name":"List-Unsubscribe","Value":"<' + json_inner(prefix),
            "unsubscribe",
            b'>"}]}',
        ]
    )


def _shared(letter: Letter, stream: str) -> dict[str, object]:
    sender = unicode_mailbox("From", letter.sender_name, letter.sender_address)
    shared: dict[str, object] = {
        "From": sender,
        "Subject": header_text("Subject", letter.subject),
        "MessageStream": stream,
        "TrackOpens": False,
        "TrackLinks": "None",
    }
    if letter.reply_to:
        shared["ReplyTo"] = unicode_mailbox("Reply-To", None, letter.reply_to)
    return shared


def _headers(letter: Letter) -> list[dict[str, str]]:
    headers = {
        # unfolded: a provider would take the line break for an attempt to inject
        name: encode_structured(name, value).replace("\r\n", "")
        for name, value in letter.headers
    }
    headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    headers["X-PM-KeepID"] = "true"  # keep our Message-ID
    return [{"Name": name, "Value": value} for name, value in headers.items()]


# --- what came back ----------------------------------------------------------


def parse(answer: Answer, call: Call, *, now: datetime) -> Outcome:
    """Say what an answer means for each recipient; `now` is aware."""
    status, code, detail = answer.status, _code(_json(answer)), _detail(answer)
    if status == HTTPStatus.OK:
        return _results(answer, call)
    if status in _NOT_POSTMARK:
        return NotTaken(detail=f"{detail}; is base_url right?", stop=True)
    # A 503 is only Postmark's own with its words for planned maintenance. Any other
    # comes from something between us, which may have passed the call on.
    if status in _REFUSALS or (status == HTTPStatus.SERVICE_UNAVAILABLE and code):
        about_call = status in _ABOUT_THE_CALL and code not in _ACCOUNT | _LATER
        return NotTaken(
            detail=detail,
            retry_after=retry_after(answer.headers, now),
            stop=status in _ABOUT_US or code in _ACCOUNT,
            split=about_call,
        )
    return Unknown(detail=detail)


def _results(answer: Answer, call: Call) -> Outcome:
    items = _json(answer)
    if not isinstance(items, list) or len(items) != call.count:
        return Unknown(detail="Postmark's answer does not match what was sent")
    results = [_result(item) for item in items]
    if all(isinstance(result, Deferred) for result in results):
        stop = any(_code(item) in _ACCOUNT for item in items)
        first = results[0]
        if not call.refused and isinstance(first, Deferred):
            return NotTaken(detail=first.detail, stop=stop)
    return Answered(results=call.merge(results))


def _result(item: object) -> Result:
    if not isinstance(item, dict):
        return Unsure(detail="Postmark's answer for this message is unreadable")
    code, identifier = _code(item), item.get("MessageID")
    if code == 0:
        return Accepted(provider_id=str(identifier) if identifier else None)
    text = words(str(item.get("Message", "")))
    if code is None:
        # While its queue is slow Postmark answers without an ErrorCode: taken
        if identifier or "delayed" in text:
            return Accepted(provider_id=str(identifier) if identifier else None)
        return Unsure(detail=text or "Postmark's answer has no ErrorCode")
    if code in _ACCOUNT | _LATER:
        return Deferred(detail=f"{code}: {text}")
    return Refused(code=str(code), detail=text)


def _code(item: object) -> int | None:
    code = item.get("ErrorCode") if isinstance(item, dict) else None
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def _json(answer: Answer) -> object:
    try:
        found: object = json.loads(answer.body)
    except (ValueError, RecursionError):  # ValueError: also what is no UTF-8
        return None
    return found


def _detail(answer: Answer) -> str:
    found = _json(answer)
    text = words(str(found.get("Message", ""))) if isinstance(found, dict) else ""
    return f"Postmark answered {answer.status}{': ' if text else ''}{text}"
