"""A variant cut at its slots, and filled for one recipient by a join of bytes.

Composing leaves markers where a recipient's own words go. `cut` splits the text
there, once. A `Frame` holds the pieces already in the wire's encoding (quoted-
printable for MIME, JSON strings for APIs), so that an envelope costs one
`b"".join` and no parser, template or MIME builder. No template language is left
after the cut: whatever people wrote is printed as it stands.
"""

import hashlib
import html
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from mailer.core.errors import TemplateError
from mailer.core.tokens import encode

SLOTS = ("leave", "preferences", "reason_html", "reason_text")
# What the question fills whether an address is its owner's.
QUESTION_SLOTS = (
    "confirm",
    "address_html",
    "address_text",
    "organization_html",
    "organization_text",
)

# How a template prints each slot; of the reason, each part has its own.
_PRINTED = {
    "leave": "{{ leave_url }}",
    "preferences": "{{ preferences_url }}",
    "confirm": "{{ confirm_url }}",
    **{
        f"{name}_{part}": f"{{{{ {name} }}}}"
        for name in ("reason", "address", "organization")
        for part in ("html", "text")
    },
}


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


def markers(nonce: str, slots: Iterable[str] = SLOTS) -> dict[str, str]:
    """Return the marker of each slot: unreserved characters and a secret nonce."""
    return {slot: f"zq{nonce}-{slot}-qz" for slot in slots}


def cut(text: str, nonce: str, *, expected: Iterable[str]) -> Segments:
    """Split at the markers of this nonce; every expected slot must be there.

    Raises TemplateError if a slot is missing or a marker was mangled on the way.
    """
    pieces = re.split(f"zq{re.escape(nonce)}-([a-z_]+)-qz", text)
    segments = Segments(tuple(pieces[0::2]), tuple(pieces[1::2]))
    missing = set(expected) - set(segments.slots)
    if missing:
        raise TemplateError(
            f"never prints {', '.join(_PRINTED[slot] for slot in sorted(missing))},"
            " without which readers cannot leave or do not know why they get this;"
            " print it where `mailer init` has it, in the footer"
        )
    unknown = set(segments.slots).difference(SLOTS, QUESTION_SLOTS)
    if unknown or any(nonce in piece for piece in segments.texts):
        raise TemplateError("a slot was mangled while composing")
    return segments


class Recipient(NamedTuple):
    """Whom an envelope is for, with the values of its slots.

    A tuple, because there is one per message: a frozen dataclass takes three times as
    long to make, as long as a token.
    """

    uid: bytes  # random, 16 bytes
    address: str
    leave: str  # token
    preferences: str  # token
    reason: str  # one plain sentence, on lines of 72


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
    leave_prefix: str | None  # URL before the token: "https://…/u/"; None: no list's
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

    def in_order(self, *names: str) -> Callable[..., list[bytes]]:
        """Return a quicker `fill`: it takes the values of two or more by position.

        It leaves the join to whoever sends the pieces: all but the values are shared.
        """
        template = self._pieces
        pick = itemgetter(*(names.index(name) for name in self._names))

        def fill(*values: bytes) -> list[bytes]:
            pieces = template.copy()
            pieces[1::2] = pick(values)
            return pieces

        return fill


Encoder = Callable[[str], bytes]


@lru_cache(maxsize=64)  # small batches of one variant follow one another
def pieces(segments: Segments, encoder: Encoder) -> tuple[bytes | str, ...]:
    """Encode the texts once, leaving a hole at each slot."""
    parts: list[bytes | str] = [encoder(segments.texts[0])]
    for slot, text in zip(segments.slots, segments.texts[1:], strict=True):
        parts += (slot, encoder(text))
    return tuple(parts)


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
