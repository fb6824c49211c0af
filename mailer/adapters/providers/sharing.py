"""One body for many readers: variables at the slots, and every reader's own values."""

import html
from collections.abc import Callable, Collection
from functools import lru_cache

from mailer.adapters.providers.harmless import Harmless
from mailer.core.envelope import SLOTS, Letter, Recipient, Segments, json_inner


@lru_cache(maxsize=64)  # small batches of one variant follow one another
def shared(
    segments: Segments, words: Callable[[str], str], variable: Callable[[str], str]
) -> str:
    """Join the texts, with a variable at each slot.

    `words` keeps what people wrote from being a variable, `variable` names a slot.
    """
    parts = [words(segments.texts[0])]
    for slot, text in zip(segments.slots, segments.texts[1:], strict=True):
        parts += (variable(slot), words(text))
    return "".join(parts)


def slots(letter: Letter) -> set[str]:
    """Return the slots that a letter's two bodies have."""
    return {*letter.html.slots, *letter.text.slots}


def values(
    used: Collection[str],
    words: Harmless,
    named: Callable[[str], str] = lambda slot: slot,
) -> Callable[[Recipient], str]:
    """Return what writes one reader's values as a JSON object, as far as they are used.

    Each is escaped for its place. Tokens are base64url and need no escape.
    """
    makers: dict[str, Callable[[Recipient], str]] = {
        "leave": lambda recipient: recipient.leave,
        "preferences": lambda recipient: recipient.preferences,
        "reason_html": lambda recipient: _for_html(recipient.reason, words),
        "reason_text": lambda recipient: _for_text(recipient.reason, words),
    }
    chosen = [(f'"{named(slot)}":"', makers[slot]) for slot in SLOTS if slot in used]

    def write(recipient: Recipient) -> str:
        written = [f'{opening}{make(recipient)}"' for opening, make in chosen]
        return f"{{{','.join(written)}}}"

    return write


@lru_cache(maxsize=4096)
def _for_html(reason: str, words: Harmless) -> str:
    return json_inner(words.markup(html.escape(reason))).decode()


@lru_cache(maxsize=4096)
def _for_text(reason: str, words: Harmless) -> str:
    return json_inner(words.plain(reason)).decode()
