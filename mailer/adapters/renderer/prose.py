"""A coordinator's text as plain text, its links numbered and listed beneath."""

from collections.abc import Iterable
from dataclasses import replace

from mailer.adapters.renderer.plain import linkable, wrapped
from mailer.core.prose import Block, Bullets, Paragraph, Span


def linked(blocks: Iterable[Block], base_url: str) -> tuple[Block, ...]:
    """Return the blocks without the links that may not stand in a mail."""

    def spans(paragraph: Paragraph) -> Paragraph:
        fit = tuple(
            replace(span, url=linkable(span.url, base_url)) for span in paragraph.spans
        )
        return replace(paragraph, spans=fit)

    return tuple(
        replace(block, items=tuple(map(spans, block.items)))
        if isinstance(block, Bullets)
        else spans(block)
        for block in blocks
    )


def as_text(blocks: Iterable[Block]) -> str:
    """Return the blocks as plain text of 72 columns; a link is "words [1]".

    One whose words are its address is not listed again.
    """
    urls: list[str] = []
    parts = [_block(block, urls) for block in blocks]
    if urls:
        parts.append("\n".join(f"[{n}] {url}" for n, url in enumerate(urls, start=1)))
    return "\n\n".join(parts)


def _block(block: Block, urls: list[str]) -> str:
    if isinstance(block, Paragraph):
        return wrapped(_line(block.spans, urls))
    return "\n".join(
        _item(f"{number}." if block.numbered else "-", item, urls)
        for number, item in enumerate(block.items, start=1)
    )


def _item(mark: str, item: Paragraph, urls: list[str]) -> str:
    return f"{mark} {wrapped(_line(item.spans, urls), len(mark) + 1)}"


def _line(spans: Iterable[Span], urls: list[str]) -> str:
    return "".join(_words(span, urls) for span in spans).strip()


def _words(span: Span, urls: list[str]) -> str:
    if span.url is None or span.words.strip() == span.url:
        return span.words
    if span.url not in urls:
        urls.append(span.url)
    words = span.words.rstrip()
    space = span.words[len(words) :]
    return f"{words} [{urls.index(span.url) + 1}]{space}"
