"""What came back from an API, read in the same way for all of them."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

from mailer.adapters.http import Answer, NoAnswer, NotSent, retry_after
from mailer.adapters.providers.foreign import words
from mailer.core.envelope import Recipient
from mailer.core.tokens import normalize
from mailer.ports import Accepted, Found, NotTaken, Unknown, Unsure

ABOUT_US = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
ABOUT_THE_CALL = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
}
ANOTHER_SERVERS = {301, 302, 307, 308, 404, 405, 406, 410, 415}  # wrong base_url


def document(answer: Answer) -> object:
    """Return an answer's JSON, or None if it is none."""
    try:
        found: object = json.loads(answer.body)
    except (ValueError, RecursionError):  # ValueError: also what is no UTF-8
        return None
    return found


def told(answer: Answer, key: str = "message") -> str:
    """Return what stands under a key of an answer's JSON; "" if there is nothing."""
    found = document(answer)
    return str(found.get(key, "")) if isinstance(found, dict) else ""


def said(vendor: str, answer: Answer, text: str) -> str:
    """Return an answer in one line: its status, and its words made fit to be shown."""
    text = words(text).rstrip(" .")  # another clause may follow
    return f"{vendor} answered {answer.status}{': ' if text else ''}{text}"


def declined(
    vendor: str,
    answer: Answer,
    text: str,
    *,
    now: datetime,
    stop: bool = False,
    wait: float | None = None,
    hint: str = "is base_url right?",
    keys: str = "token",
) -> NotTaken | Unknown:
    """Say what an answer means that is no success, by its status.

    `stop` says that the vendor's own words ask for a person, `wait` for how many
    seconds they ask at least, `hint` what to look at when another server answers, and
    `keys` what in mailer.toml we are known by.
    Anything that is not known to come before the mail is taken is Unknown.
    """
    status, detail = answer.status, said(vendor, answer, text)
    if status in ANOTHER_SERVERS:
        return NotTaken(detail=f"{detail}; {hint}", stop=True)
    if status in ABOUT_US:
        detail = f"{detail}; look at {keys} in the provider's table of mailer.toml"
        return NotTaken(detail=detail, stop=True)
    if stop:
        return NotTaken(detail=detail, stop=True)
    if status == HTTPStatus.TOO_MANY_REQUESTS or wait is not None:
        asked = retry_after(answer.headers, now)
        both = [seconds for seconds in (asked, wait) if seconds is not None]
        return NotTaken(detail=detail, retry_after=max(both, default=None))
    if status in ABOUT_THE_CALL:
        return NotTaken(detail=detail, split=True)
    return Unknown(detail=detail)


def seconds(headers: Mapping[str, str], name: str) -> float | None:
    """Return the whole seconds in a header, or None if it holds none."""
    value = headers.get(name, "").strip()
    return float(value) if value.isascii() and value.isdigit() else None


# --- after the fact


def enquired(
    vendor: str, answer: Answer | NotSent | NoAnswer, key: str, *, now: datetime
) -> dict[str, Any] | NotTaken:
    """Return the JSON that a search answered; anything else is no answer now.

    Nothing but a whole 200 says that something is not there.
    """
    if isinstance(answer, NotSent):
        return NotTaken(detail=f"search: {answer.detail}", stop=answer.stop)
    if isinstance(answer, NoAnswer):
        return NotTaken(detail=f"search: {answer.detail}")
    found = document(answer)
    if answer.status == HTTPStatus.OK and isinstance(found, dict):
        return found
    return NotTaken(
        detail=f"search: {said(vendor, answer, told(answer, key))}",
        retry_after=retry_after(answer.headers, now),
        stop=answer.status in ABOUT_US | ANOTHER_SERVERS,
    )


def matched(messages: Mapping[str, str], recipients: Sequence[Recipient]) -> Found:
    """Give each recipient the message that went to their address; ids by address.

    Addresses are compared as `normalize` writes them, since it is nowhere documented
    whether capitals are kept. No two recipients of a mailing differ by case alone.
    """
    return Found(
        accepted=[
            Accepted(provider_id=messages[address]) if address in messages else None
            for address in (normalize(recipient.address) for recipient in recipients)
        ]
    )


def glimpsed(
    vendor: str, messages: Mapping[str, str], recipients: Sequence[Recipient]
) -> Found:
    """Conclude from a part, where a vendor takes all of a call or nothing of it.

    One message that is there shows that the call was taken. That none is there shows
    nothing, where nobody says when they all are.
    """
    wanted = [normalize(recipient.address) for recipient in recipients]
    if not any(address in messages for address in wanted):
        detail = (
            f"{vendor} shows nothing of it, which does not mean that it has nothing"
        )
        return Found(accepted=[Unsure(detail=detail)] * len(wanted))
    return Found(
        accepted=[Accepted(provider_id=messages.get(address)) for address in wanted]
    )
