"""What Mailgun's events say about a call.

Through the Events API and not the Logs API that is to replace it: of the latter it is
not documented how to ask for a tag, and a question that it misreads would look like
"nothing was sent" (manual and reference, read 2026-11). When the Events API goes, its
404 pauses the mailing and nobody is mailed twice.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mailer.adapters.http import Answer, NoAnswer, NotSent
from mailer.adapters.providers.answers import enquired
from mailer.core.tokens import normalize
from mailer.ports import NotTaken, Outgoing

PAGE = 300  # events, the most that Mailgun gives
MOST_PAGES = 100  # a call of 1,000 has some thousand events
_OTHER_CLOCK = timedelta(hours=1)  # by which Mailgun's may be behind ours
_PLACE = re.compile(r"[\w.~%=+-]+", re.ASCII)
_NONSENSE = NotTaken(detail="search: Mailgun's answer cannot be understood")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of events."""

    messages: Mapping[str, str]  # of the call: Mailgun's id, by address
    next: str | None  # what the next page is asked for by; None: this one is empty


def question(outgoing: Outgoing) -> dict[str, str]:
    """Return the parameters that ask for all events with the call's tag.

    All: whatever happened to a message, it was taken.
    """
    return {
        "begin": str(int((outgoing.date - _OTHER_CLOCK).timestamp())),
        "ascending": "yes",
        "limit": str(PAGE),
        "tags": outgoing.key,
    }


def read(
    answer: Answer | NotSent | NoAnswer, *, key: str, now: datetime
) -> Page | NotTaken:
    """Read one page; anything that is not one whole page is no answer now."""
    found = enquired("Mailgun", answer, "message", now=now)
    if isinstance(found, NotTaken):
        return found
    try:
        events = found["items"]
        if not isinstance(events, list):
            return _NONSENSE
        messages = dict(_ours(events, key))
        # its last part only: our key goes to no other server
        place = str(found["paging"]["next"]).rpartition("/")[2]
    except (AttributeError, KeyError, TypeError):
        return _NONSENSE
    if not _PLACE.fullmatch(place):
        return _NONSENSE
    return Page(messages=messages, next=place if events else None)


def _ours(events: list[Any], key: str) -> Iterator[tuple[str, str]]:
    """Yield the address and Mailgun's id of each event with this tag.

    Raises AttributeError, KeyError or TypeError where there is none.
    """
    for event in events:
        if key.lower() not in [tag.lower() for tag in event["tags"]]:
            continue  # the search did not look at the tag; they are kept in any case
        identifier = event["message"]["headers"]["message-id"]
        yield normalize(event["recipient"]), str(identifier)
