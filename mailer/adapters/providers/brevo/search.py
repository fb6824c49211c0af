"""What Brevo's event report says about a call (reference: event report, 2026-11).

It is nowhere said how soon events are there, and hardly how to ask for a tag: what is
found was taken, and what is not may still come. A hundred questions an hour are
allowed, so that one asks for a whole call.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from mailer.adapters.http import Answer, NoAnswer, NotSent
from mailer.adapters.providers.answers import enquired, glimpsed
from mailer.core.tokens import normalize
from mailer.ports import Found, NotTaken, Outgoing, Search

SEARCH = Search(
    lag=300.0,
    # The report goes back 90 days. What it does not show within hours a person must
    # see.
    keeps=4 * 3600.0,
)
PAGE = 5000  # events, the most that Brevo gives: more than a call has
_NONSENSE = NotTaken(detail="search: Brevo's answer cannot be understood")


def question(key: str) -> dict[str, str]:
    """Return the parameters that ask for all events with this tag.

    All: whatever happened to a message, it was taken.
    """
    return {
        "limit": str(PAGE),
        "days": "2",  # yesterday and today, on whatever clock the account has
        "tags": json.dumps([key]),
    }


def read(
    answer: Answer | NotSent | NoAnswer, outgoing: Outgoing, *, now: datetime
) -> Found | NotTaken:
    """Read what was found; anything that is not a whole answer is none now."""
    found = enquired("Brevo", answer, "message", now=now)
    if isinstance(found, NotTaken):
        return found
    events = found.get("events", [])  # without any, the answer may be empty
    if not isinstance(events, list) or not found.keys() <= {"events"}:
        return _NONSENSE
    try:
        ours = dict(_ours(events, outgoing.key))
    except (AttributeError, KeyError, TypeError):
        return _NONSENSE
    return glimpsed("Brevo", ours, outgoing.recipients)


def _ours(events: list[Any], key: str) -> Iterator[tuple[str, str]]:
    """Yield the address and Brevo's id of each event with this tag.

    Raises AttributeError, KeyError or TypeError where there is none.
    """
    for event in events:
        if key in event.get("tag", ""):  # where there are several, they stand in a row
            yield normalize(event["email"]), str(event["messageId"]).strip("<>")
