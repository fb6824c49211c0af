"""A provider's list in memory, which says what it was asked."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from mailer.core.errors import ProviderError
from mailer.core.suppressions import Listed
from mailer.ports import Part


class ListInMemory:
    """Holds what it is given; breaks off where it is told to."""

    vendor = "Memory"

    def __init__(self, *listed: Listed, name: str = "main", takes: bool = True) -> None:
        """Take what stands on it."""
        self.name = name
        self.takes = takes
        self.listed = {each.address: each for each in listed}
        self.keeps: set[str] = set()  # whom it does not let go
        self.asked: list[datetime | None] = []
        self.added: list[str] = []
        self.removed: list[str] = []
        self.fails_in: str = ""

    def read(self, since: datetime | None) -> Iterator[Part]:
        """Read it, an entry a part."""
        self.asked.append(since)
        for each in self.listed.values():
            yield Part(listed=[each])
        self._fail("read")

    def add(self, entries: Sequence[Listed]) -> int:
        """Put addresses on it."""
        if not self.takes:
            return len(entries)
        self._fail("add")
        self.added += [entry.address for entry in entries]
        self.listed |= {entry.address: entry for entry in entries}
        return 0

    def remove(self, addresses: Sequence[str]) -> Sequence[str]:
        """Take addresses off it."""
        self.removed += addresses
        for address in set(addresses) - self.keeps:
            self.listed.pop(address, None)
        return [address for address in addresses if address in self.keeps]

    def close(self) -> None:
        """Nothing is open."""

    def _fail(self, where: str) -> None:
        if self.fails_in == where:
            raise ProviderError("[providers.main] its list of suppressed addresses: no")
