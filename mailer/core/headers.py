"""Header fields and addresses as they stand on the wire, or an error.

Nothing gets into a header that could end it: line breaks, control characters and
marks that turn the direction of text are refused, not dropped.
"""

import re
from email.header import Header
from functools import lru_cache

from mailer.core.errors import InputError

_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]"
)
_HEADER_LINE = 78  # characters, RFC 5322 §2.1.1
_LONGEST_HEADER_LINE = 900  # 998 by the same rule, less the longest field name


def header_text(name: str, value: str) -> str:
    """Return the value if it may stand in a header; raises InputError otherwise."""
    if _CONTROL.search(value):
        raise InputError(
            f"{name}: contains a line break or a control character, which a header"
            " must not (it could smuggle in another header)"
        )
    return value


@lru_cache(maxsize=256)  # the same for every batch of a mailing
def encode_header(name: str, value: str) -> str:
    """Return the value as it stands on the wire: ASCII or RFC 2047 words, folded."""
    header_text(name, value)
    plain = value.isascii() and "=?" not in value and value == value.strip()
    if plain and len(name) + 2 + len(value) <= _HEADER_LINE:
        return value
    # Long ASCII becomes encoded words too: they fold inside a word of any length,
    # and keep what looks like an encoded word, or like padding, literal.
    return _encoded_words(name, value)


@lru_cache(maxsize=256)
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
