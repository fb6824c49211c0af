"""Asks for each link once in a while, however often a page is looked at."""

from collections.abc import Callable, Collection, Mapping

from mailer.adapters.clocks import elapsed
from mailer.ports import Landing, Links, NotAsked, Unanswered

_MOST_KNOWN = 200  # links

Met = Landing | NotAsked | Unanswered


class Remembering:
    """Follows links through others, and knows for some time what was there."""

    def __init__(
        self, links: Links, *, seconds: float, monotonic: Callable[[], float] = elapsed
    ) -> None:
        """Take what asks, and for how many seconds its answers are good."""
        self._links = links
        self._seconds = seconds
        self._monotonic = monotonic
        self._known: dict[str, tuple[float, Met]] = {}

    def ask(self, urls: Collection[str]) -> Mapping[str, Met]:
        """Ask for those that are not known, all at the same time."""
        now = self._monotonic()
        known = {
            url: met
            for url, (at, met) in self._known.copy().items()
            if now - at < self._seconds
        }
        found = self._links.ask([url for url in urls if url not in known])
        if len(self._known) + len(found) > _MOST_KNOWN:
            self._known.clear()
        self._known.update({url: (now, met) for url, met in found.items()})
        return {**{url: known[url] for url in urls if url in known}, **found}
