"""What stands in the style elements: how much, and how it is spelled."""

import re
from collections.abc import Iterator

from mailer.adapters.gates.css import sheet, sheets
from mailer.adapters.gates.message import Finding, Gate, Message, line_of

_BLOCK, _ALL = 8 * 1024, 16 * 1024  # bytes, as Gmail counts
_CRAMPED = re.compile(r"(?<! )!important")


def styles(message: Message) -> Iterator[Finding]:
    """Find style elements that Gmail or others throw away as a whole.

    Gmail keeps 16 KB and drops a block with an @ inside an @ (hteumeuleu/email-bugs
    #90 and #21); Outlook and Orange want a space before !important (caniemail).
    """
    total = 0
    for style, css in sheets(message.page):
        size = len(css.encode())
        total += size
        if size > _BLOCK:
            yield _found(
                f"A <style> of {size:,} bytes; Gmail may drop one of more than"
                f" {_BLOCK:,}, with all its rules. Split it, the weightiest first.",
                style.sourceline,
            )
        for rule in sheet(css)[1]:
            if rule.within is not None:
                yield _found(
                    f"@{rule.name} stands inside {rule.within}: Gmail drops the whole"
                    " <style>. Write them one after the other.",
                    style.sourceline + rule.line - 1,
                )
        for found in _CRAMPED.finditer(css):
            yield _found(
                "!important without a space before it: Outlook ignores it, and Orange"
                " drops the declaration. Write “ !important”.",
                style.sourceline + line_of(css, found.start()) - 1,
            )
    if total > _ALL:
        yield _found(
            f"The <style> elements have {total:,} bytes together; Gmail reads the first"
            f" {_ALL:,}.",
            1,
        )


def _found(words: str, line: int) -> Finding:
    return Finding(gate=Gate.STYLES, words=words, where=f"HTML, line {line}: <style>")
