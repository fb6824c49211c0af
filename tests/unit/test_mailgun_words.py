"""Nothing that people write is one of Mailgun's variables, and all of it is seen."""

import html
import re

from hypothesis import given, strategies as st

from mailer.adapters.providers.mailgun import harmless

VARIABLE = re.compile(r"%(?![0-9A-Fa-f]{2})[A-Za-z_][\w.:-]*%", re.ASCII)
words = st.lists(
    st.sampled_from(
        [
            "%",
            "recipient",
            ".leave",
            "unsubscribe_url",
            "C3",
            "%B3",
            "é",
            "<b>",
            "<style>",
            "</style>",
            "&",
            "50",
        ]
    )
    | st.text(max_size=4),
    max_size=12,
).map("".join)


@given(words, words)
def test_no_variable_is_left_in_plain_text_even_where_two_texts_meet(
    first: str, second: str
) -> None:
    joined = harmless.plain(first) + "%recipient.leave%" + harmless.plain(second)

    assert set(VARIABLE.findall(joined)) == {"%recipient.leave%"}


@given(words, words)
def test_no_variable_is_left_in_markup_even_where_two_texts_meet(
    first: str, second: str
) -> None:
    joined = harmless.markup(first) + "%recipient.leave%" + harmless.markup(second)

    assert set(VARIABLE.findall(joined)) == {"%recipient.leave%"}


@given(words)
def test_plain_text_reads_as_before(text: str) -> None:
    assert harmless.plain(text).replace("\u2060", "") == text.replace("\u2060", "")


@given(words.filter(lambda text: "<style" not in text.lower()))
def test_markup_reads_as_before(text: str) -> None:
    assert html.unescape(harmless.markup(text)) == html.unescape(text)


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_percent_encoded_link_stays_as_it_is(path: str, query: str) -> None:
    encoded = "".join(f"%{octet:02X}" for octet in f"{path}{query}".encode())

    link = f"https://example.org/{encoded}/end "

    assert harmless.plain(link) == link
    assert harmless.markup(link) == link
