"""What providers behind an HTTP API have in common: many messages in one call."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from mailer.adapters.http import Answer, Http, NoAnswer, NotSent, retry_after
from mailer.adapters.providers.foreign import words
from mailer.adapters.providers.options import Options
from mailer.core.envelope import (
    Frame,
    Letter,
    Recipient,
    json_html,
    json_inner,
    json_text,
)
from mailer.core.errors import InputError
from mailer.core.headers import encode_structured, wire_address
from mailer.core.tokens import normalize
from mailer.ports import Accepted, Found, NotTaken, Outgoing, Refused, Result

ABOUT_US = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
ABOUT_THE_CALL = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
}
ANOTHER_SERVERS = {301, 302, 307, 308, 404, 405, 406, 410, 415}  # wrong base_url

# --- what goes out


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One batch as it will stand on the wire, and who is not part of it."""

    body: Sequence[bytes] = field(repr=False)  # in pieces, which stand in it in order
    count: int  # of messages
    refused: dict[int, Refused]  # by position among the recipients

    @property
    def size(self) -> int:
        """Return the octets of the body."""
        return sum(map(len, self.body))

    def merge(self, results: Sequence[Result]) -> list[Result]:
        """Put the answers back in the order of the recipients."""
        answers = iter(results)
        total = self.count + len(self.refused)
        return [self.refused.get(i) or next(answers) for i in range(total)]


def connections(options: Options, folder: Path) -> Http:
    """Read the options timeout, proxy and ca_file.

    `timeout` is how long a server may be silent, in seconds; a whole call may last
    twice as long.
    """
    timeout = options.number("timeout", 60, low=1, high=600)
    return Http(
        read_timeout=timeout,
        longest=2 * timeout,
        proxy=options.text("proxy"),
        ca_file=options.file("ca_file", folder),
    )


def list_headers(letter: Letter) -> dict[str, str]:
    """Return the headers that all messages share, in ASCII.

    Unfolded: an API would take the line break for an attempt to inject. Raises
    InputError for one that cannot stand in a header.
    """
    headers = {
        name: encode_structured(name, value).replace("\r\n", "")
        for name, value in letter.headers
    }
    headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def fill(
    outgoing: Outgoing, parts: tuple[bytes | str, ...]
) -> tuple[list[bytes], dict[int, Refused]]:
    """Write messages as JSON, in pieces, with a comma between two messages.

    A recipient whose address is no address stays out. The holes of `parts` are `key`,
    `to`, `message_id`, and the slots of letters.
    """
    message = _form(parts)
    message_id = outgoing.letter.message_id
    key = json_inner(outgoing.key)
    body: list[bytes] = []
    refused: dict[int, Refused] = {}
    for position, recipient in enumerate(outgoing.recipients):
        uid, address, leave, preferences, reason = recipient
        try:
            # none of the characters that `wire_address` lets through needs an escape
            to = wire_address("To", address)
        except InputError as error:
            refused[position] = Refused(code="invalid-address", detail=str(error))
            continue
        if body:
            body.append(b",")
        body += message(
            key,
            to,
            message_id(uid).encode("ascii"),
            leave.encode("ascii"),
            preferences.encode("ascii"),
            json_html(reason),
            json_text(reason),
        )
    return body, refused


@lru_cache(maxsize=16)  # calls of one message of one letter follow one another
def _form(parts: tuple[bytes | str, ...]) -> Callable[..., list[bytes]]:
    return Frame(parts).in_order(
        "key", "to", "message_id", "leave", "preferences", "reason_html", "reason_text"
    )


# --- what came back


def document(answer: Answer) -> object:
    """Return an answer's JSON, or None if it is none."""
    try:
        found: object = json.loads(answer.body)
    except (ValueError, RecursionError):  # ValueError: also what is no UTF-8
        return None
    return found


def said(provider: str, answer: Answer, key: str) -> str:
    """Return an answer in one line: its status, and its words under this key."""
    found = document(answer)
    text = words(str(found.get(key, ""))) if isinstance(found, dict) else ""
    return f"{provider} answered {answer.status}{': ' if text else ''}{text}"


def enquired(
    provider: str, answer: Answer | NotSent | NoAnswer, key: str, *, now: datetime
) -> dict[str, Any] | NotTaken:
    """Return the JSON that a search answered; anything else is no answer now.

    Nothing but a whole 200 says that something is not there.
    """
    if isinstance(answer, NotSent):
        return NotTaken(detail=f"search: {answer.detail}", stop=answer.stop)
    if isinstance(answer, NoAnswer):
        return NotTaken(detail=f"search: {answer.detail}")
    found = document(answer)
    if answer.status == HTTPStatus.OK and isinstance(found, dict):
        return found
    return NotTaken(
        detail=f"search: {said(provider, answer, key)}",
        retry_after=retry_after(answer.headers, now),
        stop=answer.status in ABOUT_US | ANOTHER_SERVERS,
    )


def matched(messages: Mapping[str, str], recipients: Sequence[Recipient]) -> Found:
    """Give each recipient the message that went to their address; ids by address.

    Addresses are compared as `normalize` writes them, since it is nowhere documented
    whether capitals are kept. No two recipients of a mailing differ by case alone.
    """
    return Found(
        accepted=[
            Accepted(provider_id=messages[address]) if address in messages else None
            for address in (normalize(recipient.address) for recipient in recipients)
        ]
    )
