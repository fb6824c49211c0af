"""What the story of an urgent call says: who stopped it, whose approval is void."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

Story = Sequence[tuple[datetime, str, str, str]]  # when, by whom, what, why


@dataclass(frozen=True, slots=True, kw_only=True)
class Voided:
    """An approval that an edit took away, and nobody has given again."""

    approver: str
    approved_at: datetime
    editor: str


def stopper(story: Story) -> str:
    """Return who stopped it last; empty if nobody did."""
    return next((by for _, by, verb, _ in reversed(story) if verb == "stop"), "")


def voided(story: Story) -> Voided | None:
    """Return the approval that an edit has voided since; None: there is none."""
    standing: tuple[str, datetime] | None = None
    found: Voided | None = None
    for at, by, verb, _ in story:
        if verb == "approve":
            standing, found = (by, at), None
        elif verb == "ask again":
            standing = None
        elif verb == "edit" and standing:
            found = Voided(approver=standing[0], approved_at=standing[1], editor=by)
            standing = None
    return found
