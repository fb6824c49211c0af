"""Passkeys as somebody holds them who means no good: of another site, another time."""

import base64
import hashlib
import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import cbor2
import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from mailer.core.roles import Role
from tests.e2e.conftest import Shell, copied
from tests.e2e.coordinators import Browser, House

ROSA, MARTA = "rosa@union.example", "marta@union.example"
PRESENT, VERIFIED, ATTESTED = 1, 4, 64


@pytest.fixture(scope="module")
def served(initial: Shell, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    shell = copied(initial, tmp_path_factory.mktemp("passkeys"))
    with House(shell.folder).open() as house:
        yield house


@pytest.fixture
def house(served: House) -> House:
    served.forget()
    served.person(ROSA, [Role.AUTHOR])
    served.person(MARTA, [Role.AUTHOR])
    return served


def encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


@dataclass
class Key:
    """A passkey in software (WebAuthn Level 3 §6), which says what it is told to."""

    origin: str
    host: str = "127.0.0.1"
    counter: int = 1
    credential: bytes = b"c" * 32
    flags: int = PRESENT | VERIFIED
    handle: bytes | None = None
    secret: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def made(self, options: dict[str, Any]) -> str:
        """Return what a browser answers when a key is made."""
        public = self.secret.public_key().public_numbers()
        cose: dict[int, int | bytes] = {1: 2, 3: -7, -1: 1}
        cose |= {-2: public.x.to_bytes(32, "big"), -3: public.y.to_bytes(32, "big")}
        attested = bytes(16) + struct.pack(">H", len(self.credential))
        data = self._data(ATTESTED) + attested + self.credential + cbor2.dumps(cose)
        said = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"])
        return self._answer(client, {"attestationObject": encoded(said)})

    def signed(self, options: dict[str, Any]) -> str:
        """Return what a browser answers when somebody signs in."""
        data = self._data(0)
        client = self._client("webauthn.get", options["challenge"])
        digest = hashlib.sha256(client).digest()
        proof = self.secret.sign(data + digest, ec.ECDSA(hashes.SHA256()))
        more = {"authenticatorData": encoded(data), "signature": encoded(proof)}
        if self.handle is not None:
            more["userHandle"] = encoded(self.handle)
        return self._answer(client, more)

    def _data(self, flags: int) -> bytes:
        site = hashlib.sha256(self.host.encode()).digest()
        return site + struct.pack(">BI", self.flags | flags, self.counter)

    def _client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin}
        return json.dumps(said).encode()

    def _answer(self, client: bytes, more: dict[str, str]) -> str:
        response = {"clientDataJSON": encoded(client), **more}
        named = encoded(self.credential)
        return json.dumps(
            {"id": named, "rawId": named, "type": "public-key", "response": response}
        )


def register(browser: Browser, key: Key) -> httpx.Response:
    options = browser.post("/console/account/passkeys/new").json()
    return browser.post(
        "/console/account/passkeys", {"action": "add", "answer": key.made(options)}
    )


def asked(browser: Browser) -> dict[str, Any]:
    found: dict[str, Any] = browser.post("/console/passkey").json()
    return found


def enter(browser: Browser, answer: str) -> int:
    return browser.post("/console/sign-in/passkey", {"answer": answer}).status_code


@pytest.fixture
def key(house: House) -> Key:
    """A key that somebody has registered, and that lets them in."""
    made = Key(house.url)
    assert register(house.signed_in(ROSA), made).status_code == 303
    browser = house.browser()
    made.counter += 1
    assert enter(browser, made.signed(asked(browser))) == 303
    assert browser.is_in()
    made.counter += 1
    return made


def elsewhere(key: Key) -> None:
    key.origin = "https://console.evil.example"


def other_port(key: Key) -> None:
    key.origin = "http://127.0.0.1:1"


def other_host(key: Key) -> None:
    key.host = "evil.example"


def unverified(key: Key) -> None:
    key.flags = PRESENT


