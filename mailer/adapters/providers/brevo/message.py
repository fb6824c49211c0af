"""A batch as Brevo takes it: a version of the message per reader."""

import html
import json
import re
from functools import lru_cache

from mailer.adapters.providers.api import Call
from mailer.adapters.providers.filling import (
    addressed,
    fill,
    leave_entry,
    list_headers,
)
from mailer.adapters.providers.harmless import Harmless
from mailer.adapters.providers.sharing import shared, slots, values
from mailer.core.envelope import Letter, json_inner, pieces
from mailer.core.errors import InputError
from mailer.core.headers import encode_header, header_text, wire_address
from mailer.ports import Outgoing, Refused

# Brevo's template language, which it may look for in any message: `{{ }}`, `{% %}`
# and `{# #}`. Up to the end as well: what follows there may be a variable of ours.
WORDS = Harmless("{", re.compile(r"\{(?=[{%#]|\Z)"))
_LONGEST_NAME = 70  # characters
_SPECIAL = re.compile(r'[][()<>:;@\\,."]')  # RFC 5322 §3.2.3


def build(outgoing: Outgoing, *, shared_body: bool) -> Call:
    """Write the request body; a recipient whose address is no address stays out.

    Raises InputError if the letter itself cannot be sent to anybody.
    """
    write = _shared if shared_body else _complete
    versions, refused = write(outgoing)
    common = json.dumps(_common(outgoing, shared_body=shared_body), ensure_ascii=False)[
        :-1
    ]
    return Call(
        path="/v3/smtp/email",
        body=(common.encode(), b',"messageVersions":[', *versions, b"]}"),
        count=len(outgoing.recipients) - len(refused),
        refused=refused,
    )


def _common(outgoing: Outgoing, *, shared_body: bool) -> dict[str, object]:
    letter = outgoing.letter
    common: dict[str, object] = {
        "sender": _sender(letter),
        "subject": WORDS.plain(header_text("Subject", letter.subject)),
        "tags": [outgoing.key],
        "headers": {"idempotencyKey": outgoing.key},
        # Versions may only have bodies of their own where the whole has some. What
        # stands here reaches nobody then.
        "htmlContent": "<p></p>",
        "textContent": " ",
    }
    if shared_body:
        common["htmlContent"] = shared(letter.html, WORDS.markup, _variable)
        common["textContent"] = shared(letter.text, WORDS.plain, _variable)
    if letter.reply_to:
        reply_to = wire_address("Reply-To", letter.reply_to).decode("ascii")
        common["replyTo"] = {"email": reply_to}
    return common


def _sender(letter: Letter) -> dict[str, str]:
    address = wire_address("From", letter.sender_address).decode("ascii")
    name = header_text("From", letter.sender_name)
    # Brevo drops a name that has both letters outside ASCII and one of these, and says
    # nothing (seen by django-anymail, 2025); as an encoded word it arrives.
    encoded = not name.isascii() and _SPECIAL.search(name) is not None
    written = encode_header("From", name).replace("\r\n", "") if encoded else name
    if len(written) > _LONGEST_NAME:
        hint = ", or write it without punctuation" if encoded else ""
        raise InputError(
            f'From: the name "{name}" has {len(written)} characters as Brevo gets it,'
            f" and Brevo takes {_LONGEST_NAME}; shorten [sender] name in mailer.toml or in"
            f" the list{hint}"
        )
    return {"email": address, "name": written}


def _headers(letter: Letter) -> dict[str, str]:
    """Return the headers that all messages share, without words outside ASCII.

    Brevo decodes encoded words and sends the letters as they are (seen by
    django-anymail, 2025), which servers may reject. A list's name is optional in
    List-Id (RFC 2919 §3), its identifier is not.
    """
    return {
        name: value[max(value.find("<"), 0) :] if "=?" in value else value
        for name, value in list_headers(letter).items()
    }


# --- complete messages


def _complete(outgoing: Outgoing) -> tuple[list[bytes], dict[int, Refused]]:
    return fill(
        outgoing, _version(outgoing.letter), html=_reason_html, text=_reason_text
    )


@lru_cache(maxsize=16)  # encoding a letter costs more than filling it a dozen times
def _version(letter: Letter) -> tuple[bytes | str, ...]:
    return (
        b'{"to":[{"email":"',
        "to",
        b'"}],"htmlContent":"',
        *pieces(letter.html, _html),
        b'","textContent":"',
        *pieces(letter.text, _text),
        b'","headers":' + json.dumps(_headers(letter))[:-1].encode(),
        b',"Message-ID":"<',
        "message_id",
        b'>"',
        *_leaving(letter),
        b"}}",
    )


def _leaving(letter: Letter) -> tuple[bytes | str, ...]:
    leaving = leave_entry(letter, ',"List-Unsubscribe":"')
    return (leaving.encode(), "leave", b'>"') if leaving else ()


def _html(text: str) -> bytes:
    return json_inner(WORDS.markup(text))


def _text(text: str) -> bytes:
    return json_inner(WORDS.plain(text))


@lru_cache(maxsize=4096)
def _reason_html(reason: str) -> bytes:
    return _html(html.escape(reason))


@lru_cache(maxsize=4096)
def _reason_text(reason: str) -> bytes:
    return _text(reason)


# --- one body for all


def _shared(outgoing: Outgoing) -> tuple[list[bytes], dict[int, Refused]]:
    letter = outgoing.letter
    write = values(slots(letter), WORDS)
    headers = json.dumps(_headers(letter))[:-1]
    leaving = leave_entry(letter, ',"List-Unsubscribe":"')
    refused: dict[int, Refused] = {}
    versions = [
        f'{{"to":[{{"email":"{address.decode()}"}}],"params":{write(recipient)}'
        f',"headers":{headers},"Message-ID":"<{letter.message_id(recipient.uid)}>"'
        + (f'{leaving}{recipient.leave}>"' if leaving else "")
        + "}}"
        for recipient, address in addressed(outgoing, refused)
    ]
    return [",".join(versions).encode()], refused


def _variable(slot: str) -> str:
    return f"{{{{params.{slot}}}}}"
