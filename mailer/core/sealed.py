"""Settings that may name a secret, which is looked up when somebody needs it."""

from collections.abc import Callable, Iterator, Mapping


class Sealed(Mapping[str, object]):
    """A table's keys and values; what a value refers to is fetched once, when asked for.

    So a secret that is missing keeps nobody from what needs none. Reading a value
    raises ConfigError where it cannot be fetched; the keys are always there.
    """

    def __init__(self, keys: Iterator[str], fetch: Callable[[str], object]) -> None:
        """Take the keys that there are, and who fetches the value of one."""
        self._keys = tuple(keys)
        self._fetch = fetch
        self._fetched: dict[str, object] = {}

    def __getitem__(self, key: str) -> object:
        """Return a value; raises KeyError, and ConfigError where it is not to be had."""
        if key not in self._keys:
            raise KeyError(key)
        if key not in self._fetched:
            self._fetched[key] = self._fetch(key)
        return self._fetched[key]

    def __contains__(self, key: object) -> bool:
        """Return whether there is such a key, whatever its value."""
        return key in self._keys

    def __iter__(self) -> Iterator[str]:
        """Yield the keys."""
        return iter(self._keys)

    def __len__(self) -> int:
        """Return how many keys there are."""
        return len(self._keys)