def absent(key: Key) -> None:
    key.flags = 0


def forged(key: Key) -> None:
    key.secret = ec.generate_private_key(ec.SECP256R1())


def copied_key(key: Key) -> None:
    key.counter = 1


def counts_nothing(key: Key) -> None:
    key.counter = 0


def not_theirs(key: Key) -> None:
    key.handle = b"somebody else"


LIES = [elsewhere, other_port, other_host, unverified, absent, forged]
LIES += [copied_key, counts_nothing, not_theirs]


@pytest.mark.parametrize("lie", LIES)
def test_a_key_that_is_not_what_it_was_lets_nobody_in(
    house: House, key: Key, lie: Callable[[Key], None]
) -> None:
    lie(key)
    browser = house.browser()

    assert enter(browser, key.signed(asked(browser))) == 422
    assert not browser.is_in()


def test_an_answer_works_once_and_for_the_browser_that_was_asked(
    house: House, key: Key
) -> None:
    first, second = house.browser(), house.browser("192.0.2.9")
    answer = key.signed(asked(first))
    asked(second)

    assert enter(second, answer) == 422
    assert enter(first, answer) == 303
    key.counter += 1
    third = house.browser()
    third.get("/console/sign-in")
    assert enter(third, answer) == 422
    assert enter(first, answer) == 422


def test_what_was_asked_for_a_new_key_signs_nobody_in(house: House, key: Key) -> None:
    browser = house.signed_in(MARTA)
    options = browser.post("/console/account/passkeys/new").json()
    stranger = house.browser()
    stranger.get("/console/sign-in")

    assert enter(stranger, key.signed(options)) == 422


@pytest.mark.parametrize("lie", [elsewhere, other_port, other_host, unverified])
def test_no_key_of_another_site_is_taken(
    house: House, lie: Callable[[Key], None]
) -> None:
    made = Key(house.url)
    lie(made)

    assert register(house.signed_in(ROSA), made).status_code == 422
    assert house.account(ROSA).passkeys == 0


def test_a_key_is_not_made_with_what_another_browser_was_asked(house: House) -> None:
    rosa, marta = house.signed_in(ROSA), house.signed_in(MARTA)
    options = rosa.post("/console/account/passkeys/new").json()

    answer = marta.post(
        "/console/account/passkeys",
        {"action": "add", "answer": Key(house.url).made(options)},
    )

    assert answer.status_code == 422
    assert house.account(MARTA).passkeys == 0


def test_nobody_takes_over_a_key_that_another_account_has(
    house: House, key: Key
) -> None:
    other = Key(house.url, credential=key.credential)

    assert register(house.signed_in(MARTA), other).status_code == 422

    browser = house.browser()
    assert enter(browser, other.signed(asked(browser))) == 422
    assert enter(browser, key.signed(asked(browser))) == 303


def test_a_key_of_somebody_who_is_disabled_opens_nothing(
    house: House, key: Key
) -> None:
    accounts = house.project.console.accounts
    rosa = house.account(ROSA)
    accounts.turn(rosa, type(rosa.state).DISABLED, by="test", at=house.now)
    browser = house.browser()

    assert enter(browser, key.signed(asked(browser))) == 422


DEEP = encoded(b"[" * 2500)
HOSTILE = ["", "{}", "[]", "null", "7", '"a"', '{"a":' * 700, '{"rawId": 7}']
HOSTILE += [json.dumps({"rawId": "aa", "response": {"clientDataJSON": DEEP}})]
HOSTILE += ['{"rawId": "aa", "response": {"clientDataJSON": "e30"}}', "[" * 2500]


@pytest.mark.parametrize("said", HOSTILE, ids=lambda said: said[:12])
def test_what_is_no_answer_at_all_is_wrong_and_breaks_nothing(
    house: House, said: str
) -> None:
    browser = house.browser()
    asked(browser)

    assert enter(browser, said) == 422
