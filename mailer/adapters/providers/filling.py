"""What goes out to an API: headers that a batch shares, and messages as JSON."""

from collections.abc import Callable, Iterator
from functools import lru_cache

from mailer.core.envelope import (
    Encoder,
    Frame,
    Letter,
    Recipient,
    json_html,
    json_inner,
    json_text,
)
from mailer.core.errors import InputError
from mailer.core.headers import encode_structured, header_text, wire_address
from mailer.ports import Outgoing, Refused


def list_headers(letter: Letter) -> dict[str, str]:
    """Return the headers that all messages share, in ASCII.

    Unfolded: an API would take the line break for an attempt to inject. Raises
    InputError for one that cannot stand in a header.
    """
    headers = {
        name: encode_structured(name, value).replace("\r\n", "")
        for name, value in letter.headers
    }
    if letter.leave_prefix is not None:
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def leave_header(letter: Letter, token: str) -> str | None:
    """Return the List-Unsubscribe of the reader with this token (RFC 8058).

    None: the letter is of no list. Raises InputError if the address of the link cannot
    stand in a header.
    """
    if letter.leave_prefix is None:
        return None
    return f"<{header_text('List-Unsubscribe', letter.leave_prefix)}{token}>"


def leave_entry(letter: Letter, before: str) -> str | None:
    """Return the beginning of that header as JSON writes it, up to where the token goes.

    `before` is what stands before its value, such as its name.
    """
    value = leave_header(letter, "")
    return None if value is None else before + json_inner(value[:-1]).decode()


def addressed(
    outgoing: Outgoing, refused: dict[int, Refused]
) -> Iterator[tuple[Recipient, bytes]]:
    """Yield each recipient with their address for the wire.

    Whose address is no address is noted in `refused`, by position.
    """
    for position, recipient in enumerate(outgoing.recipients):
        try:
            to = wire_address("To", recipient.address)
        except InputError as error:
            refused[position] = Refused(code="invalid-address", detail=str(error))
            continue
        yield recipient, to


def fill(
    outgoing: Outgoing,
    parts: tuple[bytes | str, ...],
    *,
    html: Encoder = json_html,
    text: Encoder = json_text,
) -> tuple[list[bytes], dict[int, Refused]]:
    """Write messages as JSON, in pieces, with a comma between two messages.

    A recipient whose address is no address stays out. The holes of `parts` are `key`,
    `to`, `message_id`, and the slots of letters; `html` and `text` write a reader's
    reason for its place.
    """
    message = _form(parts)
    message_id = outgoing.letter.message_id
    key = json_inner(outgoing.key)
    body: list[bytes] = []
    refused: dict[int, Refused] = {}
    for recipient, to in addressed(outgoing, refused):
        uid, _address, leave, preferences, reason = recipient
        if body:
            body.append(b",")
        body += message(
            key,
            to,  # none of the characters that `wire_address` lets through needs an escape
            message_id(uid).encode("ascii"),
            leave.encode("ascii"),
            preferences.encode("ascii"),
            html(reason),
            text(reason),
        )
    return body, refused


@lru_cache(maxsize=16)  # calls of one message of one letter follow one another
def _form(parts: tuple[bytes | str, ...]) -> Callable[..., list[bytes]]:
    return Frame(parts).in_order(
        "key", "to", "message_id", "leave", "preferences", "reason_html", "reason_text"
    )
