"""Who carries a list's mail: by which provider, by several in shares, or in its stead."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from mailer.core.tables import Table

_MOST = 1000  # of a share: enough for tenths of a percent
_HINT = (
    'write provider = "NAME", or the share of each:'
    " provider = {{ {name} = 80, another = 20 }}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Providers by name: each with its share of the calls, and who stands in."""

    shares: Mapping[str, int]  # none is zero
    fallback: str | None = None

    @property
    def main(self) -> str:
        """Return the one with the largest share; of several, the first."""
        return max(self.shares, key=self.shares.__getitem__)

    @property
    def names(self) -> tuple[str, ...]:
        """Return everybody who may carry something."""
        rest = () if self.fallback is None else (self.fallback,)
        return tuple(dict.fromkeys((*self.shares, *rest)))

    def preference(self, call: bytes) -> tuple[str, ...]:
        """Return who carries a call, and who does if that one takes nothing.

        The same call always goes the same way. No call goes two ways: the second is
        for what the first has not been asked to take, or has not taken for certain.
        """
        chosen = self._chosen(call)
        if self.fallback is None or self.fallback == chosen:
            return (chosen,)
        return (chosen, self.fallback)

    def _chosen(self, call: bytes) -> str:
        digest = hashlib.blake2b(call, digest_size=8, person=b"route").digest()
        point = int.from_bytes(digest) % sum(self.shares.values())
        for name, share in self.shares.items():
            if point < share:
                return name
            point -= share
        raise AssertionError("a point lies within the shares")


def read(table: Table) -> Route | None:
    """Read the keys provider and fallback; None: neither is there.

    Raises ConfigError.
    """
    written = table.raw("provider", None)
    fallback = table.text("fallback", None)
    if written is None:
        if fallback is not None:
            table.fail("fallback", "stands in for a provider; name that one as well")
        return None
    shares = _shares(table, written)
    if set(shares) == {fallback}:
        table.fail("fallback", f'"{fallback}" is the provider already; name another')
    return Route(shares=shares, fallback=fallback)


def check(table: Table, route: Route, known: Collection[str]) -> None:
    """Raise ConfigError for a provider that is not known."""
    for name in route.names:
        if name not in known:
            key = "provider" if name in route.shares else "fallback"
            table.fail(
                key,
                f"there is no [providers.{name}] in mailer.toml; there is"
                f" {', '.join(known) or 'none at all'}",
            )


def _shares(table: Table, written: Any) -> Mapping[str, int]:
    if isinstance(written, str) and written.strip():
        return {written.strip(): 1}
    if not isinstance(written, dict) or not written:
        table.fail("provider", _HINT.format(name="main"))
    for name, share in written.items():
        whole = isinstance(share, int) and not isinstance(share, bool)
        if not whole or not 1 <= share <= _MOST:
            table.fail(f"provider.{name}", f"must be a whole number from 1 to {_MOST}")
    return dict(written)
