"""What things that records tell of are called: a page of the log asks once for each kind.

What is gone meanwhile is left out of every answer.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from mailer.core.draft import Draft
from mailer.core.model import Facts
from mailer.core.requests import Request
from mailer.ports.ledger import Mailing


class Titling(Protocol):
    """Finds many things of one kind in one query."""

    def organizations(self, numbers: Collection[int]) -> Mapping[int, str]:
        """Return the names of organizations."""
        ...

    def subscribers(self, numbers: Collection[int]) -> Mapping[int, str]:
        """Return the addresses of subscribers, masked."""
        ...

    def requests(self, numbers: Collection[int]) -> Mapping[int, Request]:
        """Return requests, whatever their state."""
        ...

    def actions(self, public_ids: Collection[str]) -> Mapping[str, Facts]:
        """Return what actions are now."""
        ...

    def tokens(self, numbers: Collection[int]) -> Mapping[int, str]:
        """Return what the owners of tokens call them."""
        ...

    def mailings(
        self, numbers: Collection[int], names: Collection[str]
    ) -> Sequence[Mailing]:
        """Return mailings by number, and by LIST/EDITION."""
        ...

    def drafts(self, names: Collection[str]) -> Mapping[str, Draft]:
        """Return the words of urgent calls by LIST/EDITION."""
        ...
