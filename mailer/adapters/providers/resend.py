"""Resend: one call per batch, and a key under which a call is taken only once.

Facts: Resend's API reference as of 2026-11 (api-reference/emails, errors, rate-limit
and dashboard/emails/idempotency-keys). A call under a known key with the same bytes
answers as the first one did, for 24 hours. Resend makes the Message-ID. Opens and
clicks are not tracked unless somebody has switched that on for the domain, which no
call can undo.
"""

import json
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path

from mailer.adapters.http import Answer, Http, NoAnswer, NotSent, retry_after
from mailer.adapters.providers.api import (
    ABOUT_THE_CALL,
    ABOUT_US,
    ANOTHER_SERVERS,
    Call,
    connections,
    document,
    fill,
    list_headers,
    said,
)
from mailer.adapters.providers.options import Options
from mailer.core.envelope import Letter, json_inner, pieces
from mailer.core.headers import header_text, unicode_mailbox
from mailer.ports import (
    Accepted,
    Answered,
    Capabilities,
    NotTaken,
    Outcome,
    Outgoing,
    Result,
    Unknown,
)

URL = "https://api.resend.com"
MAX_BATCH = 100  # messages, Resend's own limit
WINDOW = 64  # messages, when each takes a call of its own
CONCURRENCY = 16
KEY_LIVES = 24 * 3600.0  # seconds
_QUOTA_WAIT = 4 * 3600.0  # seconds; a day's quota comes back bit by bit, or at midnight

# Names of errors that a person must mend, whatever their status: key, sender, domain,
# plan. They are the same for every message, so halving the call would not help.
_ACCOUNT = {
    "invalid_access",
    "invalid_api_key",
    "invalid_from_address",
    "invalid_idempotency_key",
    "invalid_region",
    "missing_api_key",
    "missing_required_field",
    "monthly_quota_exceeded",
    "restricted_api_key",
    "security_error",
}


class Resend:
    """Carries mail through Resend's batch endpoint, or one message per call."""

    def __init__(
        self,
        *,
        name: str,
        token: str,
        http: Http,
        clock: Callable[[], datetime],
        base_url: str = URL,
        batch: bool = True,
    ) -> None:
        self.name = name
        self.capabilities = Capabilities(
            max_batch=MAX_BATCH if batch else 1,
            window=1 if batch else WINDOW,
            concurrency=1 if batch else CONCURRENCY,
            idempotency_ttl=KEY_LIVES,
            longest_call=http.longest,
        )
        self._batch = batch
        self._url = f"{base_url}/emails/batch" if batch else f"{base_url}/emails"
        self._http = http
        self._clock = clock
        self._headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "Authorization": f"Bearer {token}",
        }

    @classmethod
    def configured(
        cls,
        name: str,
        options: Options,
        folder: Path,
        clock: Callable[[], datetime],
    ) -> "Resend":
        """Read the options token, batch, base_url, timeout, proxy and ca_file."""
        return cls(
            name=name,
            token=options.secret("token"),
            batch=options.flag("batch", default=True),
            base_url=options.url("base_url", URL),
            clock=clock,
            http=connections(options, folder),
        )

    def send(self, outgoing: Outgoing) -> Outcome:
        """Hand over one batch in one call; with `batch` off, one message."""
        call = build(outgoing, batch=self._batch)
        if not call.count:
            return Answered(results=call.merge(()))
        answer = self._http.post(
            self._url,
            body=call.body,
            headers={**self._headers, "Idempotency-Key": outgoing.key},
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


def build(outgoing: Outgoing, *, batch: bool) -> Call:
    """Write the request body; a recipient whose address is no address stays out.

    Raises InputError if the letter itself cannot be sent to anybody.
    """
    messages, refused = fill(outgoing, _message(outgoing.letter))
    count = len(outgoing.recipients) - len(refused)
    body = (b"[", *messages, b"]") if batch else messages
    return Call(body=body, count=count, refused=refused)


@lru_cache(maxsize=16)  # encoding a letter costs more than filling it a dozen times
def _message(letter: Letter) -> tuple[bytes | str, ...]:
    shared: dict[str, object] = {
        "from": unicode_mailbox("From", letter.sender_name, letter.sender_address),
        "subject": header_text("Subject", letter.subject),
    }
    if letter.reply_to:
        shared["reply_to"] = unicode_mailbox("Reply-To", None, letter.reply_to)
    prefix = header_text("List-Unsubscribe", letter.leave_prefix)
    return (
        # without the closing brackets: the recipient's own words follow
        json.dumps(shared, ensure_ascii=False)[:-1].encode(),
        b',"tags":[{"name":"batch","value":"',
        "key",
        b'"}],"to":"',
        "to",
        b'","html":"',
        *pieces(letter.html, json_inner),
        b'","text":"',
        *pieces(letter.text, json_inner),
        b'","headers":' + json.dumps(list_headers(letter))[:-1].encode(),
        b',"List-Unsubscribe":"<' + json_inner(prefix),
        "leave",
        b'>"}}',
    )


# --- what came back ----------------------------------------------------------


def parse(answer: Answer, call: Call, *, now: datetime) -> Outcome:
    """Say what an answer means for each recipient; `now` is aware."""
    status, found = answer.status, document(answer)
    if status == HTTPStatus.OK:
        return _results(found, call)
    detail = said("Resend", answer, "message")
    name = found.get("name") if isinstance(found, dict) else None
    if status in ABOUT_US or name in _ACCOUNT:
        return NotTaken(detail=detail, stop=True)
    if status in ANOTHER_SERVERS:
        return NotTaken(detail=f"{detail}; is base_url right?", stop=True)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return NotTaken(detail=detail, retry_after=_wait(answer, name, now))
    if status in ABOUT_THE_CALL:
        return NotTaken(detail=detail, split=True)
    # Also a 409: the key is known, so something was or is being done under it. While
    # the first call runs, a later replay tells; under other bytes, a person must.
    return Unknown(detail=detail)


def _results(found: object, call: Call) -> Outcome:
    items = found.get("data", [found]) if isinstance(found, dict) else None
    if not isinstance(items, list) or len(items) != call.count:
        return Unknown(detail="Resend's answer does not match what was sent")
    results: list[Result] = []
    for item in items:
        identifier = item.get("id") if isinstance(item, dict) else None
        if not isinstance(identifier, str) or not identifier:
            return Unknown(detail="Resend's answer lacks the id of a message")
        results.append(Accepted(provider_id=identifier))
    return Answered(results=call.merge(results))


def _wait(answer: Answer, name: object, now: datetime) -> float | None:
    seconds = retry_after(answer.headers, now)
    if seconds is None:
        reset = answer.headers.get("ratelimit-reset", "")
        seconds = float(reset) if reset.isascii() and reset.isdigit() else None
    if name == "daily_quota_exceeded":
        return max(seconds or 0.0, _QUOTA_WAIT)
    return seconds
