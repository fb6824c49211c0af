"""What Brevo's answer to a call means for all of its recipients."""

import re
from datetime import datetime
from http import HTTPStatus

from mailer.adapters.http import Answer
from mailer.adapters.providers.answers import declined, document, said, seconds, told
from mailer.adapters.providers.api import Call
from mailer.ports import Accepted, Answered, Outcome, Result, Unknown

# Codes that a person must do something about, whatever their status
_ACCOUNT = {
    "account_under_validation",
    "api-key not found",
    "Authentication failed",
    "DMARC policy requires domain authentication",
    "DNS records not properly configured",
    "Domain does not exist",
    "Insufficient credits",
    "not_enough_credits",
    "permission_denied",
    "unauthorized",
}
# Of a key that was used before. By its words as well: of the several codes that are
# listed, the guide names only one.
_KNOWN = {"duplicate_parameter", "duplicate_request", "Request already processed"}
_KNOWN_WORDS = re.compile(
    r"idempoten|duplicate|already (?:been )?processed", re.IGNORECASE
)
# A refusal of what all messages have in common: to halve the call would not help.
_OURS = re.compile(r"\bsender\b|\breply.?to\b|\bcredits?\b", re.IGNORECASE)


def parse(answer: Answer, call: Call, *, now: datetime) -> Outcome:
    """Say what an answer means; `now` is aware. Brevo takes all of a call or none."""
    if answer.status == HTTPStatus.CREATED:
        return _taken(document(answer), call)
    code, text = told(answer, "code"), told(answer)
    if code in _KNOWN or _KNOWN_WORDS.search(text):
        # The first call came through. Whether it was taken then, this does not say.
        return Unknown(detail=said("Brevo", answer, text or code))
    limited = answer.status == HTTPStatus.TOO_MANY_REQUESTS
    return declined(
        "Brevo",
        answer,
        text,
        now=now,
        stop=answer.status == HTTPStatus.PAYMENT_REQUIRED
        or code in _ACCOUNT
        or (answer.status == HTTPStatus.BAD_REQUEST and bool(_OURS.search(text))),
        wait=seconds(answer.headers, "x-sib-ratelimit-reset") if limited else None,
    )


def _taken(found: object, call: Call) -> Outcome:
    ids = found.get("messageIds") if isinstance(found, dict) else None
    if ids is None and isinstance(found, dict) and call.count == 1:
        ids = [found.get("messageId")]
    if not isinstance(ids, list) or len(ids) != call.count:
        return Unknown(detail="Brevo's answer does not match what was sent")
    results: list[Result] = []
    for identifier in ids:
        if not isinstance(identifier, str) or not identifier:
            return Unknown(detail="Brevo's answer lacks the id of a message")
        results.append(Accepted(provider_id=identifier.strip("<>")))
    return Answered(results=call.merge(results))
