"""A variant cut at its slots, and filled for one recipient by a join of bytes.

Composing leaves markers where a recipient's own words go. `cut` splits the text
there, once. A `Frame` holds the pieces already in the wire's encoding (quoted-
printable for MIME, JSON strings for APIs), so that an envelope costs one
`b"".join` and no parser, template or MIME builder. No template language is left
after the cut: whatever people wrote is printed as it stands.
"""

import binascii
import hashlib
import html
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from mailer.core.errors import InputError, TemplateError
from mailer.core.tokens import encode

SLOTS = ("leave", "preferences", "reason_html", "reason_text")
_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]"
)
_LINE = 76  # octets, RFC 2045 §6.7
_HEADER_LINE = 78  # characters, RFC 5322 §2.1.1
_LONGEST_HEADER_LINE = 900  # 998 by the same rule, less the longest field name


@dataclass(frozen=True, slots=True)
class Segments:
    """Text with holes: `len(texts) == len(slots) + 1`."""

    texts: tuple[str, ...]
    slots: tuple[str, ...]

    def fill(self, values: Mapping[str, str]) -> str:
        """Join with values already fit for their place."""
        parts = [self.texts[0]]
        for slot, text in zip(self.slots, self.texts[1:], strict=True):
            parts += (values[slot], text)
        return "".join(parts)

    def dump(self) -> str:
        """Write as JSON, for the store."""
        return json.dumps([self.texts, self.slots], ensure_ascii=False)

    @classmethod
    def load(cls, dumped: str) -> "Segments":
        """Read what `dump` wrote."""
        texts, slots = json.loads(dumped)
        return cls(tuple(texts), tuple(slots))


def markers(nonce: str) -> dict[str, str]:
    """Return the marker of each slot: unreserved characters and a secret nonce."""
    return {slot: f"zq{nonce}-{slot}-qz" for slot in SLOTS}


def cut(text: str, nonce: str, *, expected: Iterable[str]) -> Segments:
    """Split at the markers of this nonce; every expected slot must be there.

    Raises TemplateError if a slot is missing or a marker was mangled on the way.
    """
    pieces = re.split(f"zq{re.escape(nonce)}-([a-z_]+)-qz", text)
    segments = Segments(tuple(pieces[0::2]), tuple(pieces[1::2]))
    missing = set(expected) - set(segments.slots)
    if missing:
        raise TemplateError(f"the template never prints {', '.join(sorted(missing))}")
    unknown = set(segments.slots) - set(SLOTS)
    if unknown or any(nonce in piece for piece in segments.texts):
        raise TemplateError("a slot was mangled while composing")
    return segments


def header_text(name: str, value: str) -> str:
    """Return the value if it may stand in a header; raises InputError otherwise."""
    if _CONTROL.search(value):
        raise InputError(
            f"{name}: contains a line break or a control character, which a header"
            " must not (it could smuggle in another header)"
        )
    return value


def encode_header(name: str, value: str) -> str:
    """Return the value as it stands on the wire: ASCII or RFC 2047 words, folded."""
    header_text(name, value)
    plain = value.isascii() and "=?" not in value and value == value.strip()
    if plain and len(name) + 2 + len(value) <= _HEADER_LINE:
        return value
    # Long ASCII becomes encoded words too: they fold inside a word of any length,
    # and keep what looks like an encoded word, or like padding, literal.
    return _encoded_words(name, value)


def encode_structured(name: str, value: str) -> str:
    """Return a list header's value for the wire: `<…>` stays literal (RFC 2919 §3).

    Raises InputError if there is a word that is too long for any line.
    """
    header_text(name, value)
    if value.isascii():
        folded = Header(value, "us-ascii", header_name=name, maxlinelen=_HEADER_LINE)
        wire = folded.encode(linesep="\r\n")
    else:
        phrase, opening, rest = value.partition("<")
        wire = _encoded_words(name, phrase.strip())
        wire += f"\r\n {opening}{rest}" if opening else ""
    if not wire.isascii() or max(map(len, wire.split("\r\n"))) > _LONGEST_HEADER_LINE:
        raise InputError(
            f"{name}: cannot be written in lines of ASCII that mail servers accept"
        )
    return wire


def _encoded_words(name: str, value: str) -> str:
    return Header(value, "utf-8", header_name=name, maxlinelen=75).encode(
        linesep="\r\n"
    )


def mailbox(name: str, display: str | None, address: str) -> str:
    """Return `Display <address>` for the wire (RFC 5322 §3.4); ASCII address only."""
    quoted = unicode_mailbox(name, display, address)
    if not display:
        return quoted
    if quoted.isascii() and "=?" not in display and len(quoted) <= _HEADER_LINE:
        return quoted
    return f"{_encoded_words(name, display)}\r\n <{address}>"


def unicode_mailbox(name: str, display: str | None, address: str) -> str:
    """Return `"Display" <address>` for APIs that encode headers themselves."""
    wire_address(name, address)
    if not display:
        return address
    header_text(name, display)
    escaped = display.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" <{address}>'


