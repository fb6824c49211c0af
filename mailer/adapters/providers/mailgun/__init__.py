"""Mailgun: one body for up to a thousand people, with variables at the slots.

Facts: Mailgun's API reference and manual as of 2026-11 (messages, batch sending,
events, tags). There is no idempotency key; each call carries its key as a tag, by
which its events are found. One id stands for all messages of a call, which also share
the Message-ID that Mailgun makes of it. A domain may have 20,000 tags and a tag lives
30 days, so calls of a thousand reach 20 million messages a month.
"""

import base64
import re

from mailer.adapters.http import Answer
from mailer.adapters.providers.answers import matched
from mailer.adapters.providers.api import Api, Call
from mailer.adapters.providers.mailgun.answer import parse
from mailer.adapters.providers.mailgun.form import build
from mailer.adapters.providers.mailgun.search import (
    MOST_PAGES,
    question,
    read,
)
from mailer.adapters.providers.options import Setup
from mailer.ports import (
    Capabilities,
    Found,
    NotTaken,
    Outcome,
    Outgoing,
    Search,
)

URL = "https://api.mailgun.net"  # in the EU: https://api.eu.mailgun.net
MAX_BATCH = 1000  # recipients, Mailgun's own limit
SEARCH = Search(
    # Mailgun calls a page of events complete when it is half an hour old (event
    # polling, read 2026-11).
    lag=45 * 60.0,
    # Free accounts see one day of events, others up to thirty. The API does not tell.
    keeps=86_400.0,
)
_DOMAIN = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


class Mailgun(Api):
    """Carries mail through Mailgun's batch sending."""

    vendor = "Mailgun"
    largest = 25 * 1000 * 1000

    def __init__(self, setup: Setup) -> None:
        """Read the options token and domain."""
        options = setup.options
        domain = options.text("domain")
        if domain is None or not _DOMAIN.fullmatch(domain):
            raise options.error(
                "domain",
                'must be the sending domain at Mailgun, such as "mg.example.org"',
            )
        login = base64.b64encode(f"api:{options.secret('token')}".encode())
        access = {"Authorization": f"Basic {login.decode('ascii')}"}
        super().__init__(setup, url=URL, headers=access)
        self.url = f"{self.url}/v3/{domain}"
        self.capabilities = Capabilities(
            max_batch=MAX_BATCH,
            per_recipient_result=False,
            shared_body=True,
            search=SEARCH,
            longest_call=self.http.longest,
        )

    def build(self, outgoing: Outgoing) -> Call:
        """Write the call for a batch."""
        return build(outgoing)

    def parse(self, answer: Answer, call: Call) -> Outcome:
        """Say what an answer means for all recipients."""
        return parse(answer, call, now=self.clock())

    def find(self, outgoing: Outgoing) -> Found | NotTaken:
        """Read the events with the batch's tag, to the last page, which is empty."""
        found: dict[str, str] = {}
        path, asked = "/events", question(outgoing)
        for _ in range(MOST_PAGES):
            answer = self.get(path, asked)
            page = read(answer, key=outgoing.key, now=self.clock())
            if isinstance(page, NotTaken):
                return page
            if page.next is None:
                return matched(found, outgoing.recipients)
            found |= page.messages
            path, asked = f"/events/{page.next}", {}
        return NotTaken(detail="search: Mailgun's events have no end")
