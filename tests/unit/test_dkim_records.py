"""DKIM keys as they are published: length, type, and what spoils them."""

import base64

import pytest
from hypothesis import given, strategies as st

from mailer.core.records import dkim
from mailer.core.records.dkim import KeyType


def integer(number: int) -> bytes:
    """Write a number in DER, with the zero that keeps it from being negative."""
    return element(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def element(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def rsa(bits: int, *, bare: bool = False) -> str:
    """Write the DER of a public key of so many bits; no key of anybody's."""
    modulus = (1 << (bits - 1)) | 1
    key = element(0x30, integer(modulus) + integer(65_537))
    if not bare:
        algorithm = element(0x30, bytes.fromhex("06092a864886f70d0101010500"))
        key = element(0x30, algorithm + element(0x03, b"\0" + key))
    return base64.b64encode(key).decode()


# From `openssl genrsa 1024 | openssl rsa -pubout`: not written by our own code.
OPENSSL = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCscohlzUvt659bwHPSz6yD6uw31i6hwAfzru5gEiQ1"
    "4Dk2ifmrC+PqACLhZNRRq7i0o876TKCRFvodd+Ga85p2mcqU0/pcd9lUX/o+0dSXIByh9SgYSZhgLDTY"
    "J0cXS9746HOh4OJqXa8wqV102pE5S1UFyg0M0I8JdXMrUhrdeQIDAQAB"
)


@pytest.mark.parametrize("bits", [512, 768, 1024, 2048, 3072, 4096])
@pytest.mark.parametrize("bare", [False, True])
def test_the_length_of_an_rsa_key_is_read(bits: int, bare: bool) -> None:  # noqa: FBT001 - pytest gives it by name
    found = dkim.parse(f"v=DKIM1; k=rsa; p={rsa(bits, bare=bare)}")

    assert (found.kind, found.bits, found.fault) == (KeyType.RSA, bits, None)


def test_the_length_of_a_key_that_openssl_made_is_read() -> None:
    assert dkim.parse(f"v=DKIM1; k=rsa; p={OPENSSL}").bits == 1024


def test_a_key_may_have_blanks_in_it_as_zone_files_break_it() -> None:
    key = rsa(2048)

    assert dkim.parse(f"v=DKIM1;p={key[:200]} {key[200:]}").bits == 2048


def test_an_ed25519_key_is_known() -> None:
    key = base64.b64encode(bytes(32)).decode()

    assert dkim.parse(f"v=DKIM1; k=ed25519; p={key}").kind is KeyType.ED25519


@pytest.mark.parametrize(
    ("record", "complaint"),
    [
        ("v=DKIM1; k=rsa; p=", "revoked"),
        ("v=DKIM1; k=rsa", "p= is missing"),
        (f"v=DKIM2; p={rsa(2048)}", "v= is not DKIM1"),
        (f"v=DKIM1; k=dsa; p={rsa(2048)}", "type of key"),
        (f"v=DKIM1; h=sha1; p={rsa(2048)}", "SHA-256"),
        (f"v=DKIM1; s=chat; p={rsa(2048)}", "not for mail"),
        (f"v=DKIM1; p={rsa(2048)[:250]}", "cut or mangled"),
        ("v=DKIM1; p=not base64!", "cut or mangled"),
        ("v=DKIM1; k=ed25519; p=AAAA", "cut or mangled"),
    ],
)
def test_a_key_that_no_signature_counts_under_says_why(
    record: str, complaint: str
) -> None:
    fault = dkim.parse(record).fault

    assert fault
    assert complaint in fault


def test_a_testing_flag_is_seen() -> None:
    assert dkim.parse(f"v=DKIM1; t=y:s; p={rsa(2048)}").testing
    assert not dkim.parse(f"v=DKIM1; t=s; p={rsa(2048)}").testing


@given(st.binary(max_size=300))
def test_no_octets_make_reading_fail(raw: bytes) -> None:
    found = dkim.parse(f"p={base64.b64encode(raw).decode()}")

    assert (found.bits > 0) == (found.fault is None)
