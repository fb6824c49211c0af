"""Amazon SES: a complete message per call, or one body for up to 50 people.

Facts: the SES API v2 as of 2026-11 (SendEmail, SendBulkEmail; botocore's model of
them). There is no idempotency key and no search: an outcome that nobody knows waits
for SES's Send event, which names the batch in its tags, or for a person. SES makes the
Message-ID. Opens and clicks are tracked only through a configuration set that asks for
it, which no call can undo.
"""

import re

from mailer.adapters.http import Answer
from mailer.adapters.providers.api import Api, Call
from mailer.adapters.providers.options import Setup
from mailer.adapters.providers.ses import bulk, single
from mailer.adapters.providers.ses.access import access, named
from mailer.ports import Capabilities, Outcome, Outgoing

MAX_BATCH = 50  # destinations, SES's own limit
WINDOW = 64  # messages, when each takes a call of its own
CONCURRENCY = 16
_SET = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Ses(Api):
    """Carries mail through the SES API v2."""

    vendor = "Amazon SES"
    largest = 40 * 1000 * 1000

    def __init__(self, setup: Setup) -> None:
        """Read region, access_key, secret_key, configuration_set and shared_body."""
        options = setup.options
        self._signing, url = access(options)
        super().__init__(setup, url=url)
        self._set = (
            named(options, "configuration_set", _SET, "its name at SES")
            if options.text("configuration_set")
            else None
        )
        self._shared = options.flag("shared_body", default=False)
        self.capabilities = Capabilities(
            max_batch=MAX_BATCH if self._shared else 1,
            window=1 if self._shared else WINDOW,
            concurrency=1 if self._shared else CONCURRENCY,
            shared_body=self._shared,
            longest_call=self.http.longest,
        )

    def build(self, outgoing: Outgoing) -> Call:
        """Write the call for a batch; without a shared body, for one message."""
        build = bulk.build if self._shared else single.build
        return build(outgoing, configuration_set=self._set)

    def headers(self, url: str, call: Call) -> dict[str, str]:
        """Return the headers of a call, signed for now."""
        body = b"".join(call.body)
        return self._signing.sign(
            url, body, {**self._headers, **call.headers}, at=self.clock()
        )

    def parse(self, answer: Answer, call: Call) -> Outcome:
        """Say what an answer means for each recipient."""
        parse = bulk.parse if self._shared else single.parse
        return parse(answer, call, now=self.clock())
