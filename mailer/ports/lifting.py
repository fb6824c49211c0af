"""Who is suppressed, for a person who looks one up or takes one off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifted:
    """What was taken back, and which lists reach this person again."""

    reason: str  # for which they were suppressed
    told_by: str | None  # the provider that told of it, and may have a list of its own
    since: datetime
    lists: Sequence[str] = field(default_factory=tuple)
    is_subscriber: bool = True


class Lifting(Protocol):
    """Reads the suppressions, and lifts one at a time."""

    def counts(self) -> Mapping[str, int]:
        """Return how many there are, by reason."""
        ...

    def of(self, address: str) -> Mapping[str, Any] | None:
        """Return `suppressed`, `suppressed_since` and `suppressed_by`; None: free."""
        ...

    def lift(self, address: str, *, asked: str, actor: str, at: datetime) -> Lifted:
        """Let an address be mailed again, with their consent on record.

        Raises NotFoundError for one that is not suppressed, RefusedError for one that
        was erased.
        """
        ...
