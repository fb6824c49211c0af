"""SPF records as RFC 7208 writes them."""

import time

import pytest
from hypothesis import given, strategies as st

from mailer.core.records import spf

PLAIN = st.sampled_from(
    [
        "a", "mx", "ip4:192.0.2.0/24", "ip6:2001:db8::/32", "include:example.net",
        "a:mail.example.org/24//64", "exists:%{i}._spf.example.org", "~all", "-all",
        "redirect=_spf.example.com", "unknown-modifier=%{d}", "?include:example.com",
    ]
)  # fmt: skip


@pytest.mark.parametrize("text", ["v=spf1", "v=spf1 -all", "V=SPF1 a"])
def test_a_record_begins_with_its_version(text: str) -> None:
    assert spf.looks_so(text)


@pytest.mark.parametrize("text", ["v=spf10 -all", "spf1 a", "v=DMARC1; p=none", ""])
def test_what_only_resembles_one_is_none(text: str) -> None:
    assert not spf.looks_so(text)


@pytest.mark.parametrize(
    ("word", "complaint"),
    [
        ("ip4:192.0.2.300", "no address"),
        ("ip4:2001:db8::1", "no address"),
        ("ip6:192.0.2.1", "no address"),
        ("ip4", "names nothing"),
        ("include:", "names nothing"),
        ("include", "names nothing"),
        ("all:example.org", "names no domain"),
        ("include:example.org/24", "takes no length"),
        ("includes:example.org", "nothing that SPF knows"),
        ("192.0.2.1", "nothing that SPF knows"),
        ("a:mail..example", "names no domain"),
        ("redirect=", "names no domain"),
    ],
)
def test_a_slip_of_the_pen_is_named(word: str, complaint: str) -> None:
    found = spf.parse(f"v=spf1 {word} -all")

    assert found.fault
    assert complaint in found.fault
    assert word in found.fault


def test_a_second_redirect_is_a_fault() -> None:
    assert spf.parse("v=spf1 redirect=a.example redirect=b.example").fault


@given(st.lists(PLAIN, max_size=6))
def test_every_record_in_the_rfcs_grammar_is_read(words: list[str]) -> None:
    redirects = sum(word.startswith("redirect") for word in words)

    found = spf.parse(" ".join(["v=spf1", *words]))

    assert (found.fault is None) == (redirects < 2)


@given(st.text(max_size=80))
def test_no_text_makes_reading_fail(text: str) -> None:
    found = spf.parse(f"v=spf1 {text}")

    assert found.fault or len(found.terms) == len([w for w in text.split(" ") if w])


@pytest.mark.parametrize("piece", ["%{a}", "%{", "%", "%%", "%{a}/"])
def test_a_record_made_to_be_read_for_ever_is_read_at_once(piece: str) -> None:
    began = time.perf_counter()

    found = spf.parse(f"v=spf1 include:{piece * 15_000}//x")

    assert found.fault
    assert time.perf_counter() - began < 5


def test_what_stands_behind_all_is_never_asked_for() -> None:
    found = spf.parse("v=spf1 a -all mx redirect=_spf.example.org")

    assert [term.name for term in found.followed] == ["a"]
    assert found.end
    assert found.end.text == "-all"


def test_redirect_counts_only_without_all() -> None:
    found = spf.parse("v=spf1 redirect=_spf.example.org mx")

    assert [term.name for term in found.followed] == ["mx", "redirect"]


def test_an_include_is_added_before_the_end_and_keeps_the_rest() -> None:
    found = spf.parse("v=spf1 ip4:192.0.2.1 -all")

    added = spf.with_include(found, "mailgun.org")

    assert added == "v=spf1 include:mailgun.org ip4:192.0.2.1 -all"
    assert spf.parse(added).fault is None
    assert spf.with_include(None, "mailgun.org") == "v=spf1 include:mailgun.org ~all"
