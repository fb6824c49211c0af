"""What gates look at, and what they say."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from lxml import etree, html as lxml_html

Element = Any  # lxml has no types of its own


class Gate(StrEnum):
    """What is asked of a message."""

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
    WIDTHS = "widths"
    SUBJECT = "subject"
    PREHEADER = "preheader"
    LEFTOVERS = "leftovers"
    CONTROLS = "controls"
    TEXT = "text"
    TRANSLATED = "translated"


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
        """Say whether these words are somebody's, and not the template's."""
        return any(words in quote for quote in self.quoted)


@lru_cache(maxsize=16)
def _tree(page: str) -> Element:
    parser = lxml_html.HTMLParser(encoding="utf-8")
    empty = "<html><head></head><body></body></html>"
    try:
        tree = lxml_html.document_fromstring(page.encode(), parser=parser)
    except etree.ParserError:  # nothing but space
        tree = lxml_html.document_fromstring(empty)
    if tree.find("body") is None:
        etree.SubElement(tree, "body")
    return tree


def elements(tree: Element) -> Iterator[Element]:
    """Yield the elements of a tree in order, without comments."""
    return (node for node in tree.iter() if isinstance(node.tag, str))


def words_of(element: Element) -> str:
    """Return what an element says, on one line."""
    return " ".join("".join(element.itertext(with_tail=False)).split())


def place(element: Element) -> str:
    """Say where an element stands, so that its author finds it."""
    said = words_of(element) or element.get("aria-label") or element.get("src") or ""
    said = f" “{said[:40]}{'…' if len(said) > 40 else ''}”" if said else ""
    return f"HTML, line {element.sourceline}: <{element.tag}>{said}"


def line_of(text: str, position: int) -> int:
    """Return the number of the line in which a position is, from 1."""
    return text.count("\n", 0, position) + 1
