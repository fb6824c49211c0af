"""Calls to action, and who endorses them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from mailer.core.requests import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Endorsable:
    """A call that organizations may endorse."""

    slug: str
    title: str
    closes_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endorser:
    """An organization that endorses a call, and does not mind who knows."""

    name: str
    place: str | None


class Endorsements(Protocol):
    """Who endorses what, as the public may see it and moderators decide it."""

    def calls(self, on: date) -> Sequence[Endorsable]:
        """Return the calls whose last day is not over on a day, the newest first.

        One may be endorsed long before its own first day.
        """
        ...

    def public(self, call: str) -> Sequence[Endorser]:
        """Return who endorses a call publicly, by name."""
        ...

    def alike(self, name: str, place: str | None = None) -> Sequence[str]:
        """Return the organizations on record that may be meant by a name.

        Those at the place with this label come first; a person decides.
        """
        ...

    def accept(
        self, request: Request, *, into: str | None, by: str, at: datetime
    ) -> str | None:
        """List an organization as a request says; returns its name on record.

        With `into` it is that organization, and the name becomes one of its aliases.
        None: somebody had decided already. Raises NotFoundError for an `into` that is
        not there, and RefusedError for a name that is another organization's alias.
        """
        ...
