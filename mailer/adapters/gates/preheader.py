"""What an inbox shows: the subject, and the line after it."""

from collections.abc import Iterator

from mailer.adapters.gates.css import declarations
from mailer.adapters.gates.message import (
    Element,
    Finding,
    Gate,
    Message,
    Severity,
    elements,
    folded,
    place,
    words_of,
)

_SHORT, _LONG = 60, 110  # characters
_CUT, _ENDLESS = 70, 250  # characters of a subject


def subject(message: Message) -> Iterator[Finding]:
    """Find a message that an inbox shows without a name, or with half of one.

    Names of cities and organizations are in it, so what is somewhat too long is only
    worth a look; a whole paragraph is a mistake.
    """
    if not folded(message.subject):
        yield Finding(
            gate=Gate.SUBJECT,
            words="The subject is empty: an inbox shows “(no subject)”, and filters take"
            " it for spam. See subject.txt.",
            where="Subject",
        )
    elif (length := len(message.subject)) > _CUT:
        yield Finding(
            gate=Gate.SUBJECT,
            words=f"The subject has {length} characters; inboxes show {_CUT} at most,"
            " phones about 40. Put what counts first, or shorten subject.txt.",
            where="Subject",
            severity=Severity.ERROR if length > _ENDLESS else Severity.WARNING,
        )


def preheader(message: Message) -> Iterator[Finding]:
    """Find a preheader that is missing, shown, or not first, too short or too long."""
    words = " ".join(message.preheader.split())
    seen = folded(message.preheader)
    if not _SHORT <= len(seen) <= _LONG:
        yield _found(
            f"The preheader has {len(seen)} characters; inboxes show {_SHORT} to"
            f" {_LONG}. Shorter, and they fill the line with the page's first words;"
            " longer, and it breaks off. See preheader.txt.",
            "Preheader",
        )
    hidden = next((n for n in elements(message.body) if _says(n, words)), None)
    if hidden is None:
        yield _found(
            "The page does not begin with the preheader, so inboxes show the page's"
            " first words. Print it hidden, first thing in <body>.",
            "HTML: <body>",
        )
        return
    if any(_speaks_before(node, hidden) for node in elements(message.body)):
        yield _found(
            "Other words stand before the preheader, and inboxes show those. Print it"
            " first thing in <body>.",
            place(hidden),
        )
    style = {one.name: one.value for one in declarations(hidden.get("style") or "")}
    if style.get("display") != "none" or style.get("mso-hide") != "all":
        yield _found(
            "The preheader is not hidden everywhere: readers would see a stray line"
            ' above the message. Give its element style="display:none; mso-hide:all".',
            place(hidden),
        )


def _says(node: Element, words: str) -> bool:
    speaks = bool((node.text or "").strip())
    return bool(words) and speaks and words_of(node).startswith(words)


def _speaks_before(node: Element, hidden: Element) -> bool:
    """Say whether an element prints words, and comes before the hidden one."""
    if node in (hidden, *hidden.iterancestors()):
        return False
    return bool((node.text or "").strip()) and any(
        later is hidden for later in node.itersiblings()
    )


def _found(words: str, where: str) -> Finding:
    return Finding(gate=Gate.PREHEADER, words=words, where=where)
