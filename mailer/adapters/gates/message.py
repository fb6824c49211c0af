"""What gates look at, and what they say."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from lxml import etree, html as lxml_html

Element = Any  # lxml has no types of its own


class Gate(StrEnum):
    """What is asked of a message."""

    SUBJECT = "subject"
    SIZE = "size"
    LINES = "lines"
    LANGUAGE = "language"
    HEADINGS = "headings"
    IMAGES = "images"
    IDS = "ids"
    TABLES = "tables"
    LINKS = "links"
    LEAVING = "leaving"
    POSTAL = "postal"
    OUTLOOK = "outlook"
    FOREIGN = "foreign"
    SUPPORT = "support"
    STYLES = "styles"
    DARK = "dark"
    CONTRAST = "contrast"
    TYPE = "type"
    LAYOUT = "layout"
    PREHEADER = "preheader"
    LEFTOVERS = "leftovers"
    TRANSLATION = "translation"
    CONTROLS = "controls"
    TEXT = "text"


class Severity(StrEnum):
    """Whether a message may be sent like this."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a reader would stumble over, and the way out."""

    gate: Gate
    words: str
    where: str
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class Untranslated:
    """A sentence of the templates that a language does not have."""

    words: str  # what is missing, and the way out
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message as one reader gets it: every slot is filled."""

    language: str
    subject: str
    preheader: str
    html: str
    text: str
    leave_url: str | None  # as in List-Unsubscribe; None: there is nothing to leave
    quoted: tuple[str, ...] = ()  # what people wrote, in which marks are not ours
    postal_address: str | None = None  # as mailer.toml has it; None: it has none
    logo_kept_back: str | None = None  # the base_url for which a logo is left out
    untranslated: tuple[Untranslated, ...] = ()  # in the templates, not only here

    @property
    def page(self) -> Element:
        """The HTML as a tree; an empty page has an empty body."""
        return _tree(self.html)

    @property
    def body(self) -> Element:
        """The tree's body."""
        return self.page.find("body")

    def wrote(self, words: str) -> bool:
        """Say whether these words are somebody's, and not the template's.

        As they are printed: on one line, without what nobody sees, perhaps cut short.
        """
        said = folded(words).removesuffix("…")
        return any(said in quote for quote in _folded(self.quoted))


def folded(words: str) -> str:
    """Return the words on one line, without the characters that nobody sees."""
    kept = (
        " " if letter.isspace() else letter
        for letter in words
        if letter.isspace() or unicodedata.category(letter) not in _UNSEEN
    )
    return " ".join("".join(kept).split())


_UNSEEN = frozenset({"Cc", "Cf", "Cs"})  # control, format, half a character


@lru_cache(maxsize=4)
def _folded(quoted: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(folded, quoted))


@lru_cache(maxsize=16)
def _tree(page: str) -> Element:
    parser = lxml_html.HTMLParser(encoding="utf-8")
    empty = "<html><head></head><body></body></html>"
    try:
        octets = page.encode("utf-8", "replace")  # half a character is another gate's
        tree = lxml_html.document_fromstring(octets, parser=parser)
    except etree.ParserError:  # nothing but space
        tree = lxml_html.document_fromstring(empty)
    if tree.find("body") is None:
        etree.SubElement(tree, "body")
    return tree


def elements(tree: Element) -> Iterator[Element]:
    """Yield the elements of a tree in order, without comments."""
    return (node for node in tree.iter() if isinstance(node.tag, str))


def words_of(element: Element) -> str:
    """Return what an element says, pictures too, on one line."""
    said = element.xpath("descendant::text() | descendant-or-self::img/@alt")
    return " ".join("".join(said).split())


def place(element: Element) -> str:
    """Say where an element stands, so that its author finds it."""
    said = words_of(element) or element.get("aria-label") or element.get("src") or ""
    said = f" “{said[:40]}{'…' if len(said) > 40 else ''}”" if said else ""
    return f"HTML, line {element.sourceline}: <{element.tag}>{said}"


def line_of(text: str, position: int) -> int:
    """Return the number of the line in which a position is, from 1."""
    return text.count("\n", 0, position) + 1
