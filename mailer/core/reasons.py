"""Why a person does what others will ask about, in their own words."""

import re

from mailer.core.errors import InputError

LONGEST = 500  # characters
_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:]+@[^\s<>()\[\]\"',;]+")


def unaddressed(text: str) -> str:
    """Return the text without addresses: records outlive whoever asks to be erased."""
    return _ADDRESS.sub("[address]", text)


def said(reason: str, hint: str = "--reason: say why, for the record") -> str:
    """Return a reason on one line, unaddressed; raises InputError: nothing, too much."""
    words = unaddressed(" ".join(reason.split()))
    if not words or len(words) > LONGEST:
        raise InputError(f"{hint}, in at most {LONGEST} characters")
    return words
