"""A style sheet that says what somebody meant: no rule is dropped without a word."""

from collections.abc import Iterator
from typing import Any

import tinycss2
from cssselect import SelectorError, parse

_WITH_COLON = frozenset({"filter", "-ms-filter"})  # Microsoft's, "progid:…"


def misprint(css: str, *, inlined: bool) -> str | None:
    """Return the first mistake with its line within the sheet; None: there is none.

    An `inlined` sheet is moved into style attributes, where no media query, no
    `!important` and no other rule with @ has a place.
    """
    return next(_misprints(css, inlined=inlined), None)


def _misprints(css: str, *, inlined: bool) -> Iterator[str]:
    nodes = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    for node in nodes:
        if node.type == "at-rule":
            if inlined:
                yield _said(
                    node,
                    f"@{node.at_keyword} cannot be moved into style attributes; write"
                    ' it into a <style data-premailer="ignore">',
                )
            for inner in tinycss2.parse_blocks_contents(
                node.content or [], skip_comments=True, skip_whitespace=True
            ):
                if inner.type in ("qualified-rule", "error"):
                    yield from _rule(inner, inlined=inlined)
        else:
            yield from _rule(node, inlined=inlined)


def _rule(node: Any, *, inlined: bool) -> Iterator[str]:
    if node.type == "error":
        yield _said(
            node, "a brace is missing or one too many; each rule is x { y: z; }"
        )
        return
    selectors = tinycss2.serialize(node.prelude).strip()
    if not _readable(selectors):
        yield _said(node, f"“{selectors[:60]}” selects nothing; write .name or p")
    declared = tinycss2.parse_blocks_contents(
        node.content, skip_comments=True, skip_whitespace=True
    )
    for one in declared:
        yield from _declaration(one, selectors, inlined=inlined)


def _readable(selectors: str) -> bool:
    try:
        return bool(parse(selectors))
    except SelectorError:
        return False


def _declaration(one: Any, selectors: str, *, inlined: bool) -> Iterator[str]:
    if one.type == "qualified-rule":
        yield _said(
            one, f"“{selectors}” is not closed: a }} is missing before this rule"
        )
    elif one.type != "declaration":
        yield _said(
            one, f"“{selectors}” cannot be read: write color: #1E1712; with : and ;"
        )
    elif one.lower_name not in _WITH_COLON and any(
        token.type == "literal" and token.value == ":" for token in one.value
    ):
        yield _said(one, f"“{selectors}”: a ; is missing after {one.name}")
    elif inlined and one.important:
        yield _said(
            one,
            f"“{selectors}”: !important has no place in a style attribute, where dark"
            " mode could not replace it; take it out, or write the rule into a <style"
            ' data-premailer="ignore">',
        )


def _said(node: Any, words: str) -> str:
    return f"line {node.source_line}: {words}"
