"""The fast way to check addresses never disagrees with the slow one."""

import pytest
from hypothesis import example, given, strategies as st

from mailer.adapters.addresses import AddressBook, checked
from mailer.core.errors import InputError

# What addresses are made of, and what breaks them.
SIGNS = (
    "abcXYZ019._%+-!#$&'*/=?^`{|}~\"(),:;<>[]\\@ \t\n\x00\x7féñß\u0131ﬀ日\u200b\u202e"
)
LOCALS = st.text(st.sampled_from(SIGNS), max_size=70) | st.sampled_from(
    ("ana", "Postmaster", "a" * 64, "a" * 65, ".a", "a.", "a..b", '"a b"', "")
)
DOMAINS = st.text(st.sampled_from("abXY09.-é@ "), max_size=20) | st.sampled_from(
    (
        "one.example",
        "One.Example",
        "españa.example",
        "xn--espaa-rta.example",
        "a" * 63 + ".example",
        "a" * 64 + ".example",
        ".".join(["abcdefghi"] * 25),
        "localhost",
        "[127.0.0.1]",
        "one.example.",
    )
)


def outcome(book: AddressBook | None, address: str) -> str:
    try:
        return book.checked(address) if book else checked(address)
    except InputError as error:
        return f"refused: {error}"


@given(st.lists(st.tuples(LOCALS, DOMAINS), min_size=1, max_size=6))
@example([("ana", "one.example"), ("a" * 65, "one.example")])
@example([("ana", "one.example"), ("Postmaster", "one.example")])
@example([("ana", ".".join(["abcdefghi"] * 25)), ("ben", "one.example")])
def test_a_book_answers_of_every_address_what_the_full_check_answers(
    pairs: list[tuple[str, str]],
) -> None:
    book = AddressBook()
    for _, domain in pairs:  # met with an address that is fine, if it can be
        outcome(book, f"ana@{domain}")

    for local, domain in pairs:
        address = f"{local}@{domain}"
        assert outcome(book, address) == outcome(None, address)


@pytest.mark.parametrize("length", range(240, 262))
def test_a_book_keeps_to_the_longest_address(length: int) -> None:
    domain = ".".join(["abcdefghi"] * 20) + ".example"
    local = "a" * (length - len(domain) - 1)
    book = AddressBook()
    outcome(book, f"ana@{domain}")

    assert outcome(book, f"{local}@{domain}") == outcome(None, f"{local}@{domain}")
