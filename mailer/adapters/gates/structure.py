"""The skeleton of the page: language, headings, images, ids, tables."""

import itertools
import re
from collections import Counter
from collections.abc import Iterator

from lxml import etree

from mailer.adapters.gates.media import DESK, Look
from mailer.adapters.gates.message import (
    Finding,
    Gate,
    Message,
    Severity,
    elements,
    place,
    words_of,
)
from mailer.adapters.gates.setting import settings

_RIGHT_TO_LEFT = frozenset(
    {"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"}
)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")  # RFC 5646, the usual part
_TABLE = re.compile(r"<table\b[^>]*>", re.IGNORECASE)
_PRESENTATION = re.compile(r"role\s*=\s*[\"']?presentation\b", re.IGNORECASE)


def language(message: Message) -> Iterator[Finding]:
    """Find a page that does not say in which language and direction it is."""
    direction = "rtl" if message.language[:3].strip("-") in _RIGHT_TO_LEFT else "ltr"
    wanted = {"lang": message.language, "dir": direction}
    for name, value in wanted.items():
        said = message.page.get(name)
        if said != value:
            yield Finding(
                gate=Gate.LANGUAGE,
                words=f'<html> needs {name}="{value}", and has'
                f" {'none' if said is None else repr(said)}: a screen reader would"
                " read with the wrong voice, or lines would begin on the wrong side.",
                where=f"HTML, line {message.page.sourceline or 1}: <html>",
            )
    if not any(_says(node, wanted) for node in elements(message.body)):
        yield Finding(
            gate=Gate.LANGUAGE,
            words="Webmail throws <html> and <body> away, and with them language and"
            f' direction: repeat lang="{message.language}" dir="{direction}" on one'
            " element around everything in <body>.",
            where="HTML: <body>",
        )
    for node in elements(message.body):
        if (said := node.get("lang")) is not None and not _LANGUAGE.fullmatch(said):
            yield Finding(
                gate=Gate.LANGUAGE,
                words=f'lang="{said[:20]}" is no language that a screen reader knows:'
                ' write its code, as "es".',
                where=place(node),
            )
    title = message.page.find("head/title")
    if title is None or not words_of(title):
        yield Finding(
            gate=Gate.LANGUAGE,
            words="<title> is missing or empty: screen readers and browser tabs have no"
            " name for the message. Print the subject there.",
            where="HTML: <head>",
        )


def _says(node: etree.Element, wanted: dict[str, str]) -> bool:
    return node.tag != "body" and all(node.get(k) == v for k, v in wanted.items())


def headings(message: Message) -> Iterator[Finding]:
    """Find an outline that one cannot walk down: one h1, then no level left out."""
    shown = settings(message.page, Look.LIGHT, DESK)
    found = [
        node
        for node in elements(message.body)
        if node.tag in _HEADINGS and not shown[node].hidden
    ]
    levels = [int(node.tag[1]) for node in found]
    if levels.count(1) != 1:
        yield Finding(
            gate=Gate.HEADINGS,
            words=f"There are {levels.count(1)} <h1>, and it takes exactly one: the"
            " headline, by which screen readers find the beginning.",
            where="HTML: <body>",
        )
    for node in found:
        if not words_of(node):
            yield Finding(
                gate=Gate.HEADINGS,
                words="A heading without words is read out as “heading”, and nothing"
                " else. Leave it out when there is nothing to head.",
                where=place(node),
            )
    for before, node in itertools.pairwise(found):
        if int(node.tag[1]) > int(before.tag[1]) + 1:
            yield Finding(
                gate=Gate.HEADINGS,
                words=f"<{node.tag}> follows <{before.tag}>: who jumps from heading to"
                " heading looks for the level between. Use"
                f" <h{int(before.tag[1]) + 1}>, and style it as you like.",
                where=place(node),
            )


def images(message: Message) -> Iterator[Finding]:
    """Find images that leave a hole where images are off, as they often are."""
    if message.logo_kept_back is not None:
        yield Finding(
            gate=Gate.IMAGES,
            words=f"What is sent leaves the logo out: mail clients show pictures from https:// only,"
            f" and base_url in mailer.toml is {message.logo_kept_back}. It will show"
            " when base_url is the https:// address of mailer web.",
            where="mailer.toml: base_url",
            severity=Severity.WARNING,
        )
    for image in message.body.iter("img"):
        if image.get("alt") is None:
            yield Finding(
                gate=Gate.IMAGES,
                words="An image without alt: with images off there is a hole, and screen"
                ' readers spell the file\'s name. Say what it shows, or alt="" if it'
                " is decoration.",
                where=place(image),
            )
        missing = [n for n in ("width", "height") if not _pixels(image.get(n))]
        if missing:
            yield Finding(
                gate=Gate.IMAGES,
                words=f"An image without {' and '.join(missing)} in pixels: Outlook"
                " shows it as large as the file is, and the text jumps when it loads."
                " Write them as attributes.",
                where=place(image),
            )
        source = image.get("src") or ""
        if not source.startswith("https://") or len(source) <= len("https://"):
            yield Finding(
                gate=Gate.IMAGES,
                words="An image that is not at an https:// address: most mail clients"
                " will not show it. Put it on your site.",
                where=place(image),
            )


def _pixels(value: str | None) -> bool:
    return bool(re.fullmatch(r"[1-9][0-9]*", value or ""))


def ids(message: Message) -> Iterator[Finding]:
    """Find ids that stand twice: a link or a label would reach the first only."""
    counted = Counter(node.get("id") for node in elements(message.page))
    for name, times in counted.items():
        if name is not None and times > 1:
            yield Finding(
                gate=Gate.IDS,
                words=f'id="{name}" stands {times} times, so a link to it reaches the'
                " first one only. Number them, or use class.",
                where="HTML",
            )


def tables(message: Message) -> Iterator[Finding]:
    """Find layout tables that are read out as tables, in Outlook's comments too."""
    for table in message.body.iter("table"):
        if table.get("role") != "presentation":
            yield Finding(
                gate=Gate.TABLES,
                words='A table without role="presentation": a screen reader announces'
                " rows and columns where there is only layout.",
                where=place(table),
            )
        for cell in table.iter("th", "caption", "summary"):
            if next(cell.iterancestors("table"), None) is table:
                yield Finding(
                    gate=Gate.TABLES,
                    words=f"<{cell.tag}> in a table that is one to the eye only: screen"
                    " readers announce it as a heading of data. Use <td>.",
                    where=place(cell),
                )
    for comment in message.page.iter(etree.Comment):
        for found in _TABLE.finditer(comment.text or ""):
            if not _PRESENTATION.search(found[0]):
                yield Finding(
                    gate=Gate.TABLES,
                    words='A table for Outlook without role="presentation": Outlook'
                    " reads it out as rows and columns.",
                    where=f"HTML, line {comment.sourceline}: {found[0][:60]}",
                )
