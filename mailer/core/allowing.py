"""Who may be mailed while something is tried out: a short list of addresses."""

from collections.abc import Iterable
from dataclasses import dataclass

from mailer.core.errors import InputError
from mailer.core.headers import wire_address
from mailer.core.tokens import normalize

# What the identifiers of messages begin with that stayed in the outbox instead.
KEPT = "outbox:"


@dataclass(frozen=True, slots=True)
class AllowList:
    """Addresses, and domains written as `@example.org`; without any, nobody."""

    entries: frozenset[str]

    def __contains__(self, address: object) -> bool:
        """Whether mail may go to this address. A domain is not its subdomains."""
        if not isinstance(address, str):
            return False
        whole = normalize(address)
        name, _, domain = whole.rpartition("@")
        return bool(name) and not self.entries.isdisjoint((whole, f"@{domain}"))


def parse(entries: Iterable[str]) -> AllowList:
    """Read entries; raises InputError for one that is neither address nor domain."""
    found: set[str] = set()
    for entry in entries:
        written = entry.strip()
        wire_address(
            f'"{entry}"', f"anybody{written}" if written.startswith("@") else written
        )
        if not written.rpartition("@")[2]:
            raise InputError(f'"{entry}" names no domain')
        found.add(normalize(written))
    return AllowList(frozenset(found))
