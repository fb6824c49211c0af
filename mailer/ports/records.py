"""What was done by whom, and what is looked at only if that is written down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One row of the audit log: numbers and reasons, never an address."""

    number: int
    at: datetime
    actor: str
    verb: str
    thing: str
    detail: Mapping[str, Any] = field(default_factory=dict)


class Records(Protocol):
    """The audit log."""

    def latest(self, *, most: int, before: int | None = None) -> Sequence[Record]:
        """Return the newest records, or those older than one."""
        ...

    def note(
        self,
        *,
        at: datetime,
        actor: str,
        verb: str,
        thing: str,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Add a record of something that changes nothing else."""
        ...

    def address_of(self, request: int, *, by: str, at: datetime) -> str | None:
        """Return the whole address behind a request, and record who looked.

        None: it is known no more, and nothing is recorded.
        """
        ...
