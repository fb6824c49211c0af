"""How much programs may ask: by token, and by network for those without a good one."""

import time
from math import ceil

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from mailer.web.api.problems import TOO_MANY, ProblemError

_EACH = parse("120/minute")
_BAD = parse("30/minute")  # nobody guesses 256 bits; whoever tries is only noise


class Limits:
    """Counts in the memory of one process."""

    def __init__(
        self, *, each: RateLimitItem = _EACH, bad: RateLimitItem = _BAD
    ) -> None:
        self._windows = MovingWindowRateLimiter(MemoryStorage())
        self._each, self._bad = each, bad

    def spend(self, token: int) -> None:
        """Count a request; raises ProblemError 429 after too many of one token."""
        self._hit(self._each, "token", str(token), "This token asks too often.")

    def suspect(self, network: str) -> None:
        """Count a token that is nobody's; raises ProblemError 429 after too many.

        Whoever comes with a good one is not asked, wherever they come from.
        """
        self._hit(self._bad, "bad", network, "Too many bad tokens from this network.")

    def _hit(self, limit: RateLimitItem, kind: str, name: str, words: str) -> None:
        if self._windows.hit(limit, kind, name):
            return
        opens = self._windows.get_window_stats(limit, kind, name).reset_time
        seconds = max(1, ceil(opens - time.time()))
        raise ProblemError(
            TOO_MANY,
            f"{words} Ask again in {seconds} s.",
            headers={"Retry-After": str(seconds)},
        )
