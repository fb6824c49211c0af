"""Why a person does what others will ask about, in their own words."""

import re

from mailer.core.errors import InputError
from mailer.core.saying import says

LONGEST = 500  # characters
_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:]+@[^\s<>()\[\]\"',;]+")


def unaddressed(text: str) -> str:
    """Return the text without addresses: records outlive whoever asks to be erased."""
    return _ADDRESS.sub("[address]", text)


_HINT = says("--reason: say why, for the record")


def said(reason: str, hint: str = _HINT) -> str:
    """Return a reason on one line, unaddressed; raises InputError: nothing, too much."""
    words = unaddressed(" ".join(reason.split()))
    if not words or len(words) > LONGEST:
        raise InputError(
            says("%(hint)s, in at most %(most)s characters", hint=hint, most=LONGEST)
        )
    return words