def wire_address(name: str, address: str) -> bytes:
    """Return a bare address as it stands on the wire; raises InputError otherwise.

    A dot-atom, "@" and a domain, in ASCII: the part of RFC 5321 §4.1.2 that every
    provider takes. Domains outside ASCII must come as A-labels (xn--…).
    """
    if len(address) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(address):
        raise InputError(
            f"{name}: the address is not one that mail servers accept; it needs the"
            " form name@example.org without spaces or letters outside ASCII"
        )
    return address.encode("ascii")


_LONGEST_ADDRESS = 254  # RFC 5321 §4.5.3.1, with the brackets of a path taken off
# Possessive throughout: each part ends where a character cannot be its own.
_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]++"
_LABEL = r"(?!-)[A-Za-z0-9-]{1,63}+(?<!-)"
_ADDRESS = re.compile(
    rf"(?=[^@]{{1,64}}+@){_ATEXT}(?:\.{_ATEXT})*+@{_LABEL}(?:\.{_LABEL})*+"
)


class Recipient(NamedTuple):
    """Whom an envelope is for, with the values of its slots.

    A tuple, because there is one per message: a frozen dataclass takes three times as
    long to make, as long as a token.
    """

    uid: bytes  # random, 16 bytes
    address: str
    leave: str  # token
    preferences: str  # token
    reason: str  # one plain sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """All that the envelopes of one variant share."""

    mailing_key: bytes  # random, per mailing: makes Message-IDs stable and unlinkable
    sender_name: str
    sender_address: str
    reply_to: str | None
    subject: str
    html: Segments
    text: Segments
    leave_prefix: str  # URL before the token: "https://…/u/"
    domain: str  # of Message-ID
    headers: tuple[tuple[str, str], ...] = ()  # List-Id, Feedback-ID, …

    def message_id(self, uid: bytes) -> str:
        """Return this recipient's Message-ID without brackets; always the same."""
        state = _keyed(self.mailing_key).copy()
        state.update(uid)
        return f"{encode(state.digest())}@{self.domain}"


@lru_cache(maxsize=64)
def _keyed(mailing_key: bytes) -> "hashlib.blake2b":
    """Return a hash that has taken in the key: a copy of it costs half as much."""
    return hashlib.blake2b(key=mailing_key, digest_size=15)


class Frame:
    """Encoded pieces with holes; filling it is one copy and one join."""

    __slots__ = ("_names", "_pieces")

    def __init__(self, parts: Sequence[bytes | str]) -> None:
        """Take bytes as they are, and a str for a hole of that name."""
        self._names: list[str] = []
        self._pieces = [b""]  # text and holes by turns, so that one slice fills them
        for part in parts:
            if isinstance(part, str):
                self._names.append(part)
                self._pieces += (b"", b"")
            else:
                self._pieces[-1] += part

    def fill(self, values: Mapping[str, bytes]) -> bytes:
        """Return the whole, with each hole's value already encoded for its place."""
        pieces = self._pieces.copy()
        pieces[1::2] = map(values.__getitem__, self._names)
        return b"".join(pieces)

    def in_order(self, *names: str) -> Callable[..., bytes]:
        """Return a quicker `fill`: it takes the values of two or more by position."""
        template = self._pieces
        pick = itemgetter(*(names.index(name) for name in self._names))

        def fill(*values: bytes) -> bytes:
            pieces = template.copy()
            pieces[1::2] = pick(values)
            return b"".join(pieces)

        return fill


Encoder = Callable[[str], bytes]


@lru_cache(maxsize=64)  # small batches of one variant follow one another
def pieces(segments: Segments, encoder: Encoder) -> tuple[bytes | str, ...]:
    """Encode the texts once, leaving a hole at each slot."""
    parts: list[bytes | str] = [encoder(segments.texts[0])]
    for slot, text in zip(segments.slots, segments.texts[1:], strict=True):
        parts += (slot, encoder(text))
    return tuple(parts)


# --- quoted-printable, for MIME ----------------------------------------------

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
        return self._fill(
            wire_address("To", address),
            self._message_id(uid).encode("ascii"),
            leave,
            leave + _SOFT_BREAK,
            preferences.encode("ascii") + _SOFT_BREAK,
            _quoted_html(reason),
            _quoted_text(reason),
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


# --- JSON strings, for provider APIs -----------------------------------------


def json_inner(text: str) -> bytes:
    """Encode as the inside of a JSON string, without its quotes."""
    return json.dumps(text, ensure_ascii=False)[1:-1].encode()


@lru_cache(maxsize=4096)
def json_html(value: str) -> bytes:
    """Encode a slot's words for HTML inside a JSON string."""
    return json_inner(html.escape(value))


@lru_cache(maxsize=4096)
def json_text(value: str) -> bytes:
    """Encode a slot's words for plain text inside a JSON string."""
    return json_inner(value)


def filled(letter: Letter, recipient: Recipient) -> tuple[str, str]:
    """Return a letter's HTML and text as one recipient reads them."""
    tokens = {"leave": recipient.leave, "preferences": recipient.preferences}
    return (
        letter.html.fill({**tokens, "reason_html": html.escape(recipient.reason)}),
        letter.text.fill({**tokens, "reason_text": recipient.reason}),
    )
