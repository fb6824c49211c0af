"""Resend: one call per batch, and a key under which a call is taken only once.

Facts: Resend's API reference as of 2026-11 (api-reference/emails, errors, rate-limit
and dashboard/emails/idempotency-keys). A call under a known key with the same bytes
answers as the first one did, for 24 hours. Resend makes the Message-ID. Opens and
clicks are not tracked unless somebody has switched that on for the domain, which no
call can undo.
"""

import json
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus

from mailer.adapters.http import Answer
from mailer.adapters.providers.answers import declined, document, seconds, told
from mailer.adapters.providers.api import Api, Call
from mailer.adapters.providers.filling import fill, leave_entry, list_headers
from mailer.adapters.providers.options import Setup
from mailer.core.envelope import Letter, json_inner, pieces
from mailer.core.headers import header_text, unicode_mailbox
from mailer.ports import (
    Accepted,
    Answered,
    Capabilities,
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


class Resend(Api):
    """Carries mail through Resend's batch endpoint, or one message per call."""

    vendor = "Resend"

    def __init__(self, setup: Setup) -> None:
        """Read the options token and batch."""
        token = setup.options.secret("token")
        super().__init__(setup, url=URL, headers={"Authorization": f"Bearer {token}"})
        batch = setup.options.flag("batch", default=True)
        self.capabilities = Capabilities(
            max_batch=MAX_BATCH if batch else 1,
            window=1 if batch else WINDOW,
            concurrency=1 if batch else CONCURRENCY,
            idempotency_ttl=KEY_LIVES,
            longest_call=self.http.longest,
        )
        self._batch = batch

    def build(self, outgoing: Outgoing) -> Call:
        """Write the call for a batch; with `batch` off, for one message."""
        return build(outgoing, batch=self._batch)

    def parse(self, answer: Answer, call: Call) -> Outcome:
        """Say what an answer means for each recipient."""
        return parse(answer, call, now=self.clock())


# --- what goes out -----------------------------------------------------------


def build(outgoing: Outgoing, *, batch: bool) -> Call:
    """Write the request body; a recipient whose address is no address stays out.

    Raises InputError if the letter itself cannot be sent to anybody.
    """
    messages, refused = fill(outgoing, _message(outgoing.letter))
    count = len(outgoing.recipients) - len(refused)
    return Call(
        path="/emails/batch" if batch else "/emails",
        headers={"Idempotency-Key": outgoing.key},
        body=(b"[", *messages, b"]") if batch else messages,
        count=count,
        refused=refused,
    )


@lru_cache(maxsize=16)  # encoding a letter costs more than filling it a dozen times
def _message(letter: Letter) -> tuple[bytes | str, ...]:
    shared: dict[str, object] = {
        "from": unicode_mailbox("From", letter.sender_name, letter.sender_address),
        "subject": header_text("Subject", letter.subject),
    }
    if letter.reply_to:
        shared["reply_to"] = unicode_mailbox("Reply-To", None, letter.reply_to)
    leaving = leave_entry(letter, ',"List-Unsubscribe":"')
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
        *((leaving.encode(), "leave", b'>"') if leaving else ()),
        b"}}",
    )


# --- what came back ----------------------------------------------------------


def parse(answer: Answer, call: Call, *, now: datetime) -> Outcome:
    """Say what an answer means for each recipient; `now` is aware."""
    status, found = answer.status, document(answer)
    if status == HTTPStatus.OK:
        return _results(found, call)
    name = found.get("name") if isinstance(found, dict) else None
    limited = status == HTTPStatus.TOO_MANY_REQUESTS
    # A 409 is Unknown: the key is known, so something was or is being done under it.
    # While the first call runs, a later replay tells; under other bytes, a person must.
    return declined(
        "Resend",
        answer,
        told(answer),
        now=now,
        stop=name in _ACCOUNT,
        wait=_wait(answer, name) if limited else None,
    )


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


def _wait(answer: Answer, name: object) -> float | None:
    reset = seconds(answer.headers, "ratelimit-reset")
    if name == "daily_quota_exceeded":
        return max(reset or 0.0, _QUOTA_WAIT)
    return reset
