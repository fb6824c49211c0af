"""Atom is well-formed XML whatever people wrote."""

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from hypothesis import given, strategies as st

from mailer.adapters.atom import Entry, Feed, Takes, atom

NOW = datetime(2019, 10, 8, 17, 30, 0, 123456, tzinfo=UTC)
ATOM = "{http://www.w3.org/2005/Atom}"
ANYTHING = st.text(st.characters(exclude_categories=()))


def feed(words: str, *, entries: int = 1) -> Feed:
    return Feed(
        url="https://mail.example.org/feeds/actions.atom?lang=en&x=1",
        title=words,
        page="https://mail.example.org/actions",
        author=words,
        language="en",
        updated=NOW,
        entries=[
            Entry(
                id=f"tag:mail.example.org,2019-10-08:action/{number}",
                title=words,
                url="https://mail.example.org/actions/a",
                summary=words,
                published=NOW,
                updated=NOW,
                takes=Takes(starts="2019-10-12", ends=None, place=words),
                authors=(words,),
            )
            for number in range(entries)
        ],
    )


@given(words=ANYTHING)
def test_any_words_at_all_parse_back(words: str) -> None:
    root = ET.fromstring(atom(feed(words)))  # noqa: S314 - our own

    kept = "".join(c for c in words if c in "\t\n\r" or _fits(ord(c)))
    # A parser reads every line end as one "\n" (XML 1.0 §2.11).
    title = root.findtext(f"{ATOM}title") or ""
    assert title == kept.replace("\r\n", "\n").replace("\r", "\n")


def _fits(code: int) -> bool:
    return (
        0x20 <= code <= 0xD7FF
        or 0xE000 <= code <= 0xFFFD
        or 0x10000 <= code <= 0x10FFFF
    )


def test_what_the_rfc_requires_is_there() -> None:
    root = ET.fromstring(atom(feed("March", entries=2)))  # noqa: S314 - our own

    assert root.findtext(f"{ATOM}updated") == "2019-10-08T17:30:00Z"
    assert root.findtext(f"{ATOM}author/{ATOM}name") == "March"
    for node in (root, *root.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(node.findall(f"{ATOM}{name}")) == 1
    ids = [node.text for node in root.findall(f"{ATOM}entry/{ATOM}id")]
    assert len(set(ids)) == len(ids) == 2
