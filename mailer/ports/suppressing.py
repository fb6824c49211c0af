"""Two lists of addresses that nobody may mail: a provider's, and ours."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from mailer.core.suppressions import Listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some of a provider's list."""

    listed: Sequence[Listed]
    unread: int = 0  # entries that nobody can read


class SuppressionList(Protocol):
    """A provider's own list. Every method raises ProviderError for what it answers."""

    @property
    def name(self) -> str:
        """Return the name of the provider's table in mailer.toml."""
        ...

    @property
    def vendor(self) -> str:
        """Return the provider's name as people write it."""
        ...

    @property
    def takes(self) -> bool:
        """Return whether its API lets us put an address on it."""
        ...

    def read(self, since: datetime | None) -> Iterator[Part]:
        """Read the list part by part: what was put on it since then, or all of it.

        Where the provider cannot be asked for a time, it is all of it.
        """
        ...

    def add(self, entries: Sequence[Listed]) -> int:
        """Put addresses on it; returns how many it did not take. Twice is harmless."""
        ...

    def remove(self, addresses: Sequence[str]) -> Sequence[str]:
        """Take addresses off it, whatever for; returns whom it would not let go.

        Whoever is not on it counts as taken off.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Synchronized:
    """How far two lists have been brought into line."""

    until: datetime | None = None  # of what was there before, nothing is left to do
    consents: int = 0  # consent events that were looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a part of a provider's list changed here."""

    suppressed: int = 0
    left: int = 0  # subscriptions that ended
    # Who came back by their own act after they were put there.
    returned: Sequence[str] = field(default_factory=tuple, repr=False)


class Suppressions(Protocol):
    """Our own list, as two are brought into line. Every method is one transaction."""

    def begin(
        self,
        provider: str,
        *,
        at: datetime,
        every: timedelta | None = None,
    ) -> Synchronized | None:
        """Take note that it begins; returns how far it was brought before.

        With `every` only if it is due: so long after the last time, sooner after one
        that was broken off or when somebody has come back. Else None.
        """
        ...

    def take(
        self,
        provider: str,
        listed: Sequence[Listed],
        *,
        at: datetime,
        dry_run: bool = False,
    ) -> Taken:
        """Suppress here whom the provider holds; blocks suppress nobody.

        A complaint and an unsubscribe end subscriptions, as the events do. Whoever has
        come back since, or is suppressed here already, is left as they are.
        """
        ...

    def ours(
        self, provider: str, *, since: datetime | None, after: int, most: int
    ) -> Sequence[tuple[int, Listed]]:
        """Return whom the provider should know of, by number, from `after` on.

        Only subscribers, since only their address is known; nobody who was erased, and
        nobody of whom this provider has told us.
        """
        ...

    def consents(self, *, at: datetime) -> int:
        """Return up to which number no consent event is still being written down."""
        ...

    def returned(self, after: int) -> Sequence[str]:
        """Return who left and came back by their own act in a later consent event."""
        ...

    def finish(self, provider: str, reached: Synchronized) -> None:
        """Take note of how far the lists are in line."""
        ...
