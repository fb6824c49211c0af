"""What Mailgun's answer to a call means for all of its recipients."""

import re
from datetime import datetime
from http import HTTPStatus

from mailer.adapters.http import Answer
from mailer.adapters.providers.answers import declined, document, said, told
from mailer.adapters.providers.api import Call
from mailer.ports import Accepted, Answered, NotTaken, Outcome, Unknown

_AGAIN = re.compile(r"try again after (\d{1,6}) seconds")
# A 400 about what all messages have in common: to halve the call would not help.
_ACCOUNT = re.compile(
    r"^'?from\b|\bnot allowed to send\b|\baccounts?\b|\bsandbox\b|\bactivate\b"
    r"|\bdisabled\b|\blimited to 16 ?KB\b",
    re.IGNORECASE,
)
_HINT = "are domain and base_url (its region) right?"
_WRONG_PATH = b"Mailgun Magnificent API"  # a 200, and nothing is taken


def parse(answer: Answer, call: Call, *, now: datetime) -> Outcome:
    """Say what an answer means; `now` is aware. Mailgun takes all of a call or none."""
    text = told(answer)
    if answer.body.strip() == _WRONG_PATH:
        detail = said("Mailgun", answer, text)
        return NotTaken(detail=f"{detail}; {_HINT}", stop=True)
    if answer.status == HTTPStatus.OK:
        return _taken(document(answer), call)
    limited = answer.status == HTTPStatus.TOO_MANY_REQUESTS
    again = _AGAIN.search(text) if limited else None
    return declined(
        "Mailgun",
        answer,
        text,
        now=now,
        stop=not limited and _ACCOUNT.search(text) is not None,
        wait=float(again[1]) if again else None,
        hint=_HINT,
    )


def _taken(found: object, call: Call) -> Outcome:
    identifier = found.get("id") if isinstance(found, dict) else None
    if not isinstance(identifier, str) or not identifier:
        return Unknown(detail="Mailgun's answer is unreadable")
    # without the brackets, as its events name it
    taken = Accepted(provider_id=identifier.strip("<>"))
    return Answered(results=call.merge([taken] * call.count))
