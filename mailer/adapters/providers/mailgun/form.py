"""A batch as Mailgun takes it: a form, with every reader's own words as variables."""

import hashlib
import html
from collections.abc import Callable, Iterator
from functools import lru_cache

from mailer.adapters.providers.api import Call
from mailer.adapters.providers.filling import addressed, leave_header, list_headers
from mailer.adapters.providers.mailgun import harmless
from mailer.core.envelope import Letter, Recipient, Segments, json_inner
from mailer.core.headers import header_text, unicode_mailbox
from mailer.ports import Outgoing, Refused

_SHARED = {  # nobody is tracked
    "o:tracking": "no",
    "o:tracking-clicks": "no",
    "o:tracking-opens": "no",
}


def build(outgoing: Outgoing) -> Call:
    """Write the request body; a recipient whose address is no address stays out.

    Raises InputError if the letter itself cannot be sent to anybody.
    """
    delimiter = f"--{boundary(outgoing.key)}"
    shared = _form(delimiter, _fields(outgoing))
    letter = outgoing.letter
    used = {"leave", *letter.html.slots, *letter.text.slots}
    variables = _variables(used)
    addresses: list[str] = []
    values: list[str] = []
    refused: dict[int, Refused] = {}
    for recipient, _ in addressed(outgoing, refused):
        addresses.append(recipient.address)
        values.append(variables(recipient))
    readers = _form(
        delimiter,
        [
            *(("to", address) for address in addresses),
            ("recipient-variables", f"{{{','.join(values)}}}"),
        ],
    )
    body = f"{shared}{readers}{delimiter}--\r\n".encode()
    content_type = f"multipart/form-data; boundary={boundary(outgoing.key)}"
    return Call(
        path="/messages",
        headers={"Content-Type": content_type},
        body=(body,),
        count=len(addresses),
        refused=refused,
    )


def boundary(key: str) -> str:
    """Return what stands between a form's fields: nobody who writes can know it."""
    digest = hashlib.blake2b(key.encode(), digest_size=16, person=b"form").hexdigest()
    return f"mailer-{digest}"


def _form(delimiter: str, fields: list[tuple[str, str]]) -> str:
    return "".join(
        f'{delimiter}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields
    )


def _fields(outgoing: Outgoing) -> list[tuple[str, str]]:
    letter = outgoing.letter
    sender_name = harmless.plain(letter.sender_name)
    return [
        ("from", unicode_mailbox("From", sender_name, letter.sender_address)),
        ("subject", harmless.plain(header_text("Subject", letter.subject))),
        ("html", _with_variables(letter.html, harmless.markup)),
        ("text", _with_variables(letter.text, harmless.plain)),
        *((f"h:{name}", value) for name, value in _headers(letter)),
        *_SHARED.items(),
        ("o:tag", outgoing.key),
        ("v:batch", outgoing.key),
    ]


def _headers(letter: Letter) -> Iterator[tuple[str, str]]:
    for name, value in list_headers(letter).items():
        yield name, harmless.header(name, value)
    if letter.reply_to:
        yield "Reply-To", unicode_mailbox("Reply-To", None, letter.reply_to)
    harmless.header("List-Unsubscribe", letter.leave_prefix)
    yield "List-Unsubscribe", leave_header(letter, _variable("leave"))


def _variable(slot: str) -> str:
    return f"%recipient.{slot}%"


@lru_cache(maxsize=64)  # small batches of one variant follow one another
def _with_variables(segments: Segments, words: Callable[[str], str]) -> str:
    """Join the texts, with a variable at each slot."""
    parts = [words(segments.texts[0])]
    for slot, text in zip(segments.slots, segments.texts[1:], strict=True):
        parts += (_variable(slot), words(text))
    return "".join(parts)


def _variables(used: set[str]) -> Callable[[Recipient], str]:
    """Return what writes one reader's variables as JSON, as far as they are used.

    Tokens are base64url, and addresses have passed `wire_address`: neither needs an
    escape.
    """
    makers: dict[str, Callable[[Recipient], str]] = {
        "leave": lambda recipient: recipient.leave,
        "preferences": lambda recipient: recipient.preferences,
        "reason_html": lambda recipient: _reason_html(recipient.reason),
        "reason_text": lambda recipient: _reason_text(recipient.reason),
    }
    chosen = [(f'"{slot}":"', makers[slot]) for slot in makers if slot in used]

    def write(recipient: Recipient) -> str:
        values = '",'.join([opening + make(recipient) for opening, make in chosen])
        return f'"{recipient.address}":{{{values}"}}'

    return write


@lru_cache(maxsize=4096)
def _reason_html(reason: str) -> str:
    return json_inner(harmless.markup(html.escape(reason))).decode()


@lru_cache(maxsize=4096)
def _reason_text(reason: str) -> str:
    return json_inner(harmless.plain(reason)).decode()
