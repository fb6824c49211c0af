"""Complete messages in quoted-printable, filled by a join (RFC 5322, 2045, 8058)."""

import binascii
import hashlib
import html
from collections.abc import Iterator, Sequence
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

from mailer.core.envelope import Encoder, Frame, Letter, Recipient, Segments, pieces
from mailer.core.headers import (
    encode_header,
    encode_structured,
    header_text,
    mailbox,
    wire_address,
)

_LINE = 76  # octets, RFC 2045 §6.7
_SOFT_BREAK = b"=\r\n"


def quoted_printable(text: str) -> bytes:
    """Encode (RFC 2045 §6.7) with CRLF line ends and lines of at most 76 octets."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return b"\r\n".join(_quote_line(line.encode()) for line in lines)


def _quote_line(line: bytes) -> bytes:
    if not line:
        return line
    quoted = binascii.b2a_qp(line, quotetabs=False, istext=True, header=False)
    return quoted.replace(b"=\n", _SOFT_BREAK)


def quoted_piece(text: str) -> bytes:
    """Encode a piece that others follow on the same line: it ends in a soft break."""
    if text.isascii() and text.isprintable() and "=" not in text:
        raw = text.encode("ascii")  # stands for itself, most sentences do
        lines = (raw[at : at + _LINE - 1] for at in range(0, len(raw) or 1, _LINE - 1))
        return _SOFT_BREAK.join((*lines, b""))
    quoted = quoted_printable(text)
    tail = quoted[quoted.rfind(b"\n") + 1 :]
    if len(tail) >= _LINE:  # no room for the "=": break once more, not inside =XX
        at = len(quoted) - (3 if tail[-3:-2] == b"=" else 1)
        quoted = quoted[:at] + _SOFT_BREAK + quoted[at:]
    return quoted + _SOFT_BREAK


def stuffed_piece(text: str) -> bytes:
    """Encode a piece that begins a line, and double the dots that begin one."""
    return _stuffed(quoted_piece(text))


def _stuffed(lines: bytes) -> bytes:
    doubled = lines.replace(b"\r\n.", b"\r\n..")
    return b"." + doubled if doubled.startswith(b".") else doubled


@lru_cache(maxsize=4096)
def _quoted_html(value: str, encoder: Encoder) -> bytes:
    return _quoted_text(html.escape(value), encoder)  # often the same as the text's


@lru_cache(maxsize=4096)
def _quoted_text(value: str, encoder: Encoder) -> bytes:
    return encoder(value)


class MimeForm:
    """Complete RFC 5322 messages of one letter: text and HTML alternatives.

    With `stuffed`, as they travel in SMTP: a dot that begins a line is doubled (RFC 5321
    §4.5.2). Looking for such dots in each message costs four times its filling.
    """

    def __init__(
        self, letter: Letter, date: datetime, *, stuffed: bool = False
    ) -> None:
        self._message_id = letter.message_id
        self._encoder = stuffed_piece if stuffed else quoted_piece
        parts = _mime_parts(
            letter, date, _body(letter.text, stuffed), _body(letter.html, stuffed)
        )
        self._fill = Frame(parts).in_order(
            "to",
            "message_id",
            "unsubscribe",
            "leave",
            "preferences",
            "reason_html",
            "reason_text",
        )

    def fill(self, recipient: Recipient) -> bytes:
        """Return the message for one recipient, CRLF line ends.

        Raises InputError if the address cannot stand in a message.
        """
        uid, address, leave_token, preferences, reason = recipient
        leave = leave_token.encode("ascii")
        return b"".join(
            self._fill(
                wire_address("To", address),
                self._message_id(uid).encode("ascii"),
                leave,
                leave + _SOFT_BREAK,
                preferences.encode("ascii") + _SOFT_BREAK,
                _quoted_html(reason, self._encoder),
                _quoted_text(reason, self._encoder),
            )
        )


def _mime_parts(
    letter: Letter,
    date: datetime,
    text: Sequence[bytes | str],
    markup: Sequence[bytes | str],
) -> list[bytes | str]:
    boundary = _boundary(letter)
    sender = mailbox("From", letter.sender_name, letter.sender_address)
    top = [("From", sender)]
    if letter.reply_to:
        top.append(("Reply-To", mailbox("Reply-To", None, letter.reply_to)))
    top += [
        ("Subject", encode_header("Subject", letter.subject)),
        ("Date", format_datetime(date)),
        *((name, encode_structured(name, value)) for name, value in letter.headers),
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/alternative; boundary="{boundary}"'),
    ]
    if letter.leave_prefix is not None:
        top.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    head = "".join(f"{name}: {value}\r\n" for name, value in top)
    return [
        f"{head}To: ".encode("ascii"),
        "to",
        b"\r\nMessage-ID: <",
        "message_id",
        b">\r\n",
        *_leaving(letter),
        b"\r\n",
        _part_head(boundary, "plain"),
        *text,
        b"\r\n",
        _part_head(boundary, "html"),
        *markup,
        f"\r\n--{boundary}--\r\n".encode("ascii"),
    ]


def _leaving(letter: Letter) -> Iterator[bytes | str]:
    """Yield the header by which readers leave a list (RFC 2369); of no list, nothing."""
    if letter.leave_prefix is None:
        return
    prefix = header_text("List-Unsubscribe", letter.leave_prefix)
    yield f"List-Unsubscribe: <{prefix}".encode("ascii")
    yield "unsubscribe"
    yield b">\r\n"


def _body(segments: Segments, stuffed: bool) -> list[bytes | str]:  # noqa: FBT001 - called in one place
    # Every piece begins a line: before it is a header, or a soft break.
    last = quoted_printable(segments.texts[-1])  # nothing follows on its line
    if stuffed:
        return [*pieces(segments, stuffed_piece)[:-1], _stuffed(last)]
    return [*pieces(segments, quoted_piece)[:-1], last]


def _part_head(boundary: str, subtype: str) -> bytes:
    return (
        f"--{boundary}\r\n"
        f"Content-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    ).encode("ascii")


def _boundary(letter: Letter) -> str:
    # "=_" never occurs in quoted-printable text (RFC 2045 §6.7, note 5), so no
    # content can end a part early; the hash keeps it stable: same key, same bytes.
    content = "".join((*letter.text.texts, *letter.html.texts)).encode()
    return f"=_{hashlib.blake2b(content, key=letter.mailing_key, digest_size=12).hexdigest()}"
