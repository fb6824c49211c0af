"""A batch as Mailgun takes it: a form, with every reader's own words as variables."""

import hashlib
from collections.abc import Iterator

from mailer.adapters.providers.api import Call
from mailer.adapters.providers.filling import addressed, leave_header, list_headers
from mailer.adapters.providers.mailgun import harmless
from mailer.adapters.providers.sharing import shared, slots, values
from mailer.core.envelope import Letter
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
    common = _form(delimiter, _fields(outgoing))
    letter = outgoing.letter
    variables = values({"leave", *slots(letter)}, harmless.WORDS)
    addresses: list[str] = []
    personal: list[str] = []
    refused: dict[int, Refused] = {}
    for recipient, _ in addressed(outgoing, refused):
        addresses.append(recipient.address)
        personal.append(f'"{recipient.address}":{variables(recipient)}')
    readers = _form(
        delimiter,
        [
            *(("to", address) for address in addresses),
            ("recipient-variables", f"{{{','.join(personal)}}}"),
        ],
    )
    body = f"{common}{readers}{delimiter}--\r\n".encode()
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
        ("html", shared(letter.html, harmless.markup, _variable)),
        ("text", shared(letter.text, harmless.plain, _variable)),
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
    if letter.leave_prefix is not None:
        harmless.header("List-Unsubscribe", letter.leave_prefix)
    if leaving := leave_header(letter, _variable("leave")):
        yield "List-Unsubscribe", leaving


def _variable(slot: str) -> str:
    return f"%recipient.{slot}%"
