"""What Postmark's activity says about a batch (developer/api/messages-api, 2026-11)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailer.adapters.http import Answer, NoAnswer, NotSent
from mailer.adapters.providers.answers import enquired
from mailer.core.tokens import normalize
from mailer.ports import NotTaken

PAGE = 500  # messages, the most that Postmark gives
_MOST = 10_000  # messages that one search can reach
# In this order: a message that leaves the queue between the two is in the second. It
# is not documented whether a search without a status shows what is still queued.
STATUSES = ("queued", None)
_NONSENSE = NotTaken(detail="search: Postmark's answer cannot be understood")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a search."""

    messages: Mapping[str, str]  # the batch's: Postmark's id, by address
    size: int  # messages on it, the batch's or not
    total: int  # messages on all pages


def question(
    key: str, *, stream: str, status: str | None, offset: int
) -> dict[str, str]:
    """Return the parameters that ask for the messages with this tag."""
    asked = {
        "count": str(PAGE),
        "offset": str(offset),
        "tag": key,
        # the search is of one stream, and by default not of the one for broadcasts
        "messagestream": stream,
    }
    return asked | {"status": status} if status else asked


def read(
    answer: Answer | NotSent | NoAnswer, *, key: str, offset: int, now: datetime
) -> Page | NotTaken:
    """Read one page; anything that is not one whole page is no answer now."""
    found = enquired("Postmark", answer, "Message", now=now)
    if isinstance(found, NotTaken):
        return found
    total, messages = found.get("TotalCount"), found.get("Messages")
    if not isinstance(total, int) or not isinstance(messages, list):
        return _NONSENSE
    if not offset <= total <= _MOST or len(messages) != min(PAGE, total - offset):
        return _NONSENSE
    try:
        ours = dict(_ours(messages, key))
    except (KeyError, TypeError, ValueError):
        return _NONSENSE
    return Page(messages=ours, size=len(messages), total=total)


def _ours(messages: list[Any], key: str) -> Iterator[tuple[str, str]]:
    """Yield the address and Postmark's id of each message with this tag.

    Raises KeyError, TypeError or ValueError where there is none.
    """
    for message in messages:
        if message["Tag"] != key:
            continue  # the search did not look at the tag
        [recipient] = message["To"]
        yield normalize(recipient["Email"]), str(message["MessageID"])
