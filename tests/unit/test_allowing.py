"""Who may be mailed while something is tried out."""

import pytest
from hypothesis import given, strategies as st

from mailer.core.allowing import parse
from mailer.core.errors import InputError


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("me@example.org", True),
        ("Me@Example.ORG", True),
        ("you@example.org", False),
        ("anybody@ours.example", True),
        ("anybody@OURS.example", True),
        ("anybody@lists.ours.example", False),
        ("anybody@notours.example", False),
        ("anybody@ours.example.net", False),
        ("ours.example", False),
        ("@ours.example", False),
        ("me@example.org@evil.example", False),
        ("", False),
    ],
)
def test_an_address_is_allowed_by_itself_or_by_its_whole_domain(
    address: str, *, allowed: bool
) -> None:
    assert (address in parse(["@ours.example", "Me@example.org"])) is allowed


@given(st.emails())
def test_an_empty_list_allows_nobody(address: str) -> None:
    assert address not in parse([])


@pytest.mark.parametrize(
    "entry", ["", "@", "ours.example", "*@ours.example@", "a b@c.example", "@a b", "*"]
)
def test_an_entry_that_is_neither_address_nor_domain_is_refused(entry: str) -> None:
    with pytest.raises(InputError):
        parse([entry])
