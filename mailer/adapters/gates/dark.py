"""Whether a message shapes its own dark mode."""

from collections.abc import Iterator

from mailer.adapters.gates.css import sheet, sheets
from mailer.adapters.gates.media import DESK, PHONE, Look, applies
from mailer.adapters.gates.message import Finding, Gate, Message

_METAS = ("color-scheme", "supported-color-schemes")


def dark(message: Message) -> Iterator[Finding]:
    """Find a page that leaves dark mode to guesswork.

    Without the declaration, Apple Mail and others darken as they see fit; a rule for
    dark mode that is not !important loses to the style attribute it should replace.
    """
    said = {
        meta.get("name"): (meta.get("content") or "").split()
        for meta in message.page.iter("meta")
    }
    for name in _METAS:
        if {"light", "dark"} - set(said.get(name, ())):
            yield _found(
                f'<meta name="{name}" content="light dark"> is missing: mail clients'
                " would darken the message as they see fit. Put it into <head>."
            )
    rules = [
        rule
        for _, css in sheets(message.page)
        for rule in sheet(css)[0]
        if rule.media
        and "prefers-color-scheme" in rule.media
        and any(applies(rule.media, Look.DARK, width) for width in (DESK, PHONE))
    ]
    if not rules:
        yield _found(
            "There is no @media (prefers-color-scheme: dark): in the dark the message"
            " shines. Put the block into a <style> that is not inlined."
        )
    for rule in rules:
        weak = [one.name for one in rule.declarations if not one.important]
        if weak:
            yield _found(
                f"“{rule.selectors}” sets {', '.join(weak)} for dark mode without"
                " “ !important”, so the style attribute wins and nothing changes."
            )


def _found(words: str) -> Finding:
    return Finding(gate=Gate.DARK, words=words, where="HTML: <head>")
