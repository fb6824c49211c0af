"""A batch as SendGrid takes it: one content, and a personalization per reader."""

import hashlib
import json
from functools import partial

from mailer.adapters.providers.api import Call
from mailer.adapters.providers.filling import addressed, leave_entry, list_headers
from mailer.adapters.providers.harmless import NOTHING
from mailer.adapters.providers.sharing import shared, slots, values
from mailer.core.envelope import Letter, json_inner
from mailer.core.headers import header_text, wire_address
from mailer.ports import Outgoing, Refused

_UNTRACKED = {  # nobody is tracked, and no footer or link of SendGrid's is added
    "tracking_settings": {
        "click_tracking": {"enable": False, "enable_text": False},
        "open_tracking": {"enable": False},
        "subscription_tracking": {"enable": False},
        "ganalytics": {"enable": False},
    },
    "mail_settings": {"footer": {"enable": False}},
}


def build(outgoing: Outgoing) -> Call:
    """Write the request body; a recipient whose address is no address stays out.

    Raises InputError if the letter itself cannot be sent to anybody.
    """
    letter = outgoing.letter
    named = partial(_tag, _nonce(outgoing.key))
    write = values(slots(letter), NOTHING, named)
    # In each personalization, since it is nowhere documented whether the headers there
    # are added to those of the whole call or stand in their place.
    headers = json.dumps(list_headers(letter))[:-1]
    key = json_inner(outgoing.key).decode()
    leaving = leave_entry(letter, ',"List-Unsubscribe":"')
    people: list[str] = []
    refused: dict[int, Refused] = {}
    for recipient, address in addressed(outgoing, refused):
        leave = f'{leaving}{recipient.leave}>"' if leaving else ""
        people.append(
            f'{{"to":[{{"email":"{address.decode()}"}}]'
            f',"headers":{headers},"Message-ID":"<{letter.message_id(recipient.uid)}>"'
            f"{leave}}}"
            f',"substitutions":{write(recipient)}'
            f',"custom_args":{{"batch":"{key}"}}}}'
        )
    common = json.dumps(_common(outgoing, named), ensure_ascii=False)[1:]
    body = f'{{"personalizations":[{",".join(people)}],{common}'
    return Call(
        path="/v3/mail/send",
        body=(body.encode(),),
        count=len(people),
        refused=refused,
    )


def _common(outgoing: Outgoing, named: "partial[str]") -> dict[str, object]:
    letter = outgoing.letter
    common: dict[str, object] = {
        "from": _sender(letter),
        "subject": header_text("Subject", letter.subject),
        "content": [  # in this order, SendGrid asks for the plain one first
            {"type": "text/plain", "value": shared(letter.text, str, named)},
            {"type": "text/html", "value": shared(letter.html, str, named)},
        ],
        "categories": [outgoing.key],
        **_UNTRACKED,
    }
    if letter.reply_to:
        reply_to = wire_address("Reply-To", letter.reply_to).decode("ascii")
        common["reply_to"] = {"email": reply_to}
    return common


def _sender(letter: Letter) -> dict[str, str]:
    address = wire_address("From", letter.sender_address).decode("ascii")
    return {"email": address, "name": header_text("From", letter.sender_name)}


def _nonce(key: str) -> str:
    """Return what makes a call's tags its own: nobody who writes can know it.

    SendGrid replaces tags letter by letter, so that no word is a tag but ours.
    """
    return hashlib.blake2b(key.encode(), digest_size=9, person=b"tag").hexdigest()


def _tag(nonce: str, slot: str) -> str:
    return f"-{slot}-{nonce}-"
