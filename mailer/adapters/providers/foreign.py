"""Words from outside, made fit to be kept and shown."""

import re

from mailer.core.reasons import unaddressed

_LONGEST = 200
_UNPRINTABLE = re.compile(r"[^\S ]+|[^\x20-\x7e\xa0-\U0010ffff]+")


def words(text: str) -> str:
    """Return a server's text on one line: cut, without controls and addresses."""
    line = _UNPRINTABLE.sub(" ", text[: _LONGEST * 10])
    line = unaddressed(line)
    visible = "".join(c if c.isprintable() else " " for c in line)
    return " ".join(visible.split())[:_LONGEST]
