"""What Mailgun's answer to a call means for all of its recipients."""

import re
from datetime import datetime
from http import HTTPStatus

from mailer.adapters.http import Answer, retry_after
from mailer.adapters.providers.api import (
    ABOUT_THE_CALL,
    ABOUT_US,
    ANOTHER_SERVERS,
    Call,
    document,
    said,
)
from mailer.ports import Accepted, Answered, NotTaken, Outcome, Unknown

_AGAIN = re.compile(r"try again after (\d{1,6}) seconds")
# A 400 about what all messages have in common: to halve the call would not help.
_ACCOUNT = re.compile(
    r"^'?from\b|\bnot allowed to send\b|\baccounts?\b|\bsandbox\b|\bactivate\b"
    r"|\bdisabled\b|\blimited to 16 ?KB\b",
    re.IGNORECASE,
)
_WRONG_PATH = b"Mailgun Magnificent API"  # a 200, and nothing is taken


def parse(answer: Answer, call: Call, *, now: datetime) -> Outcome:
    """Say what an answer means; `now` is aware. Mailgun takes all of a call or none."""
    status, detail = answer.status, said("Mailgun", answer, "message")
    if status in ANOTHER_SERVERS or answer.body.strip() == _WRONG_PATH:
        return NotTaken(
            detail=f"{detail}; are domain and base_url (its region) right?", stop=True
        )
    if status == HTTPStatus.OK:
        return _taken(document(answer), call)
    if status in ABOUT_US:
        return NotTaken(detail=detail, stop=True)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return NotTaken(detail=detail, retry_after=_wait(answer, detail, now))
    if status in ABOUT_THE_CALL:
        stop = _ACCOUNT.search(_message(answer)) is not None
        return NotTaken(detail=detail, stop=stop, split=not stop)
    return Unknown(detail=detail)


def _taken(found: object, call: Call) -> Outcome:
    identifier = found.get("id") if isinstance(found, dict) else None
    if not isinstance(identifier, str) or not identifier:
        return Unknown(detail="Mailgun's answer is unreadable")
    # without the brackets, as its events name it
    taken = Accepted(provider_id=identifier.strip("<>"))
    return Answered(results=call.merge([taken] * call.count))


def _message(answer: Answer) -> str:
    found = document(answer)
    return str(found.get("message", "")) if isinstance(found, dict) else ""


def _wait(answer: Answer, detail: str, now: datetime) -> float | None:
    seconds = retry_after(answer.headers, now)
    if seconds is None and (found := _AGAIN.search(detail)):
        return float(found[1])
    return seconds
