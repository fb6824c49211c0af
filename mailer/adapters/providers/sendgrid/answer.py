"""What SendGrid's answer to a call means for all of its recipients."""

from datetime import datetime
from http import HTTPStatus

from mailer.adapters.http import Answer
from mailer.adapters.providers.answers import declined, document, seconds
from mailer.adapters.providers.api import Call
from mailer.ports import Accepted, Answered, Outcome, Unknown

# Fields that all messages of a call share: to halve it would not help.
_OURS = ("from", "reply_to", "subject", "content", "categories", "tracking_settings")


def parse(answer: Answer, call: Call, *, now: datetime) -> Outcome:
    """Say what an answer means; `now` is aware. SendGrid takes all of a call or none."""
    if answer.status == HTTPStatus.ACCEPTED:
        if answer.body.strip():
            return Unknown(detail="SendGrid's answer is not one of its own")
        taken = Accepted(provider_id=answer.headers.get("X-Message-Id") or None)
        return Answered(results=call.merge([taken] * call.count))
    errors = _errors(answer)
    limited = answer.status == HTTPStatus.TOO_MANY_REQUESTS
    return declined(
        "SendGrid",
        answer,
        "; ".join(message for message, _ in errors),
        now=now,
        stop=answer.status == HTTPStatus.BAD_REQUEST
        and any(field.partition(".")[0] in _OURS for _, field in errors),
        wait=_until(answer, now) if limited else None,
    )


def _errors(answer: Answer) -> list[tuple[str, str]]:
    """Return the message and the field of each error."""
    found = document(answer)
    errors = found.get("errors") if isinstance(found, dict) else None
    if not isinstance(errors, list):
        return []
    return [
        (str(error.get("message", "")), str(error.get("field") or ""))
        for error in errors
        if isinstance(error, dict)
    ]


def _until(answer: Answer, now: datetime) -> float | None:
    """Return the seconds until the limit begins anew, which SendGrid tells as a time."""
    reset = seconds(answer.headers, "X-RateLimit-Reset")
    return None if reset is None else max(0.0, reset - now.timestamp())
