"""Signed links without a login: 51 characters that say whose and which, not who.

A token is base64url(key id ‖ purpose ‖ subscriber's random id ‖ list ‖ HMAC-128).
It holds no personal data, never expires (a link that stops mail must always work)
and serves one purpose only: each purpose has a key of its own, derived from the
project's secret.
"""

import base64
import binascii
import hashlib
import hmac
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

_BODY = struct.Struct(">BB16sI")
_MAC = 16
LENGTH = 51  # characters


class Purpose(Enum):
    """What a token lets its holder do."""

    LEAVE = 1  # leave one list
    PREFERENCES = 2  # see and change what they get
    CONFIRM = 3  # say that an address is theirs and that they want the list
    HOST = 4  # correct or cancel an action of theirs
    PROPOSE = 5  # change what they sent, until somebody has decided
    INTRODUCE = 6  # say whether they want to be introduced to another host
    INVITE = 7  # set a password of the console, once
    CONSOLE = 8  # nothing by itself: the console asks who it is


# What is written to holders of accounts as such is no list's mail, and nothing to leave.
OF_ACCOUNTS = frozenset((Purpose.INVITE, Purpose.CONSOLE))


@dataclass(frozen=True, slots=True)
class Claim:
    """What a genuine token says."""

    purpose: Purpose
    uid: bytes  # the subscriber's random id, 16 bytes
    list_number: int


@dataclass(frozen=True, slots=True)
class Link:
    """Where the link of a note leads: which page, about which list or thing."""

    purpose: Purpose
    number: int


class Keyring:
    """Signs with the newest key, verifies with all it holds."""

    def __init__(self, secrets: Mapping[int, bytes]) -> None:
        """Take secrets of at least 32 bytes by key id (0 to 255)."""
        if not secrets:
            raise ValueError("a keyring needs at least one key")
        self._newest = max(secrets)
        self._keys = {
            (key_id, purpose): derive(secret, purpose.name)
            for key_id, secret in secrets.items()
            for purpose in Purpose
        }

    def sign(self, purpose: Purpose, uid: bytes, list_number: int) -> str:
        """Return the token, URL-safe, always 51 characters."""
        return self.signer(purpose, list_number)(uid)

    def signer(self, purpose: Purpose, list_number: int) -> "Signer":
        """Return a signer for many subscribers of one list."""
        key = self._keys[self._newest, purpose]
        return Signer(key, self._newest, purpose.value, list_number)

    def read(self, token: str) -> Claim | None:
        """Return what the token says, or None if it is not one of ours."""
        try:
            raw = base64.urlsafe_b64decode(token.encode("ascii") + b"=")
        except (UnicodeEncodeError, binascii.Error, ValueError):
            return None
        if len(raw) != _BODY.size + _MAC or encode(raw) != token:
            return None  # not canonical: another spelling of the same bytes
        key_id, purpose_value, uid, list_number = _BODY.unpack_from(raw)
        try:
            purpose = Purpose(purpose_value)
            key = self._keys[key_id, purpose]
        except (ValueError, KeyError):
            return None
        mac = hmac.digest(key, raw[: _BODY.size], "sha256")[:_MAC]
        if not hmac.compare_digest(mac, raw[_BODY.size :]):
            return None
        return Claim(purpose, uid, list_number)


class Signer:
    """Makes tokens of one purpose and list, a microsecond each.

    HMAC (RFC 2104) hashes the padded key twice per token, and that is most of its
    cost. Here the key is hashed once; each token goes on from copies of that state.
    """

    __slots__ = ("_head", "_inner", "_outer", "_tail")

    def __init__(self, key: bytes, key_id: int, purpose: int, list_number: int) -> None:
        self._head = bytes((key_id, purpose))
        self._tail = struct.pack(">I", list_number)
        block = key.ljust(_BLOCK, b"\0")  # derived keys are shorter than a block
        self._inner = hashlib.sha256(block.translate(_INNER_PAD) + self._head)
        self._outer = hashlib.sha256(block.translate(_OUTER_PAD))

    def __call__(self, uid: bytes) -> str:
        """Return this subscriber's token."""
        return self.all([uid])[0]

    def all(self, uids: Iterable[bytes]) -> list[str]:
        """Return these subscribers' tokens, written in one go."""
        head, tail = self._head, self._tail
        fresh_inner, fresh_outer = self._inner.copy, self._outer.copy
        raw: list[bytes] = []
        for uid in uids:
            whose = uid + tail
            inner = fresh_inner()
            inner.update(whose)
            outer = fresh_outer()
            outer.update(inner.digest())
            raw += (head, whose, outer.digest()[:_MAC], _FILL)
        written = binascii.b2a_base64(b"".join(raw), newline=False)
        tokens = written.translate(_URL_SAFE).decode("ascii")
        return [
            tokens[start : start + LENGTH]
            for start in range(0, len(tokens), LENGTH + len(_FILL))
        ]


_FILL = (
    b"\0"  # makes 38 octets 39, whose base64 needs no padding: 51 characters and one
)
_BLOCK = 64  # octets, of SHA-256
_INNER_PAD = bytes(octet ^ 0x36 for octet in range(256))
_OUTER_PAD = bytes(octet ^ 0x5C for octet in range(256))
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def encode(raw: bytes) -> str:
    """Write bytes in unpadded base64url (RFC 4648 §5)."""
    padded = binascii.b2a_base64(raw, newline=False)
    return padded.translate(_URL_SAFE, b"=").decode("ascii")


def address_hash(pepper: bytes, address: str) -> bytes:
    """Return the keyed hash (16 bytes) by which an address is known once erased."""
    return hmac.digest(pepper, normalize(address).encode(), hashlib.sha256)[:16]


def normalize(address: str) -> str:
    """Return the address as it is compared: trimmed, in lower case."""
    return address.strip().casefold()


def derive(secret: bytes, purpose: str) -> bytes:
    """Return a key (32 bytes) for one purpose, which tells nothing of the others."""
    return hmac.digest(secret, f"coalition-mailer:{purpose}:v1".encode(), "sha256")
