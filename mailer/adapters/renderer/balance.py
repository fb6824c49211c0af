"""Whether a printed page closes what it opens, before anything repairs it.

Parsers mend a page in silence, each in its own way: what looks right in a browser has
its rows outside the table in Outlook. So the page is read here as it was written.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mailer.adapters.renderer.locating import spelled
from mailer.core.errors import TemplateError

_SKIPPED = re.compile(
    r"<!--.*?-->|<(style|title|script)\b[^>]*>.*?</\1\s*>|<![^>]*>",
    re.DOTALL | re.IGNORECASE,
)
_TAG = re.compile(
    r"<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9]*)"
    r"(?P<rest>(?:\"[^\"<]*\"|'[^'<]*'|[^'\"<>])*)>"
)
_BEGUN = re.compile(r"</?[A-Za-z][^<>]*")  # a tag that does not end as one
_ANY_TAG = re.compile(r"<[^>]*>")
_ATTRIBUTES = re.compile(
    r"(?:\s+[A-Za-z_:][\w:.\-]*(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'=<>`]+))?)*\s*/?"
)
_VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "wbr"})
# Their end tags may be left out (HTML Living Standard, 13.1.2.4, read 2026-11-21).
_OPTIONAL = frozenset({"p", "li", "tbody", "thead", "tfoot"})
_ROWS = frozenset({"table", "tbody", "thead", "tfoot"})
_PARENTS = {"tr": _ROWS, "td": frozenset({"tr"}), "th": frozenset({"tr"})}
_AROUND = {
    "tr": "a table, as {{ draw.table() }} opens one and </table> ends it,",
    "td": "a <tr>",
    "th": "a <tr>",
}
_SHOWN, _SAID, _AFTER = 60, 30, 200  # characters: of a tag, of the words after it


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tag:
    """A start tag as it is written, and what comes after it."""

    name: str
    written: str
    after: str

    def __str__(self) -> str:
        said = next(filter(None, map(str.strip, _ANY_TAG.split(self.after))), "")
        words = _short(self.written)
        return f"{words} “{said[:_SAID]}”" if said else words


class _Mistake(NamedTuple):
    """The tag that is wrong, as it is written, and what is to be said of it."""

    written: str
    words: str


def check(page: str, templates: Path, folder: str) -> None:
    """Raise TemplateError for a tag without its counterpart, or a lost quote.

    `folder` is the template's beneath `templates`; the line is named where exactly
    one of it, or of `_design`, holds the tag as it is printed.
    """
    wrong = next(_mistakes(_SKIPPED.sub("", page)), None)
    if wrong is not None:
        known = _source(wrong.written, templates, folder)
        file = known or f"templates/{folder}/body.html"
        raise TemplateError(f"{file}: {wrong.words}")


def _mistakes(page: str) -> Iterator[_Mistake]:
    opened: list[_Tag] = []
    done = 0
    for found in _TAG.finditer(page):
        if begun := _BEGUN.search(page, done, found.start()):
            yield _unquoted(begun[0])
        done = found.end()
        name = found["name"].lower()
        after = page[done : done + _AFTER]
        tag = _Tag(name=name, written=found[0], after=after)
        if not _ATTRIBUTES.fullmatch(found["rest"]):
            yield _unquoted(tag.written)
        elif found["end"]:
            before = page[max(found.start() - _SHOWN, 0) : found.start()]
            yield from _closed(opened, name, " ".join(before.split()))
        elif name not in _VOID:
            yield from _misplaced(opened, tag)
            opened.append(tag)
    for tag in reversed(opened):
        if tag.name not in _OPTIONAL:
            yield _Mistake(
                tag.written, f"{tag} is never closed; write </{tag.name}> at its end"
            )


def _unquoted(written: str) -> _Mistake:
    return _Mistake(
        written,
        f"{_short(written)} has a quotation mark too many or too few, and swallows"
        " what stands after it; close each attribute's value with the mark that opens"
        " it",
    )


def _closed(opened: list[_Tag], name: str, before: str) -> Iterator[_Mistake]:
    while opened and opened[-1].name != name and opened[-1].name in _OPTIONAL:
        opened.pop()
    if opened and opened[-1].name == name:
        opened.pop()
    elif any(one.name == name for one in opened):
        inner = opened[-1]
        yield _Mistake(
            inner.written,
            f"{inner} is not closed when </{name}> ends what is around it; write"
            f" </{inner.name}> at its end",
        )
    else:
        yield _Mistake(
            f"</{name}>",
            f"</{name}> after “{before}” closes nothing; the <{name}> before it is"
            " missing, or this is one too many",
        )


def _misplaced(opened: list[_Tag], tag: _Tag) -> Iterator[_Mistake]:
    around = next((one for one in reversed(opened) if one.name == "a"), None)
    if tag.name == "a" and around is not None:
        yield _Mistake(
            around.written,
            f"{around} is not closed when the next link begins; write </a> after its"
            " words",
        )
    parents = _PARENTS.get(tag.name)
    if parents and (not opened or opened[-1].name not in parents):
        within = f"<{opened[-1].name}>" if opened else "nothing"
        yield _Mistake(
            tag.written,
            f"{tag} stands in {within}, where Outlook and others lose it; it takes"
            f" {_AROUND[tag.name]} around it",
        )


def _short(tag: str) -> str:
    words = " ".join(tag.split())
    return words if len(words) <= _SHOWN else f"{words[:_SHOWN]}…"


def _source(tag: str, templates: Path, folder: str) -> str | None:
    """Return file and line of the one place that says this, as it is printed."""
    start = tag[:_SHOWN].partition("\n")[0]
    places = [
        f"{spelled(file)}, line {number}"
        for where in (folder, "email/_design")
        for file in sorted((templates / where).glob("*.html"))
        for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1)
        if start in line
    ]
    return places[0] if len(places) == 1 else None
