"""A batch as Postmark takes it: complete messages in one JSON array."""

import json
from functools import lru_cache

from mailer.adapters.providers.api import Call
from mailer.adapters.providers.filling import fill, leave_entry, list_headers
from mailer.core.envelope import Letter, json_inner, pieces
from mailer.core.headers import header_text, unicode_mailbox
from mailer.ports import Outgoing


def build(outgoing: Outgoing, *, stream: str) -> Call:
    """Write the request body; a recipient whose address is no address stays out.

    Raises InputError if the letter itself cannot be sent to anybody.
    """
    messages, refused = fill(outgoing, _message(outgoing.letter, stream))
    count = len(outgoing.recipients) - len(refused)
    return Call(
        path="/email/batch",
        body=(b"[", *messages, b"]"),
        count=count,
        refused=refused,
    )


@lru_cache(maxsize=16)  # encoding a letter costs more than filling it a dozen times
def _message(letter: Letter, stream: str) -> tuple[bytes | str, ...]:
    # without the closing brackets: keys and headers of call and recipient follow
    shared = json.dumps(_shared(letter, stream), ensure_ascii=False)[:-1]
    headers = json.dumps(_headers(letter))[:-1]
    leaving = leave_entry(letter, ',{"Name":"List-Unsubscribe","Value":"')
    return (
        shared.encode(),
        b',"Tag":"',
        "key",
        b'","Metadata":{"batch":"',
        "key",
        b'"},"To":"',
        "to",
        b'","HtmlBody":"',
        *pieces(letter.html, json_inner),
        b'","TextBody":"',
        *pieces(letter.text, json_inner),
        b'","Headers":',
        headers.encode(),
        b',{"Name":"Message-ID","Value":"<',
        "message_id",
        b'>"}',
        *((leaving.encode(), "leave", b'>"}') if leaving else ()),
        b"]}",
    )


def _shared(letter: Letter, stream: str) -> dict[str, object]:
    sender = unicode_mailbox("From", letter.sender_name, letter.sender_address)
    shared: dict[str, object] = {
        "From": sender,
        "Subject": header_text("Subject", letter.subject),
        "MessageStream": stream,
        "TrackOpens": False,
        "TrackLinks": "None",
    }
    if letter.reply_to:
        shared["ReplyTo"] = unicode_mailbox("Reply-To", None, letter.reply_to)
    return shared


def _headers(letter: Letter) -> list[dict[str, str]]:
    # X-PM-KeepID: our Message-ID stays
    headers = list_headers(letter) | {"X-PM-KeepID": "true"}
    return [{"Name": name, "Value": value} for name, value in headers.items()]
