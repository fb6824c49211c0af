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
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

_BODY = struct.Struct(">BB16sI")
_MAC = 16
LENGTH = 51  # characters


class Purpose(Enum):
    """What a token lets its holder do."""

    LEAVE = 1  # leave one list
    PREFERENCES = 2  # see and change what they get


@dataclass(frozen=True, slots=True)
class Claim:
    """What a genuine token says."""

    purpose: Purpose
    uid: bytes  # the subscriber's random id, 16 bytes
    list_number: int


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
    """Makes tokens of one purpose and list, a few microseconds each."""

    __slots__ = ("_head", "_key", "_tail")

    def __init__(self, key: bytes, key_id: int, purpose: int, list_number: int) -> None:
        self._key = key
        self._head = bytes((key_id, purpose))
        self._tail = struct.pack(">I", list_number)

    def __call__(self, uid: bytes) -> str:
        """Return this subscriber's token."""
        body = self._head + uid + self._tail
        return encode(body + hmac.digest(self._key, body, "sha256")[:_MAC])


def encode(raw: bytes) -> str:
    """Write bytes in unpadded base64url (RFC 4648 §5)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def address_hash(pepper: bytes, address: str) -> bytes:
    """Return the keyed hash (16 bytes) by which an address is known once erased."""
    return hmac.digest(pepper, normalize(address).encode(), hashlib.sha256)[:16]


def normalize(address: str) -> str:
    """Return the address as it is compared: trimmed, in lower case."""
    return address.strip().casefold()


def derive(secret: bytes, purpose: str) -> bytes:
    """Return a key (32 bytes) for one purpose, which tells nothing of the others."""
    return hmac.digest(secret, f"coalition-mailer:{purpose}:v1".encode(), "sha256")
