"""Postmark: one call per batch, one answer per message.

Facts: Postmark's API reference as of 2026-11 (developer/api/email-api, messages-api
and overview). There is no idempotency key; each message carries its batch's key as
tag and metadata, so that Postmark's activity can be searched for what it accepted.
"""

from mailer.adapters.http import Answer
from mailer.adapters.providers.answers import matched
from mailer.adapters.providers.api import Api, Call
from mailer.adapters.providers.options import Setup
from mailer.adapters.providers.postmark.answer import parse
from mailer.adapters.providers.postmark.message import build
from mailer.adapters.providers.postmark.search import (
    STATUSES,
    Page,
    question,
    read,
)
from mailer.ports import (
    Capabilities,
    Found,
    NotTaken,
    Outcome,
    Outgoing,
    Search,
)

URL = "https://api.postmarkapp.com"
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


class Postmark(Api):
    """Carries mail through Postmark's batch endpoint."""

    vendor = "Postmark"
    largest = 50 * 1000 * 1000

    def __init__(self, setup: Setup) -> None:
        """Read the options token and stream."""
        token = setup.options.secret("token")
        super().__init__(setup, url=URL, headers={"X-Postmark-Server-Token": token})
        self.capabilities = Capabilities(
            max_batch=MAX_BATCH, search=SEARCH, longest_call=self.http.longest
        )
        self._stream = setup.options.text("stream") or "broadcast"

    def build(self, outgoing: Outgoing) -> Call:
        """Write the call for a batch."""
        return build(outgoing, stream=self._stream)

    def parse(self, answer: Answer, call: Call) -> Outcome:
        """Say what an answer means for each recipient."""
        return parse(answer, call, now=self.clock())

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
        asked = question(key, stream=self._stream, status=status, offset=offset)
        answer = self.get("/messages/outbound", asked)
        return read(answer, key=key, offset=offset, now=self.clock())
