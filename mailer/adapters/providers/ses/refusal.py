"""What it means that SES takes nothing of a call."""

import re
from datetime import datetime
from http import HTTPStatus

from mailer.adapters.http import Answer
from mailer.adapters.providers.answers import declined, document, told
from mailer.ports import NotTaken, Unknown

DAY = 4 * 3600.0  # seconds; a day's quota comes back bit by bit, over 24 hours

# Names of errors that a person must do something about
_ACCOUNT = {
    "AccessDeniedException",
    "AccountSuspendedException",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MailFromDomainNotVerifiedException",
    "MissingAuthenticationToken",
    "OptInRequired",
    "SendingPausedException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_TOO_MANY = {"LimitExceededException", "Throttling", "ThrottlingException"}
_TOO_MANY |= {"TooManyRequestsException"}
# In the sandbox also of a recipient: then a person must ask to be let out of it.
_UNVERIFIED = re.compile(r"not verified|authority to send", re.IGNORECASE)
_DAILY = re.compile(r"daily", re.IGNORECASE)


def refused(answer: Answer, *, now: datetime) -> NotTaken | Unknown:
    """Say what an answer other than 200 means; `now` is aware."""
    name, text = _name(answer), told(answer) or told(answer, "Message")
    limited = answer.status == HTTPStatus.TOO_MANY_REQUESTS or name in _TOO_MANY
    stop = name in _ACCOUNT or _UNVERIFIED.search(text) is not None
    wait = (DAY if _DAILY.search(text) else None) if limited else None
    if name in _TOO_MANY and wait is None:
        wait = 0.0  # whatever its status: as long as attempts wait anyway
    return declined(
        "Amazon SES",
        answer,
        text or name,
        now=now,
        stop=stop and not limited,
        wait=wait,
        keys="access_key and secret_key",
        hint="are region, base_url and configuration_set right?",
    )


def _name(answer: Answer) -> str:
    """Return the error's name, which stands in a header or in the body."""
    found = document(answer)
    typed = found.get("__type", "") if isinstance(found, dict) else ""
    name = answer.headers.get("x-amzn-ErrorType", "") or str(typed)
    return name.partition(":")[0].rpartition("#")[2]
