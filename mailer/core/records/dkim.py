"""DKIM keys as they stand in DNS (RFC 6376 §3.6.1, RFC 8301, RFC 8463)."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mailer.core.records import tags
from mailer.core.saying import says

WEAK = 1024  # bits below which receivers must not count a signature (RFC 8301 §3.2)
STRONG = 2048  # bits that signers should have (RFC 8301 §3.2)
_ED25519 = 32  # octets
_SEQUENCE, _INTEGER, _BIT_STRING = 0x30, 0x02, 0x03


class KeyType(StrEnum):
    """What a key signs with."""

    RSA = "rsa"
    ED25519 = "ed25519"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One published key; `fault` says why no signature under it can count."""

    kind: KeyType = KeyType.RSA
    bits: int = 0
    testing: bool = False  # t=y: receivers treat the mail as if it were not signed
    fault: str | None = None


def parse(record: str) -> Key:
    """Read one TXT record; one that cannot be used comes back with its fault."""
    found, _ = tags.parse(record)
    if fault := _fault(found):
        return Key(fault=fault)
    flags = _words(found.get("t", ""))
    kind = KeyType(found.get("k", "rsa"))
    bits = _bits(kind, "".join(found["p"].split()))
    return Key(
        kind=kind,
        bits=bits,
        testing="y" in flags,
        fault=None
        if bits
        else says("p= holds no key that can be read: it was cut or mangled"),
    )


def _fault(found: Mapping[str, str]) -> str | None:
    faults = {
        says("it is not a DKIM key: v= is not DKIM1"): found.get("v", "DKIM1")
        != "DKIM1",
        says("it has no key: p= is missing"): "p" not in found,
        says("the key was revoked: p= is empty"): not found.get("p"),
        says("nobody knows its type of key: k= is neither rsa nor ed25519"): found.get(
            "k", "rsa"
        )
        not in set(KeyType),
        says("it allows no SHA-256, with which mail is signed: h= lacks it"): "sha256"
        not in _words(found.get("h", "sha256")),
        says("the key is not for mail: s= lacks email"): not {"email", "*"}
        & _words(found.get("s", "*")),
    }
    return next((fault for fault, there in faults.items() if there), None)


def _words(value: str) -> set[str]:
    return {word.strip().lower() for word in value.split(":")}


def _bits(kind: KeyType, encoded: str) -> int:
    """Return the length of the key, 0 if it is none."""
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return 0
    if kind is KeyType.ED25519:
        return 256 if len(raw) == _ED25519 else 0
    try:
        return _modulus(raw).bit_length()
    except (IndexError, ValueError):
        return 0


def _modulus(raw: bytes) -> int:
    """Return n of an RSA key in DER: SubjectPublicKeyInfo, or the bare RSAPublicKey."""
    inner = _content(raw, _SEQUENCE)[0]
    if inner[0] == _SEQUENCE:
        _, after_algorithm = _content(inner, _SEQUENCE)
        bits, _ = _content(after_algorithm, _BIT_STRING)
        inner = _content(bits[1:], _SEQUENCE)[0]
    return int.from_bytes(_content(inner, _INTEGER)[0], "big")


def _content(raw: bytes, tag: int) -> tuple[bytes, bytes]:
    """Return what an element of DER holds, and what follows it.

    Raises IndexError or ValueError if there is no such element, whole.
    """
    if raw[0] != tag:
        raise ValueError("another element")
    length, start = raw[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(raw[2:start], "big")
    if len(raw) < start + length:
        raise ValueError("cut short")
    return raw[start : start + length], raw[start + length :]
