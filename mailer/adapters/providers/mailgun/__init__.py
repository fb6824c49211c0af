"""Mailgun: one body for up to a thousand people, with variables at the slots.

Facts: Mailgun's API reference and manual as of 2026-11 (messages, batch sending,
events, tags). There is no idempotency key; each call carries its key as a tag, by
which its events are found. One id stands for all messages of a call, which also share
the Message-ID that Mailgun makes of it. A domain may have 20,000 tags and a tag lives
30 days, so calls of a thousand reach 20 million messages a month.
"""

import base64
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from mailer.adapters.http import Answer, Http, NoAnswer, NotSent
from mailer.adapters.providers.api import connections, matched
from mailer.adapters.providers.mailgun.answer import parse
from mailer.adapters.providers.mailgun.form import boundary, build
from mailer.adapters.providers.mailgun.search import (
    MOST_PAGES,
    question,
    read,
)
from mailer.adapters.providers.options import Options
from mailer.ports import (
    Answered,
    Capabilities,
    Found,
    NotTaken,
    Outcome,
    Outgoing,
    Search,
    Unknown,
)

URL = "https://api.mailgun.net"  # in the EU: https://api.eu.mailgun.net
MAX_BATCH = 1000  # recipients, Mailgun's own limit
LARGEST_CALL = 25 * 1000 * 1000  # octets
SEARCH = Search(
    # Mailgun calls a page of events complete when it is half an hour old (event
    # polling, read 2026-11).
    lag=45 * 60.0,
    # Free accounts see one day of events, others up to thirty. The API does not tell.
    keeps=86_400.0,
)
_DOMAIN = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


class Mailgun:
    """Carries mail through Mailgun's batch sending."""

    def __init__(
        self,
        *,
        name: str,
        token: str,
        domain: str,
        http: Http,
        clock: Callable[[], datetime],
        base_url: str = URL,
    ) -> None:
        self.name = name
        self.capabilities = Capabilities(
            max_batch=MAX_BATCH,
            per_recipient_result=False,
            shared_body=True,
            search=SEARCH,
            longest_call=http.longest,
        )
        self._url = f"{base_url}/v3/{domain}"
        self._http = http
        self._clock = clock
        login = base64.b64encode(f"api:{token}".encode()).decode("ascii")
        self._headers = {
            "Accept": "application/json",
            "Authorization": f"Basic {login}",
        }

    @classmethod
    def configured(
        cls,
        name: str,
        options: Options,
        folder: Path,
        clock: Callable[[], datetime],
    ) -> "Mailgun":
        """Read the options token, domain, base_url, timeout, proxy and ca_file."""
        domain = options.text("domain")
        if domain is None or not _DOMAIN.fullmatch(domain):
            raise options.error(
                "domain",
                'must be the sending domain at Mailgun, such as "mg.example.org"',
            )
        return cls(
            name=name,
            token=options.secret("token"),
            domain=domain,
            base_url=options.url("base_url", URL),
            clock=clock,
            http=connections(options, folder),
        )

    def send(self, outgoing: Outgoing) -> Outcome:
        """Hand over one batch in one call."""
        call = build(outgoing)
        if not call.count:
            return Answered(results=call.merge(()))
        if call.size > LARGEST_CALL:
            return NotTaken(detail="the batch is over Mailgun's 25 MB", split=True)
        content_type = f"multipart/form-data; boundary={boundary(outgoing.key)}"
        answer = self._http.post(
            f"{self._url}/messages",
            body=call.body,
            headers={**self._headers, "Content-Type": content_type},
        )
        match answer:
            case NotSent(detail=detail, stop=stop):
                return NotTaken(detail=detail, stop=stop)
            case NoAnswer(detail=detail):
                return Unknown(detail=detail)
            case Answer():
                return parse(answer, call, now=self._clock())

    def find(self, outgoing: Outgoing) -> Found | NotTaken:
        """Read the events with the batch's tag, to the last page, which is empty."""
        found: dict[str, str] = {}
        url, asked = f"{self._url}/events", question(outgoing)
        for _ in range(MOST_PAGES):
            answer = self._http.get(url, headers=self._headers, params=asked)
            page = read(answer, key=outgoing.key, now=self._clock())
            if isinstance(page, NotTaken):
                return page
            if page.next is None:
                return matched(found, outgoing.recipients)
            found |= page.messages
            url, asked = f"{self._url}/events/{page.next}", {}
        return NotTaken(detail="search: Mailgun's events have no end")

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
