"""Markdown → the tree that mail is drawn from; what the tree cannot say is told.

CommonMark (spec.commonmark.org, 0.31) by markdown-it-py, HTML off: what looks like a
tag is words, and no tag can come of it.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from mailer.core.prose import Block, Bullets, Paragraph, Prose, Span, Unsaid
from mailer.core.saying import says

_TAG = re.compile(r"</?[A-Za-z][^<>\n]{0,80}>")
_BARE = re.compile(r"https?://\S+")
_CANNOT = {
    "heading": says("a heading; write it in bold, as **What to bring**"),
    "blockquote": says("a quotation; write it as a paragraph"),
    "code_block": says("an indented block; begin its lines without spaces"),
    "fence": says("a block of code; write it as a paragraph"),
    "code_inline": says("code; write it without the marks"),
    "hr": says("a line across; leave one line empty instead"),
    "em": says("italics; write **bold**, or leave the marks out"),
    "image": says("a picture; mail goes out without any"),
    "hardbreak": says("a line break within a paragraph; leave one line empty"),
}
_LOST = frozenset(("image", "fence", "code_block", "blockquote", "heading", "hr"))


class CommonMark:
    """The port Markdown: CommonMark without HTML and without pictures."""

    def __init__(self) -> None:
        self._reader = MarkdownIt("commonmark", {"html": False})

    def read(self, words: str) -> Prose:
        """Return the tree, and what of the words is not in it, line by line."""
        tokens: list[Token] = self._reader.parse(words)
        reading = _Reading()
        blocks = tuple(reading.blocks(SyntaxTreeNode(tokens).children))
        return Prose(blocks=blocks, unsaid=tuple(reading.unsaid))


class _Reading:
    """Reads one text, and notes what it cannot keep."""

    def __init__(self) -> None:
        self.unsaid: list[Unsaid] = []
        self._line = 1

    def blocks(self, nodes: Iterable[SyntaxTreeNode]) -> Iterator[Block]:
        for node in nodes:
            self._at(node)
            if node.type == "paragraph":
                yield self._paragraph([node])
            elif node.type in ("bullet_list", "ordered_list"):
                yield self._bullets(node)
            else:
                self._cannot(node.type)
                if node.type in ("code_block", "fence"):
                    yield Paragraph(spans=(Span(words=node.content.strip()),))
                elif node.type == "heading":
                    yield self._paragraph([node])
                else:
                    yield from self.blocks(node.children)

    def _bullets(self, node: SyntaxTreeNode) -> Bullets:
        numbered = node.type == "ordered_list"
        if numbered and node.attrs.get("start", 1) != 1:
            self._tell(says("numbers that do not begin with 1; they will"), lost=False)
        items = tuple(self._item(item) for item in node.children)
        return Bullets(items=items, numbered=numbered)

    def _item(self, item: SyntaxTreeNode) -> Paragraph:
        flat: list[SyntaxTreeNode] = []
        for child in item.children:
            self._at(child)
            if child.type == "paragraph":
                if flat:
                    self._tell(says("a second paragraph in a list"), lost=False)
                flat.append(child)
            elif child.type in ("bullet_list", "ordered_list"):
                self._tell(says("a list within a list; write one list"), lost=True)
            else:
                self._cannot(child.type)
                if child.type == "heading":
                    flat.append(child)
        return self._paragraph(flat)

    def _paragraph(self, nodes: Iterable[SyntaxTreeNode]) -> Paragraph:
        spans: list[Span] = []
        for node in nodes:
            self._at(node)
            for inline in node.children:
                if spans:
                    spans.append(Span(words=" "))
                spans += self._spans(inline.children, bold=False, url=None)
        return Paragraph(spans=tuple(_joined(spans)))

    def _spans(
        self, nodes: Iterable[SyntaxTreeNode], *, bold: bool, url: str | None
    ) -> Iterator[Span]:
        for node in nodes:
            if node.type == "text":
                self._look_at(node.content, url)
                yield Span(words=node.content, bold=bold, url=url)
            elif node.type == "softbreak":
                self._line += 1
                yield Span(words=" ", bold=bold, url=url)
            elif node.type == "strong":
                yield from self._spans(node.children, bold=True, url=url)
            elif node.type == "link":
                href: Any = node.attrs.get("href", "")
                yield from self._spans(node.children, bold=bold, url=str(href))
            else:
                self._cannot(node.type)
                if node.type == "hardbreak":
                    self._line += 1
                    yield Span(words=" ", bold=bold, url=url)
                elif node.type == "code_inline":
                    yield Span(words=node.content, bold=bold, url=url)
                elif node.type != "image":
                    yield from self._spans(node.children, bold=bold, url=url)

    def _look_at(self, words: str, url: str | None) -> None:
        if tag := _TAG.search(words):
            self._tell(
                says("HTML; %(tag)s is printed as it stands", tag=tag[0]), lost=False
            )
        if url is None and (bare := _BARE.search(words)):
            self._tell(
                says("a link without its marks; write <%(url)s>", url=bare[0]),
                lost=False,
            )

        if "](" in words:
            self._tell(
                says("a link that leads nowhere mail may; write [words](https://…)"),
                lost=False,
            )

    def _at(self, node: SyntaxTreeNode) -> None:
        if node.map is not None:
            self._line = node.map[0] + 1

    def _cannot(self, kind: str) -> None:
        self._tell(
            _CANNOT.get(kind, says("this (%(kind)s)", kind=kind)), lost=kind in _LOST
        )

    def _tell(self, words: str, *, lost: bool) -> None:
        self.unsaid.append(Unsaid(line=self._line, words=words, lost=lost))


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Join neighbours that look the same."""
    last: Span | None = None
    for span in spans:
        if last is not None and (last.bold, last.url) == (span.bold, span.url):
            last = Span(words=last.words + span.words, bold=span.bold, url=span.url)
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last
