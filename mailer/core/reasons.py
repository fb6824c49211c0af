"""Why a person does what others will ask about, in their own words."""

from mailer.core.errors import InputError

LONGEST = 500  # characters


def said(reason: str, hint: str = "--reason: say why, for the record") -> str:
    """Return a reason on one line; raises InputError if it says nothing or too much."""
    words = " ".join(reason.split())
    if not words or len(words) > LONGEST:
        raise InputError(f"{hint}, in at most {LONGEST} characters")
    return words
