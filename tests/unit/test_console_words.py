"""The console's small parts: passwords, codes, cookies, browsers, its Spanish."""

import re
from datetime import UTC, datetime, timedelta
from functools import cache

import pyotp
import pytest
from argon2 import PasswordHasher
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from hypothesis import given, strategies as st
from starlette.requests import Request

from mailer.adapters.credentials.codes import Codes
from mailer.adapters.credentials.passkeys import Passkeys
from mailer.adapters.credentials.passwords import Passwords
from mailer.adapters.credentials.sealing import Seal
from mailer.adapters.renderer.environment import translations
from mailer.core.accounts import (
    as_digits,
    as_recovery,
    is_acceptable,
    recovery_code as code_of,
    shown,
)
from mailer.core.errors import InputError, StoreError
from mailer.web.console import cookie
from mailer.web.console.browsers import named
from mailer.web.console.door import within
from tests.fakes.site import TEMPLATES

NOW = datetime(2026, 11, 21, 12, 0, 10, tzinfo=UTC)
QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
CATALOGUE = TEMPLATES / "translations" / "es.console.po"
_MARKS = re.compile(r"%\((\w+)\)s|</?strong>")


@cache
def words_of_the_console() -> frozenset[str]:
    found = set()
    for file in sorted((TEMPLATES / "web" / "console").glob("*.html")):
        with file.open("rb") as lines:
            for _, message, *_ in extract("jinja2.ext:babel_extract", lines):
                found.add(message if isinstance(message, str) else message[0])
    return frozenset(found | sentences_of_checks())


def sentences_of_checks() -> frozenset[str]:
    """Return what findings and refusals are made of, wherever they are made."""
    found = set()
    for file in sorted((TEMPLATES.parent / "mailer").rglob("*.py")):
        with file.open("rb") as lines:
            for _, message, *_ in extract("python", lines, keywords={"says": None}):
                found.add(str(message))
    return frozenset(found)


def test_every_word_of_the_console_is_said_in_spanish() -> None:
    spanish = translations(TEMPLATES / "translations", "es")
    same_in_both = {"no"}

    for english in words_of_the_console() - same_in_both:
        said = {spanish.gettext(english), spanish.ngettext(english, english, 1)}
        assert said != {english}


def test_the_catalogue_says_nothing_that_no_page_prints_and_keeps_the_marks() -> None:
    with CATALOGUE.open("rb") as lines:
        messages = [one for one in read_po(lines, locale="es") if one.id]
    for one in messages:
        ids = [one.id] if isinstance(one.id, str) else list(one.id)
        said = [one.string] if isinstance(one.string, str) else [*(one.string or ())]
        assert ids[0] in words_of_the_console()
        for english, spanish in zip(ids, said, strict=True):
            assert sorted(_MARKS.findall(english)) == sorted(_MARKS.findall(spanish))


@pytest.mark.parametrize(
    ("password", "good"),
    [
        ("correct horse battery", True),
        ("elevenchars", False),
        ("aaaaaaaaaaaaaaaaaaaa", False),
        ("union.example1", False),
        ("ana.ruiz.2026!", False),
        ("ana.ruiz saw nine herons", True),
        ("Passwordpassword1", False),
        ("contraseña12345", False),
        ("contraseña de nueve garzas", True),
        ("x" * 100 + "abcdefg" * 20, False),
    ],
)
def test_a_password_is_long_and_not_made_of_what_everybody_knows(
    password: str, *, good: bool
) -> None:
    known = {"address": "ana.ruiz@union.example", "name": "Ana Ruiz"}

    assert is_acceptable(password, **known) is good


@given(st.binary(min_size=10, max_size=16))
def test_a_recovery_code_is_read_however_it_is_copied(random: bytes) -> None:
    code = code_of(random)

    for copied in (code, shown(code), shown(code).upper(), f" {shown(code)} "):
        assert as_recovery(copied) == code
    assert as_digits(shown(code)) is None


@given(st.text(max_size=20))
def test_whatever_is_typed_as_a_code_is_read_or_refused(typed: str) -> None:
    digits, recovery = as_digits(typed), as_recovery(typed)

    assert digits is None or re.fullmatch("[0-9]{6}", digits)
    assert recovery is None or re.fullmatch("[a-z0-9]{10}", recovery)


