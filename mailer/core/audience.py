"""Who shares a variant: readers alike in all that shapes their digest."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

# How long an organization is muted until somebody says otherwise.
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)


class Resting(StrEnum):
    """Why a subscriber is left out of a mailing, by choice and not for ever."""

    PAUSED = "paused"
    URGENT_ONLY = "urgent only"
    NOT_THEIR_WEEK = "not their week"
    MUTED = "muted"  # not their own choice: a coordinator's, for their organization


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Group:
    """Readers of one list with the same language, place, scope and last edition.

    `place_id` and `known_variant` are 0 when unknown or none. `known_variant` is the
    variant of their last edition in this list, from which "new since" is reckoned.
    """

    language: str
    place_id: int
    known_variant: int
    quiet_weeks: bool  # wants a note when there is nothing
    scope: str = ""  # what they want to hear of, as `core.scope` writes it
