"""One body for many readers, with variables at the slots, and an answer for each.

In a template that stands in the call itself SES knows plain `{{variables}}` and nothing
more (TemplateContent, read 2026-11), and it does not escape their values.
"""

import json
import re
from datetime import datetime
from http import HTTPStatus

from mailer.adapters.http import Answer
from mailer.adapters.providers.answers import document
from mailer.adapters.providers.api import Call
from mailer.adapters.providers.filling import addressed, leave_entry, list_headers
from mailer.adapters.providers.foreign import words
from mailer.adapters.providers.harmless import Harmless
from mailer.adapters.providers.ses.refusal import DAY, refused
from mailer.adapters.providers.sharing import shared, slots, values
from mailer.core.envelope import Letter
from mailer.core.headers import header_text, mailbox
from mailer.ports import (
    Accepted,
    Answered,
    Deferred,
    NotTaken,
    Outcome,
    Outgoing,
    Refused,
    Result,
    Unknown,
    Unsure,
)

# A backslash too, which takes the meaning from the brace behind it. Up to the end as
# well: what follows there may be a variable of ours.
WORDS = Harmless("{\\", re.compile(r"[{\\](?=\{|\Z)"))

# Status of one message of a call, as botocore's model lists them
_NEVER = {"MESSAGE_REJECTED", "INVALID_PARAMETER"}
_LATER = {"ACCOUNT_THROTTLED", "TRANSIENT_FAILURE", "FAILED"}
_QUOTA = "ACCOUNT_DAILY_QUOTA_EXCEEDED"
_PERSON = {
    "ACCOUNT_SENDING_PAUSED",
    "ACCOUNT_SUSPENDED",
    "CONFIGURATION_SET_NOT_FOUND",
    "CONFIGURATION_SET_SENDING_PAUSED",
    "INVALID_SENDING_POOL_NAME",
    "MAIL_FROM_DOMAIN_NOT_VERIFIED",
    "TEMPLATE_NOT_FOUND",
}


def build(outgoing: Outgoing, *, configuration_set: str | None) -> Call:
    """Write the request body; a recipient whose address is no address stays out.

    Raises InputError if the letter itself cannot be sent to anybody.
    """
    letter = outgoing.letter
    write = values(slots(letter), WORDS)
    opening = ',"ReplacementHeaders":[{"Name":"List-Unsubscribe","Value":"'
    leaving = leave_entry(letter, opening)
    entries: list[str] = []
    faults: dict[int, Refused] = {}
    for recipient, address in addressed(outgoing, faults):
        leave = f'{leaving}{recipient.leave}>"}}]' if leaving else ""
        data = json.dumps(write(recipient), ensure_ascii=False)
        entries.append(
            f'{{"Destination":{{"ToAddresses":["{address.decode()}"]}}'
            ',"ReplacementEmailContent":{"ReplacementTemplate":'
            f'{{"ReplacementTemplateData":{data}}}}}{leave}}}'
        )
    common = json.dumps(_common(outgoing, configuration_set), ensure_ascii=False)[:-1]
    body = f'{common},"BulkEmailEntries":[{",".join(entries)}]}}'
    return Call(
        path="/v2/email/outbound-bulk-emails",
        body=(body.encode(),),
        count=len(entries),
        refused=faults,
    )


def _common(outgoing: Outgoing, configuration_set: str | None) -> dict[str, object]:
    letter = outgoing.letter
    sender = mailbox("From", letter.sender_name, letter.sender_address)
    common: dict[str, object] = {
        "FromEmailAddress": sender.replace("\r\n", ""),
        "DefaultContent": {"Template": _template(letter)},
        "DefaultEmailTags": [{"Name": "batch", "Value": outgoing.key}],
    }
    if letter.reply_to:
        common["ReplyToAddresses"] = [mailbox("Reply-To", None, letter.reply_to)]
    if configuration_set:
        common["ConfigurationSetName"] = configuration_set
    return common


def _template(letter: Letter) -> dict[str, object]:
    # What a reader had no value for would never arrive, and the call would not tell.
    nothing = dict.fromkeys(slots(letter), "")
    return {
        "TemplateContent": {
            "Subject": WORDS.plain(header_text("Subject", letter.subject)),
            "Html": shared(letter.html, WORDS.markup, _variable),
            "Text": shared(letter.text, WORDS.plain, _variable),
        },
        "TemplateData": json.dumps(nothing, sort_keys=True),
        "Headers": [
            {"Name": name, "Value": value}
            for name, value in list_headers(letter).items()
        ],
    }


def _variable(slot: str) -> str:
    return f"{{{{{slot}}}}}"


# --- what came back


def parse(answer: Answer, call: Call, *, now: datetime) -> Outcome:
    """Say what an answer means for each recipient; `now` is aware."""
    if answer.status != HTTPStatus.OK:
        return refused(answer, now=now)
    found = document(answer)
    items = found.get("BulkEmailEntryResults") if isinstance(found, dict) else None
    if not isinstance(items, list) or len(items) != call.count:
        return Unknown(detail="Amazon SES's answer does not match what was sent")
    results = [_result(item) for item in items]
    rest = _rest([_status(item) for item in items], results)
    if rest and all(isinstance(result, Deferred) for result in call.merge(results)):
        return rest
    return Answered(results=call.merge(results), rest=rest)


def _result(item: object) -> Result:
    status = _status(item)
    if not isinstance(item, dict):
        return Unsure(detail="Amazon SES's answer for this message is unreadable")
    text = words(str(item.get("Error") or status))
    if status == "SUCCESS":
        identifier = item.get("MessageId")
        return Accepted(provider_id=str(identifier) if identifier else None)
    if status in _NEVER:
        return Refused(code=status, detail=text)
    if status in _LATER | _PERSON | {_QUOTA}:
        return Deferred(detail=f"{status}: {text}")
    return Unsure(detail=f"Amazon SES says {text or 'nothing'} of this message")


def _rest(statuses: list[str], results: list[Result]) -> NotTaken | None:
    """Return why SES takes nothing more for now, if a message says so."""
    for status, result in zip(statuses, results, strict=True):
        if not isinstance(result, Deferred) or status in {
            "TRANSIENT_FAILURE",
            "FAILED",
        }:
            continue
        return NotTaken(
            detail=result.detail,
            stop=status in _PERSON,
            retry_after=DAY if status == _QUOTA else None,
        )
    return None


def _status(item: object) -> str:
    return str(item.get("Status", "")) if isinstance(item, dict) else ""
