"""What an import finds wrong or odd: all of it counted, the first of it kept."""

from collections.abc import Callable, Mapping
from typing import Any

from mailer.core.model import Flag, Rejection

LISTED = 2_000  # of each kind; a million bad rows must not fill the memory


class Findings:
    """Counts every flag and every rejection, and lists the first of them."""

    def __init__(
        self, reject: Callable[[Rejection], None] = lambda _rejection: None
    ) -> None:
        """Take what else is done with a rejection, at once."""
        self._reject = reject
        self.flagged: list[Flag] = []
        self.rejected: list[Rejection] = []
        self.flags = self.rejections = 0

    def flag(self, flag: Flag) -> None:
        """Note what a person should look at."""
        self.flags += 1
        if len(self.flagged) < LISTED:
            self.flagged.append(flag)

    def reject(self, rejection: Rejection) -> None:
        """Note a row that cannot be read."""
        self.rejections += 1
        if len(self.rejected) < LISTED:
            self.rejected.append(rejection)
        self._reject(rejection)

    def summary(self) -> Mapping[str, Any]:
        """Return the lists, and how much there is in truth."""
        return {
            "flags": self.flags,
            "rejections": self.rejections,
            "flagged": self.flagged,
            "rejected": self.rejected,
        }