def test_a_code_is_of_the_step_that_its_phone_shows_and_one_to_either_side() -> None:
    codes = Codes("Coalition: one")
    secret = codes.secret()
    otp = pyotp.TOTP(secret)
    step = int(NOW.timestamp()) // 30

    for apart, found in ((-2, None), (-1, -1), (0, 0), (1, 1), (2, None)):
        shown_then = otp.at(NOW + timedelta(seconds=30 * apart))
        expected = None if found is None else step + found
        assert codes.step(secret, shown_then, at=NOW) == expected
    assert codes.step(secret, "abcdef", at=NOW) is None
    uri = codes.uri(secret, "ana@union.example")
    assert uri.startswith("otpauth://totp/Coalition%20%20one:ana%40union.example?")
    assert codes.picture(uri).startswith(b"\x89PNG")


def test_a_password_is_compared_with_the_same_work_for_nobody() -> None:
    passwords = Passwords(QUICK)
    hashed = passwords.hash("right")

    assert hashed.startswith("$argon2id$")
    assert passwords.matches(hashed, "right")
    assert not passwords.matches(hashed, "wrong")
    assert not passwords.matches(None, "no account has this one")
    assert not passwords.matches("broken", "right")
    assert passwords.computed == 5


def test_a_hash_of_yesterdays_parameters_is_made_anew() -> None:
    old = Passwords(QUICK).hash("right")
    stronger = PasswordHasher(time_cost=2, memory_cost=64, parallelism=1)

    assert Passwords(stronger).is_outdated(old)
    assert not Passwords(QUICK).is_outdated(old)


@given(st.text(max_size=40), st.integers(0, 200))
def test_a_sealed_secret_is_whole_or_refused(secret: str, where: int) -> None:
    seal = Seal(b"k" * 32)
    sealed = seal.close(secret, about="one")
    bent = bytearray(sealed)
    bent[where % len(bent)] ^= 1

    assert seal.open(sealed, about="one") == secret
    for data, about in ((bytes(bent), "one"), (sealed, "another")):
        with pytest.raises(StoreError, match="another key"):
            seal.open(data, about=about)


@given(st.text(max_size=200))
def test_whatever_claims_to_be_a_passkey_is_read_or_refused(said: str) -> None:
    with pytest.raises(InputError, match="no answer of a passkey"):
        Passkeys("https://mail.example.org", "Coalition").read(said)


def asked(**headers: str) -> Request:
    named = [
        (name.replace("_", "-").encode(), value.encode())
        for name, value in headers.items()
    ]
    return Request({"type": "http", "method": "POST", "headers": named})


def test_a_cookie_on_https_is_bound_to_the_host() -> None:
    assert cookie.Cookie("https://mail.example.org").name == "__Host-console"
    assert cookie.Cookie("http://127.0.0.1:8000").name == "console"


def test_a_cookie_that_is_none_of_ours_is_not_looked_up() -> None:
    jar = cookie.Cookie("http://127.0.0.1")

    assert jar.read(asked(cookie=f"console={'x' * 43}")) == "x" * 43
    for value in ("", "x" * 42, "x" * 44, "x" * 42 + "!"):
        assert jar.read(asked(cookie=f"console={value}")) is None


@given(st.text(max_size=60))
def test_no_token_fits_but_the_one_of_this_cookie(posted: str) -> None:
    mine = cookie.fresh()

    assert cookie.is_own(mine, cookie.token(mine))
    assert not cookie.is_own(mine, posted)
    assert not cookie.is_own(None, cookie.token(mine))
    assert not cookie.is_own(mine, cookie.token(cookie.fresh()))


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({}, True),
        ({"origin": "https://mail.example.org"}, True),
        ({"origin": "http://mail.example.org"}, False),
        ({"origin": "https://mail.example.org.evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://localhost:8000", "host": "localhost:8000"}, True),
        ({"origin": "http://evil.example", "host": "localhost:8000"}, False),
        ({"sec_fetch_site": "same-site"}, False),
        (
            {"sec_fetch_site": "cross-site", "origin": "https://mail.example.org"},
            False,
        ),
    ],
)
def test_a_form_comes_from_a_page_of_ours(
    headers: dict[str, str], *, ours: bool
) -> None:
    base = "https://mail.example.org"

    assert cookie.is_from_us(asked(**headers), base) is ours


@given(st.text(max_size=40))
def test_nobody_is_led_out_of_the_console(path: str) -> None:
    assert within(path) == "/console" or within(path).startswith("/console/")
    assert within(f"//{path}") == "/console"


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0", "Firefox Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/156.0 Safari/537.36", "Chrome Windows"),
        ("… Chrome/156 Safari/537.36 Edg/156 Windows", "Edge Windows"),
        ("… (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1", "Safari iPhone"),
        ("", "None None"),
    ],
)
def test_a_browser_is_named_as_its_owner_knows_it(agent: str, said: str) -> None:
    assert " ".join(map(str, named(agent))) == said
