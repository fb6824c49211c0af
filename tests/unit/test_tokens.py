"""A token says whose and which, to us alone."""

import base64

import pytest
from hypothesis import given, strategies as st

from mailer.core.tokens import (
    LENGTH,
    Claim,
    Keyring,
    Purpose,
    address_hash,
    encode,
    normalize,
)

OLD, NEW = b"an old secret of thirty-two bytes", b"a new secret of thirty-two bytes"
KEYRING = Keyring({1: OLD})

uids = st.binary(min_size=16, max_size=16)
list_numbers = st.integers(0, 2**32 - 1)
purposes = st.sampled_from(Purpose)


@given(purposes, uids, list_numbers)
def test_what_was_signed_is_read_back(
    purpose: Purpose, uid: bytes, number: int
) -> None:
    token = KEYRING.sign(purpose, uid, number)

    assert len(token) == LENGTH
    assert KEYRING.read(token) == Claim(purpose, uid, number)


@given(purposes, uids, list_numbers)
def test_a_token_needs_no_quoting_in_an_address(
    purpose: Purpose, uid: bytes, number: int
) -> None:
    token = KEYRING.sign(purpose, uid, number)

    assert set(token) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    )


@given(
    uids,
    st.integers(0, LENGTH - 1),
    st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
)
def test_a_token_with_one_character_changed_is_nobodys(
    uid: bytes, at: int, character: str
) -> None:
    token = KEYRING.sign(Purpose.LEAVE, uid, 1)
    changed = token[:at] + character + token[at + 1 :]

    if changed != token:
        assert KEYRING.read(changed) is None


def test_every_single_bit_counts() -> None:
    token = KEYRING.sign(Purpose.LEAVE, bytes(16), 1)
    raw = base64.urlsafe_b64decode(token + "=")

    for bit in range(len(raw) * 8):
        flipped = bytearray(raw)
        flipped[bit // 8] ^= 1 << bit % 8
        assert KEYRING.read(encode(bytes(flipped))) is None


@given(st.text(max_size=80))
def test_any_other_text_is_read_as_nobodys_and_never_fails(text: str) -> None:
    assert KEYRING.read(text) is None


@pytest.mark.parametrize("ending", ["=", "==", "\n", " ", "A", "%3D"])
def test_a_token_has_one_spelling_only(ending: str) -> None:
    token = KEYRING.sign(Purpose.LEAVE, bytes(16), 1)

    assert KEYRING.read(token + ending) is None
    assert KEYRING.read(token[:20] + "\n" + token[20:]) is None


@given(st.lists(st.binary(min_size=16, max_size=16), max_size=20))
def test_many_tokens_at_once_are_those_of_each(uids: list[bytes]) -> None:
    ring = Keyring({1: b"k" * 32})

    together = ring.signer(Purpose.LEAVE, 7).all(uids)

    assert together == [ring.sign(Purpose.LEAVE, uid, 7) for uid in uids]
    assert all(ring.read(token) is not None for token in together)


@given(uids, list_numbers)
def test_each_purpose_has_a_key_of_its_own(uid: bytes, number: int) -> None:
    leave = base64.urlsafe_b64decode(KEYRING.sign(Purpose.LEAVE, uid, number) + "=")
    as_preferences = bytes((leave[0], Purpose.PREFERENCES.value)) + leave[2:]

    assert KEYRING.read(encode(as_preferences)) is None
    preferences = base64.urlsafe_b64decode(
        KEYRING.sign(Purpose.PREFERENCES, uid, number) + "="
    )
    assert preferences[22:] != leave[22:]


def test_old_keys_still_verify_and_the_newest_signs() -> None:
    old_token = Keyring({1: OLD}).sign(Purpose.LEAVE, bytes(16), 7)
    both = Keyring({1: OLD, 2: NEW})

    new_token = both.sign(Purpose.LEAVE, bytes(16), 7)

    claim = Claim(Purpose.LEAVE, bytes(16), 7)
    assert both.read(old_token) == claim
    assert Keyring({2: NEW}).read(new_token) == claim
    assert Keyring({1: OLD}).read(new_token) is None


def test_another_projects_secret_makes_other_tokens() -> None:
    token = Keyring({1: NEW}).sign(Purpose.LEAVE, bytes(16), 7)

    assert KEYRING.read(token) is None


def test_a_signature_is_compared_in_constant_time() -> None:
    assert "compare_digest" in Keyring.read.__code__.co_names


def test_a_keyring_without_a_key_is_no_keyring() -> None:
    with pytest.raises(ValueError, match="at least one key"):
        Keyring({})


def test_an_address_has_one_hash_however_it_is_written() -> None:
    assert address_hash(b"pepper", " Ada@Example.ORG ") == (
        address_hash(b"pepper", normalize("ada@example.org"))
    )


def test_without_the_pepper_an_address_cannot_be_tried_against_its_hash() -> None:
    hashed = address_hash(b"pepper", "ada@example.org")

    assert len(hashed) == 16
    assert hashed != address_hash(b"other", "ada@example.org")
