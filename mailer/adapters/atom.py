"""Feeds as Atom (RFC 4287), with the days that RSS's event module tells.

https://web.resource.org/rss/1.0/modules/event/ (read 2026-11).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

_ATOM = "http://www.w3.org/2005/Atom"
_EVENT = "http://purl.org/rss/1.0/modules/event/"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
# What XML 1.0 cannot hold, in whatever form (https://www.w3.org/TR/xml/#charsets).
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

register_namespace("", _ATOM)
register_namespace("ev", _EVENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Takes:
    """When and where an entry's action takes place; ISO 8601."""

    starts: str
    ends: str | None
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing to tell."""

    id: str  # a URI that never changes
    title: str
    url: str
    summary: str
    published: datetime
    updated: datetime
    takes: Takes | None = None
    authors: tuple[str, ...] = ()  # else the feed's


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What a feed reader subscribes to."""

    url: str  # its own address, which is its id as well
    title: str
    page: str  # the page that shows the same
    author: str
    language: str
    updated: datetime
    entries: Sequence[Entry]


def atom(feed: Feed) -> bytes:
    """Return the feed, UTF-8."""
    root = Element(_named("feed"), {_LANG: feed.language})
    _tell(root, "id", feed.url)
    _tell(root, "title", feed.title)
    _tell(root, "updated", _instant(feed.updated))
    _link(root, "self", feed.url, "application/atom+xml")
    _link(root, "alternate", feed.page, "text/html")
    _tell(SubElement(root, _named("author")), "name", feed.author)
    for entry in feed.entries:
        _add(root, entry)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def _add(root: Element, entry: Entry) -> None:
    here = SubElement(root, _named("entry"))
    _tell(here, "id", entry.id)
    _tell(here, "title", entry.title)
    _link(here, "alternate", entry.url, "text/html")
    _tell(here, "published", _instant(entry.published))
    _tell(here, "updated", _instant(entry.updated))
    for name in entry.authors:
        _tell(SubElement(here, _named("author")), "name", name)
    _tell(here, "summary", entry.summary)
    if entry.takes is not None:
        for name, words in (
            ("startdate", entry.takes.starts),
            ("enddate", entry.takes.ends),
            ("location", entry.takes.place),
        ):
            if words:
                SubElement(here, f"{{{_EVENT}}}{name}").text = _fit(words)


def _tell(parent: Element, name: str, words: str) -> None:
    SubElement(parent, _named(name)).text = _fit(words)


def _link(parent: Element, relation: str, url: str, kind: str) -> None:
    attributes = {"rel": relation, "type": kind, "href": _fit(url)}
    SubElement(parent, _named("link"), attributes)


def _named(name: str) -> str:
    return f"{{{_ATOM}}}{name}"


def _fit(words: str) -> str:
    return _NO_XML.sub("", words)


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
