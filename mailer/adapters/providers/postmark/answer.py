"""What Postmark's answer to a batch means for each recipient."""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus

from mailer.adapters.http import Answer, retry_after
from mailer.adapters.providers.answers import (
    ABOUT_THE_CALL,
    ABOUT_US,
    ANOTHER_SERVERS,
    document,
    said,
    told,
)
from mailer.adapters.providers.api import Call
from mailer.adapters.providers.foreign import words
from mailer.ports import (
    Accepted,
    Answered,
    Deferred,
    NotTaken,
    Outcome,
    Refused,
    Result,
    Unknown,
    Unsure,
)

# ErrorCode of a whole answer or of one message. Codes in neither set are about the
# message itself: it will never be taken as it is.
_ACCOUNT = {  # a person must act: token, signature, credit, approval, stream
    10, 400, 401, 405, 412, 413, 1235,
}  # fmt: skip
_LATER = {100, 429}  # maintenance, too many calls
_REFUSALS = ABOUT_US | ABOUT_THE_CALL | {HTTPStatus.TOO_MANY_REQUESTS}


def parse(answer: Answer, call: Call, *, now: datetime) -> Outcome:
    """Say what an answer means for each recipient; `now` is aware."""
    status, code = answer.status, _code(document(answer))
    detail = said("Postmark", answer, told(answer, "Message"))
    if status == HTTPStatus.OK:
        return _results(answer, call)
    if status in ANOTHER_SERVERS:
        return NotTaken(detail=f"{detail}; is base_url right?", stop=True)
    # A 503 is only Postmark's own with its words for planned maintenance. Any other
    # comes from something between us, which may have passed the call on.
    if status in _REFUSALS or (status == HTTPStatus.SERVICE_UNAVAILABLE and code):
        about_call = status in ABOUT_THE_CALL and code not in _ACCOUNT | _LATER
        return NotTaken(
            detail=detail,
            retry_after=retry_after(answer.headers, now),
            stop=status in ABOUT_US or code in _ACCOUNT,
            split=about_call,
        )
    return Unknown(detail=detail)


def _results(answer: Answer, call: Call) -> Outcome:
    items = document(answer)
    if not isinstance(items, list) or len(items) != call.count:
        return Unknown(detail="Postmark's answer does not match what was sent")
    results = [_result(item) for item in items]
    rest = _rest(items, results)
    if rest and all(isinstance(result, Deferred) for result in call.merge(results)):
        return rest
    return Answered(results=call.merge(results), rest=rest)


def _rest(items: Sequence[object], results: Sequence[Result]) -> NotTaken | None:
    """Return why Postmark takes nothing more for now, if a message says so."""
    held = [result for result in results if isinstance(result, Deferred)]
    if not held:
        return None
    stop = any(_code(item) in _ACCOUNT for item in items)
    return NotTaken(detail=held[0].detail, stop=stop)


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
