"""Days as browsers post them."""

from datetime import date

from mailer.core.errors import InputError
from mailer.core.preferences import LONGEST_PAUSE


def coming(written: str, today: date) -> date:
    """Return a day to come, within a year; raises InputError for any other."""
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise InputError(
            f'"{written[:20]}" is no day; write it as 2026-12-31'
        ) from None
    if not today < day <= today + LONGEST_PAUSE:
        raise InputError("choose a day to come, within a year")
    return day
