"""Gates: what a message must pass before it is fit to be sent.

Each is a function of one message that yields what it finds, and says it in words for
whoever edits the templates. `check` asks them all.
"""

from collections.abc import Callable, Iterable, Mapping

from mailer.adapters.gates.contrast import contrast, small
from mailer.adapters.gates.dark import dark
from mailer.adapters.gates.foreign import foreign
from mailer.adapters.gates.layout import layout
from mailer.adapters.gates.leaving import leaving
from mailer.adapters.gates.links import links
from mailer.adapters.gates.message import (
    Finding,
    Gate,
    Message,
    Severity,
    Untranslated,
)
from mailer.adapters.gates.outlook import outlook
from mailer.adapters.gates.postal import postal
from mailer.adapters.gates.preheader import preheader, subject
from mailer.adapters.gates.size import lines, size
from mailer.adapters.gates.structure import headings, ids, images, language, tables
from mailer.adapters.gates.styles import styles
from mailer.adapters.gates.support import support
from mailer.adapters.gates.text import text
from mailer.adapters.gates.translation import translation
from mailer.adapters.gates.words import controls, leftovers

__all__ = ["GATES", "Finding", "Gate", "Message", "Severity", "Untranslated", "check"]

GATES: Mapping[Gate, Callable[[Message], Iterable[Finding]]] = {
    Gate.SUBJECT: subject,
    Gate.SIZE: size,
    Gate.LINES: lines,
    Gate.LANGUAGE: language,
    Gate.HEADINGS: headings,
    Gate.IMAGES: images,
    Gate.IDS: ids,
    Gate.TABLES: tables,
    Gate.LINKS: links,
    Gate.LEAVING: leaving,
    Gate.POSTAL: postal,
    Gate.OUTLOOK: outlook,
    Gate.FOREIGN: foreign,
    Gate.SUPPORT: support,
    Gate.STYLES: styles,
    Gate.DARK: dark,
    Gate.CONTRAST: contrast,
    Gate.TYPE: small,
    Gate.LAYOUT: layout,
    Gate.PREHEADER: preheader,
    Gate.LEFTOVERS: leftovers,
    Gate.TRANSLATION: translation,
    Gate.CONTROLS: controls,
    Gate.TEXT: text,
}


def check(message: Message) -> list[Finding]:
    """Return what all gates find, in their order; nothing, if the message is fit."""
    return [finding for gate in GATES.values() for finding in gate(message)]
