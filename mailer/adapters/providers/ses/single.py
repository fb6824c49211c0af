"""One complete message per call: SES adds its Message-ID and changes nothing else."""

import base64
import json
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus

from mailer.adapters.http import Answer
from mailer.adapters.providers.answers import document
from mailer.adapters.providers.api import Call
from mailer.adapters.providers.filling import addressed
from mailer.adapters.providers.ses.refusal import refused
from mailer.core.envelope import Letter
from mailer.core.mime import MimeForm
from mailer.ports import Accepted, Answered, Outcome, Outgoing, Refused, Unknown


def build(outgoing: Outgoing, *, configuration_set: str | None) -> Call:
    """Write the request body for a batch of one.

    Raises InputError if the letter itself cannot be sent to anybody.
    """
    form = _form(outgoing.letter, outgoing.date)
    faults: dict[int, Refused] = {}
    body: list[bytes] = []
    for recipient, _ in addressed(outgoing, faults):
        raw = base64.b64encode(form.fill(recipient)).decode("ascii")
        call: dict[str, object] = {
            "Destination": {"ToAddresses": [recipient.address]},
            "Content": {"Raw": {"Data": raw}},
            "EmailTags": [{"Name": "batch", "Value": outgoing.key}],
        }
        if configuration_set:
            call["ConfigurationSetName"] = configuration_set
        body.append(json.dumps(call).encode())
    return Call(
        path="/v2/email/outbound-emails", body=body, count=len(body), refused=faults
    )


@lru_cache(maxsize=16)  # calls of one message of one letter follow one another
def _form(letter: Letter, date: datetime) -> MimeForm:
    return MimeForm(letter, date)


def parse(answer: Answer, call: Call, *, now: datetime) -> Outcome:
    """Say what an answer means; `now` is aware."""
    if answer.status != HTTPStatus.OK:
        return refused(answer, now=now)
    found = document(answer)
    identifier = found.get("MessageId") if isinstance(found, dict) else None
    if not isinstance(identifier, str) or not identifier:
        return Unknown(detail="Amazon SES's answer lacks the id of the message")
    return Answered(results=call.merge([Accepted(provider_id=identifier)]))
