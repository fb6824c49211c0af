"""Where actions come from, and where places are."""

from dataclasses import dataclass
from typing import Protocol

from mailer.core.model import Place, Reading


class Source(Protocol):
    """Somewhere actions are published."""

    def read(self) -> Reading:
        """Read all that is there now; raises InputError when nothing can be read."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A place label matched to the gazetteer, with what a person should check."""

    place: Place
    code: str | None = None  # "place-respelled", "place-without-region", …
    message: str | None = None


class Gazetteer(Protocol):
    """Knows where places are, offline."""

    def resolve(self, locality: str, region: str | None, country: str) -> Resolved:
        """Find a place; one that is not found comes back without coordinates."""
        ...
