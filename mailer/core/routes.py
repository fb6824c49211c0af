"""Who carries a list's mail: by which provider, by several in shares, or in its stead."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mailer.core.tables import Table

_MOST = 1000  # of a share: enough for tenths of a percent
_LONGEST = 40  # characters of a name, as the database keeps it
POINTS = 1_000_000  # on the circle on which every batch has its point
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

    def arcs(self) -> Iterator["Arc"]:
        """Yield who carries which part of the circle, in the order of its points.

        A batch keeps its point, and so goes the same way for life. Parts are as long as the shares. When one share is changed, only points beside
        the moved borders change hands.
        """
        total, upto = sum(self.shares.values()), 0
        for name, share in self.shares.items():
            upto += share
            stand_in = None if name == self.fallback else self.fallback
            yield Arc(end=upto * POINTS // total, carrier=name, stand_in=stand_in)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arc:
    """The points up to `end` that the arcs before it leave, and who carries them.

    Whoever stands in takes what the first has not been asked to take, or has not taken
    for certain: nothing goes both ways.
    """

    end: int
    carrier: str
    stand_in: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """Every list's route."""

    usual: Route  # of lists that name none, and of those whose file is gone
    lists: Mapping[str, Route]  # by the list's name

    @property
    def names(self) -> tuple[str, ...]:
        """Return everybody who may carry something."""
        routes = (self.usual, *self.lists.values())
        return tuple(dict.fromkeys(name for route in routes for name in route.names))

    def relieves(self, name: str) -> tuple[str, ...]:
        """Return whose mail this one carries while those take nothing.

        Either of a pair relieves the other: a batch stays with whoever took it.
        """
        found: dict[str, None] = {}
        for route in (self.usual, *self.lists.values()):
            for arc in route.arcs():
                if arc.stand_in == name:
                    found[arc.carrier] = None
                elif arc.stand_in is not None and arc.carrier == name:
                    found[arc.stand_in] = None
        return tuple(found)


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
        key = "provider" if name in route.shares else "fallback"
        if len(name) > _LONGEST:
            table.fail(key, f"a provider's name may have {_LONGEST} characters")
        if name not in known:
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
