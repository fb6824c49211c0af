"""Why a blast is not moved on, for pages that say so in words of their own."""

from enum import StrEnum

from mailer.core.errors import RefusedError


class Why(StrEnum):
    """What stands against it."""

    STAGE = "stage"  # it is somewhere else by now
    STALE = "stale"  # somebody has changed it in between
    ERRORS = "errors"  # a check found what must be mended
    WARNINGS = "warnings"  # and what nobody has acknowledged
    OWN = "own"  # who wrote it does not approve it
    UNCOUNTED = "uncounted"  # they are many, and nobody typed how many
    MISCOUNTED = "miscounted"  # another number was typed
    DRIFTED = "drifted"  # other people are in its audience than were
    TAKEN = "taken"  # another blast has this name


class NotMovedError(RefusedError):
    """A step that would break a promise; `why` says which."""

    def __init__(self, why: Why, words: str) -> None:
        super().__init__(words)
        self.why = why
