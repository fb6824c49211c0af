"""Postmark: one call per batch, one answer per message.

Facts: Postmark's API reference as of 2026-11 (developer/api/email-api, messages-api
and overview). There is no idempotency key; each message carries its batch's key as
tag and metadata, so that Postmark's activity can be searched for what it accepted.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from mailer.adapters.http import Answer, Http, NoAnswer, NotSent
from mailer.adapters.providers.api import connections, matched
from mailer.adapters.providers.options import Options
from mailer.adapters.providers.postmark.answer import parse
from mailer.adapters.providers.postmark.message import build
from mailer.adapters.providers.postmark.search import (
    STATUSES,
    Page,
    question,
    read,
)
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

URL = "https://api.postmarkapp.com"
LARGEST_CALL = 50 * 1000 * 1000  # octets
# Of 500: 200 messages of 30 KB go through a slow line within half of a call's time.
MAX_BATCH = 200
SEARCH = Search(
    # Messages appear in the activity within seconds; ten minutes also outlast a call
    # that Postmark goes on working at after we have hung up.
    lag=600.0,
    # The activity is kept for 45 days, or as few as 7 if somebody has set it so
    # (support article 1289, read 2026-11). The API does not tell which.
    keeps=7 * 86_400.0,
)


class Postmark:
    """Carries mail through Postmark's batch endpoint."""

    def __init__(
        self,
        *,
        name: str,
        token: str,
        http: Http,
        clock: Callable[[], datetime],
        base_url: str = URL,
        stream: str = "broadcast",
    ) -> None:
        self.name = name
        self.capabilities = Capabilities(
            max_batch=MAX_BATCH, search=SEARCH, longest_call=http.longest
        )
        self._url = base_url
        self._http = http
        self._clock = clock
        self._stream = stream
        self._headers = {
            "Accept": "application/json",
            "X-Postmark-Server-Token": token,
        }

    @classmethod
    def configured(
        cls,
        name: str,
        options: Options,
        folder: Path,
        clock: Callable[[], datetime],
    ) -> "Postmark":
        """Read the options token, stream, base_url, timeout, proxy and ca_file."""
        return cls(
            name=name,
            token=options.secret("token"),
            stream=options.text("stream") or "broadcast",
            base_url=options.url("base_url", URL),
            clock=clock,
            http=connections(options, folder),
        )

    def send(self, outgoing: Outgoing) -> Outcome:
        """Hand over one batch in one call."""
        call = build(outgoing, stream=self._stream)
        if not call.count:
            return Answered(results=call.merge(()))
        if call.size > LARGEST_CALL:
            return NotTaken(detail="the batch is over Postmark's 50 MB", split=True)
        answer = self._http.post(
            f"{self._url}/email/batch",
            body=call.body,
            headers={**self._headers, "Content-Type": "application/json"},
        )
        match answer:
            case NotSent(detail=detail, stop=stop):
                return NotTaken(detail=detail, stop=stop)
            case NoAnswer(detail=detail):
                return Unknown(detail=detail)
            case Answer():
                return parse(answer, call, now=self._clock())

    def find(self, outgoing: Outgoing) -> Found | NotTaken:
        """Search the activity for the batch's tag."""
        found: dict[str, str] = {}
        for status in STATUSES:
            offset, total = 0, 1
            while offset < total:
                page = self._page(outgoing.key, status, offset)
                if isinstance(page, NotTaken):
                    return page
                found |= page.messages
                offset, total = offset + page.size, page.total
        return matched(found, outgoing.recipients)

    def _page(self, key: str, status: str | None, offset: int) -> Page | NotTaken:
        answer = self._http.get(
            f"{self._url}/messages/outbound",
            headers=self._headers,
            params=question(key, stream=self._stream, status=status, offset=offset),
        )
        return read(answer, key=key, offset=offset, now=self._clock())

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
