"""What SendGrid's email logs say about a call (reference: email logs, 2026-11).

All accounts may ask them, with a key that has the right to. A message shows when it
has been processed, and nobody says how long that takes: so that what is found there
was taken, and what is not may still come.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from mailer.adapters.http import Answer, NoAnswer, NotSent
from mailer.adapters.providers.answers import enquired, glimpsed
from mailer.adapters.providers.api import Call
from mailer.core.tokens import normalize
from mailer.ports import Found, NotTaken, Outgoing, Search

SEARCH = Search(
    lag=600.0,
    # The logs go back 30 days. What they do not show within hours a person must see.
    keeps=4 * 3600.0,
)
PAGE = 1000  # messages, the most that SendGrid gives; there is no second page
_OTHER_CLOCK = timedelta(hours=1)  # by which SendGrid's may be behind ours
_NONSENSE = NotTaken(detail="search: SendGrid's answer cannot be understood")


def question(outgoing: Outgoing) -> Call:
    """Return the call that asks for the messages of a category."""
    since = (outgoing.date - _OTHER_CLOCK).strftime("%Y-%m-%dT%H:%M:%SZ")
    query = (
        f"categories IN ('{outgoing.key}')"
        f' AND sg_message_id_created_at > TIMESTAMP "{since}"'
    )
    body = json.dumps({"query": query, "limit": PAGE}).encode()
    return Call(path="/v3/logs", body=(body,), count=0, refused={})


def read(
    answer: Answer | NotSent | NoAnswer, outgoing: Outgoing, *, now: datetime
) -> Found | NotTaken:
    """Read what was found; anything that is not a whole answer is none now."""
    found = enquired("SendGrid", answer, "message", now=now)
    if isinstance(found, NotTaken):
        return found
    messages = found.get("messages")
    if not isinstance(messages, list):
        return _NONSENSE
    try:
        ours = dict(_ours(messages, outgoing.letter.subject))
    except (AttributeError, KeyError, TypeError):
        return _NONSENSE
    return glimpsed("SendGrid", ours, outgoing.recipients)


def _ours(messages: list[Any], subject: str) -> Iterator[tuple[str, str]]:
    """Yield the address and SendGrid's id of each message with our subject.

    The logs do not show categories: a search that did not look at them would show
    other mail to the same people. Raises AttributeError, KeyError or TypeError where
    there is no message.
    """
    for message in messages:
        if message["subject"] == subject:
            yield normalize(message["to_email"]), str(message["sg_message_id"])
