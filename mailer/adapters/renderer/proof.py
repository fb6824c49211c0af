"""Proofreading a page before its styles are put in place.

What stands after that is always well-formed, because the parser mends it by guess:
a `</td>` that somebody deleted then moves half of the mail, and a rule without its
colon is gone, without a word.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from mailer.adapters.renderer.rules import misprint
from mailer.core.errors import TemplateError

_MARKUP = re.compile(
    r"<!--(?P<comment>.*?)-->"
    r"|<style\b(?P<kind>[^>]*)>(?P<css>.*?)</style\s*>"
    r"|<(?P<end>/?)(?P<tag>[a-zA-Z][\w:]*)(?P<attributes>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>",
    re.DOTALL,
)
_LOST = re.compile(r"<!--|</?[a-zA-Z]")  # what the pattern above could not read
_STYLE = re.compile(r"\sstyle\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"]
)
_OPTIONAL = frozenset({"p", "li"})  # HTML ends them by itself
_HELD = {  # what may stand in it, and nothing else may
    "table": frozenset(["tr", "tbody", "thead", "tfoot", "caption", "colgroup", "col"]),
    "tbody": frozenset({"tr"}),
    "thead": frozenset({"tr"}),
    "tfoot": frozenset({"tr"}),
    "tr": frozenset({"td", "th"}),
}
_HOLDERS = {  # and in what each of these must stand
    "tr": frozenset({"table", "tbody", "thead", "tfoot"}),
    "td": frozenset({"tr"}),
    "th": frozenset({"tr"}),
}
_TABLE = "Write a table around it: {{ draw.table() }}…</table>"
_ROW = "Write a row around it: <tr><td>…</td></tr>"
_NEAR = 40  # characters


class _Open(NamedTuple):
    tag: str
    start: int
    end: int


def proofread(page: str, file: str) -> None:
    """Refuse a page whose elements or styles are not what somebody meant to write.

    Raises TemplateError naming the template and the words beside the mistake.
    """
    misread = next(_misread(page), None)
    if misread is not None:
        raise TemplateError(f"{file}: {misread}")


def _misread(page: str) -> Iterator[str]:
    stack: list[_Open] = []
    last = number = 0
    for found in _MARKUP.finditer(page):
        yield from _between(page, last, found.start(), stack)
        last = found.end()
        if found["css"] is not None:
            number += 1
            inlined = "premailer" not in found["kind"]
            if wrong := _styles(found["css"], inlined=inlined):
                yield f"its <style> number {number}, {wrong}"
        elif found["tag"] is not None:
            yield from _element(page, found, stack)
    yield from _between(page, last, len(page), stack)
    for left in reversed(stack):
        if left.tag not in _OPTIONAL:
            yield _unclosed(page, left)


@lru_cache(maxsize=64)
def _styles(css: str, *, inlined: bool) -> str | None:
    return misprint(css, inlined=inlined)


def _between(page: str, start: int, end: int, stack: list[_Open]) -> Iterator[str]:
    """Find what is no markup and should be, and words where only rows may stand."""
    if lost := _LOST.search(page, start, end):
        what = "a comment" if lost[0] == "<!--" else "an element"
        yield (
            f"{what} does not end, or a quotation mark in it is missing:"
            f" “{_near(page, lost.start())}”"
        )
    if stack and stack[-1].tag in _HELD and (words := page[start:end].strip()):
        yield (
            f"“{words[:_NEAR]}” stands in a <{stack[-1].tag}> and in no cell, so"
            f" browsers print it above the table. {_ROW}"
        )


def _element(page: str, found: re.Match[str], stack: list[_Open]) -> Iterator[str]:
    tag, attributes = found["tag"].lower(), found["attributes"]
    if "<" in attributes:
        yield (
            f"a quotation mark is missing in <{tag}>: “{_near(page, found.start())}”"
        )
    if found["end"]:
        yield from _closed(page, tag, found.start(), stack)
        return
    held = _HELD.get(stack[-1].tag) if stack else None
    if held is not None and tag not in held:
        yield (
            f"<{tag}> stands in a <{stack[-1].tag}>, where only"
            f" {' or '.join(f'<{one}>' for one in sorted(held)[-2:])} may:"
            f" “{_near(page, found.start())}”. {_ROW}"
        )
    holders = _HOLDERS.get(tag)
    if holders and stack and held is None and stack[-1].tag not in holders:
        yield (
            f"<{tag}> stands in a <{stack[-1].tag}> and in no table:"
            f" “{_near(page, found.start())}”. {_TABLE if tag == 'tr' else _ROW}"
        )
    if tag == "a" and any(one.tag == "a" for one in stack):
        yield f"a link stands within a link: “{_near(page, found.start())}”"
    for style in _STYLE.finditer(attributes):
        if wrong := _attribute(style[1] or style[2] or ""):
            yield f"the style of <{tag}>: {wrong}"
    if tag not in _VOID and not attributes.rstrip().endswith("/"):
        stack.append(_Open(tag, found.start(), found.end()))


@lru_cache(maxsize=256)
def _attribute(style: str) -> str | None:
    return misprint(f"p {{ {style} }}", inlined=True) if style.strip() else None


def _closed(page: str, tag: str, at: int, stack: list[_Open]) -> Iterator[str]:
    while stack and stack[-1].tag != tag and stack[-1].tag in _OPTIONAL:
        stack.pop()
    if stack and stack[-1].tag == tag:
        stack.pop()
    elif any(one.tag == tag for one in stack):
        yield _unclosed(page, stack[-1])
    else:
        yield (
            f"</{tag}> closes what is not open, after “{_before(page, at)}”. Take it"
            f" out, or write the <{tag}> that it ends"
        )


def _unclosed(page: str, left: _Open) -> str:
    words = _near(page, left.start)
    return f"<{left.tag}> is never closed: “{words}”. Write </{left.tag}> where it ends"


def _near(page: str, at: int) -> str:
    """Return what stands from there on: the tag, and the words in it."""
    tag, _, rest = page[at : at + 400].partition(">")
    words = " ".join(re.sub(r"<[^>]*>?", " ", rest).split())[:_NEAR]
    tag = " ".join(tag.split())
    tag = f"{tag[:_NEAR]}…" if len(tag) > _NEAR else tag
    return f"{tag}> {words}".strip()


def _before(page: str, at: int) -> str:
    words = re.sub(r"<[^>]*>|^[^<]*>", " ", page[max(0, at - 400) : at])
    return " ".join(words.split())[-_NEAR:]
