"""SendGrid: one body for up to 500 people, with substitutions at the slots.

Facts: SendGrid's OpenAPI file and API reference as of 2026-11 (mail send,
personalizations, substitution tags, email logs). There is no idempotency key, and a
call is taken whole or not at all: 202 without a body. Each carries its key as a
category, by which the email logs are searched.
"""

from mailer.adapters.http import Answer
from mailer.adapters.providers.api import Api, Call
from mailer.adapters.providers.options import Setup
from mailer.adapters.providers.sendgrid.answer import parse
from mailer.adapters.providers.sendgrid.message import build
from mailer.adapters.providers.sendgrid.search import SEARCH, question, read
from mailer.ports import Capabilities, Found, NotTaken, Outcome, Outgoing

URL = "https://api.sendgrid.com"  # EU subusers: https://api.eu.sendgrid.com
# Of 1,000: the logs show at most 1,000 messages, and this many are never cut.
MAX_BATCH = 500


class SendGrid(Api):
    """Carries mail through SendGrid's Mail Send."""

    vendor = "SendGrid"
    largest = 30 * 1000 * 1000

    def __init__(self, setup: Setup) -> None:
        """Read the options token and logs."""
        token = setup.options.secret("token")
        super().__init__(setup, url=URL, headers={"Authorization": f"Bearer {token}"})
        logs = setup.options.flag("logs", default=True)
        self.capabilities = Capabilities(
            max_batch=MAX_BATCH,
            per_recipient_result=False,
            shared_body=True,
            search=SEARCH if logs else None,
            longest_call=self.http.longest,
        )

    def build(self, outgoing: Outgoing) -> Call:
        """Write the call for a batch."""
        return build(outgoing)

    def parse(self, answer: Answer, call: Call) -> Outcome:
        """Say what an answer means for all recipients."""
        return parse(answer, call, now=self.clock())

    def find(self, outgoing: Outgoing) -> Found | NotTaken:
        """Search the email logs for the batch's category."""
        answer = self.post(question(outgoing))
        return read(answer, outgoing, now=self.clock())
