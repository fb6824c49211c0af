"""Brevo: up to 200 versions of a message in one call, under a key.

Facts: Brevo's OpenAPI file and guides as of 2026-11 (send a transactional email,
batch sending, idempotency, event report). A call under a key that was used before is
not processed, and answers that it is a duplicate: without results, and whatever became
of the first. Opens and clicks are tracked as the account is set, which no call can
undo.
"""

from mailer.adapters.http import Answer
from mailer.adapters.providers.api import Api, Call
from mailer.adapters.providers.brevo.answer import parse
from mailer.adapters.providers.brevo.message import build
from mailer.adapters.providers.brevo.search import SEARCH, question, read
from mailer.adapters.providers.options import Setup
from mailer.ports import Capabilities, Found, NotTaken, Outcome, Outgoing

URL = "https://api.brevo.com"
# Of 1,000 versions: 200 messages of 30 KB go through a slow line within half of a
# call's time.
MAX_BATCH = 200
# Seconds. The guide says 30 minutes, the notice of its introduction (2021) said 15.
KEY_LIVES = 15 * 60.0
_OF_SMTP = "xsmtpsib-"  # what a key for SMTP begins with


class Brevo(Api):
    """Carries mail through Brevo's transactional API."""

    vendor = "Brevo"

    def __init__(self, setup: Setup) -> None:
        """Read the options token and shared_body."""
        token = setup.options.secret("token")
        if token.startswith(_OF_SMTP):
            raise setup.options.error(
                "token",
                f"is the key for SMTP ({_OF_SMTP}…), which the API refuses; make one"
                " at Brevo: SMTP & API, API Keys (xkeysib-…)",
            )
        super().__init__(setup, url=URL, headers={"api-key": token})
        self._shared = setup.options.flag("shared_body", default=False)
        self.capabilities = Capabilities(
            max_batch=MAX_BATCH,
            per_recipient_result=False,
            shared_body=self._shared,
            idempotency_ttl=KEY_LIVES,
            search=SEARCH,
            longest_call=self.http.longest,
        )

    def build(self, outgoing: Outgoing) -> Call:
        """Write the call for a batch."""
        return build(outgoing, shared_body=self._shared)

    def parse(self, answer: Answer, call: Call) -> Outcome:
        """Say what an answer means for all recipients."""
        return parse(answer, call, now=self.clock())

    def find(self, outgoing: Outgoing) -> Found | NotTaken:
        """Look for the batch's tag in the event report."""
        answer = self.get("/v3/smtp/statistics/events", question(outgoing.key))
        return read(answer, outgoing, now=self.clock())
