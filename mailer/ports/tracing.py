"""Why somebody got a mailing or did not, as it is on record."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Traces(Protocol):
    """Reads what the store knows of one person, by their number."""

    def person(self, subscriber: int) -> Mapping[str, Any]:
        """Return who they are, where, and whether they may be mailed at all."""
        ...

    def subscriptions(self, subscriber: int) -> Sequence[Mapping[str, Any]]:
        """Return their subscriptions, with the latest consent event of each."""
        ...

    def deliveries(
        self, subscriber: int, mailing_id: int | None
    ) -> Sequence[Mapping[str, Any]]:
        """Return what became of their part in the latest mailings, newest first."""
        ...
