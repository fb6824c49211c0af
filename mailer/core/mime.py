"""Complete messages in quoted-printable, filled by a join (RFC 5322, 2045, 8058)."""

import binascii
import hashlib
import html
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

from mailer.core.envelope import Frame, Letter, Recipient, Segments, pieces
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


@lru_cache(maxsize=4096)
def _quoted_html(value: str) -> bytes:
    return _quoted_text(html.escape(value))  # often the same words as the text's


@lru_cache(maxsize=4096)
def _quoted_text(value: str) -> bytes:
    return quoted_piece(value)


class MimeForm:
    """Complete RFC 5322 messages of one letter: text and HTML alternatives."""

    def __init__(self, letter: Letter, date: datetime) -> None:
        self._message_id = letter.message_id
        self._fill = Frame(_mime_parts(letter, date)).in_order(
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
                _quoted_html(reason),
                _quoted_text(reason),
            )
        )


def _mime_parts(letter: Letter, date: datetime) -> list[bytes | str]:
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
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ]
    head = "".join(f"{name}: {value}\r\n" for name, value in top)
    prefix = header_text("List-Unsubscribe", letter.leave_prefix)
    return [
        f"{head}To: ".encode("ascii"),
        "to",
        b"\r\nMessage-ID: <",
        "message_id",
        f">\r\nList-Unsubscribe: <{prefix}".encode("ascii"),
        "unsubscribe",
        b">\r\n\r\n",
        _part_head(boundary, "plain"),
        *_body(letter.text),
        b"\r\n",
        _part_head(boundary, "html"),
        *_body(letter.html),
        f"\r\n--{boundary}--\r\n".encode("ascii"),
    ]


def _body(segments: Segments) -> list[bytes | str]:
    last = quoted_printable(segments.texts[-1])  # nothing follows on its line
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
