"""Postmark's suppressions: of one message stream, which comes whole.

Facts: Postmark's API reference as of 2026-11 (developer/api/suppressions-api). A stream's
list comes whole, or from a day on; 50 addresses a call are put on it or taken off.
Complaints cannot be taken off but by Postmark's support. What an API call put there is
"ManualSuppression", as is what a reader did; the origin tells them apart.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from mailer.adapters.providers.options import Setup
from mailer.adapters.providers.postmark import URL
from mailer.adapters.providers.telling import Record, address, instant, text
from mailer.adapters.suppressions.api import PART, ListApi, gathered, lots, part
from mailer.core.suppressions import Held, Listed
from mailer.ports import Part

_MOST = 50  # addresses of a call
_HELD = {
    "HardBounce": Held.BOUNCED,
    "SpamComplaint": Held.COMPLAINED,
    "ManualSuppression": Held.MANUAL,
}


class PostmarkList(ListApi):
    """The list of the provider's message stream."""

    vendor = "Postmark"
    words = "Message"
    denied = "the token must be that of the server"

    def __init__(self, setup: Setup, sleep: Callable[[float], object]) -> None:
        token = setup.options.secret("token")
        super().__init__(
            setup, sleep, url=URL, headers={"X-Postmark-Server-Token": token}
        )
        stream = setup.options.text("stream") or "broadcast"
        self._path = f"/message-streams/{stream}/suppressions"

    def read(self, since: datetime | None) -> Iterator[Part]:
        """Read the list from a day on, or all of it."""
        asked = {"fromdate": since.date().isoformat()} if since else None
        found = self.stream(f"{self._path}/dump", asked, name="Suppressions")
        for some in gathered(found, PART):
            yield part(some, self._entry)

    def add(self, entries: Sequence[Listed]) -> int:
        """Put addresses on it, by our hand whatever the reason."""
        return sum(
            len(self._change("", [entry.address for entry in some]))
            for some in lots(entries, _MOST)
        )

    def remove(self, addresses: Sequence[str]) -> Sequence[str]:
        """Take addresses off it; complaints stay."""
        return [
            stuck
            for some in lots(addresses, _MOST)
            for stuck in self._change("/delete", some)
        ]

    def _change(self, path: str, addresses: Sequence[str]) -> Sequence[str]:
        """Return those that Postmark did not do it for."""
        body = {"Suppressions": [{"EmailAddress": each} for each in addresses]}
        found = self.ask(f"{self._path}{path}", method="POST", body=body)
        results = self.member(found, "Suppressions")
        if len(results) != len(addresses):
            raise self.nonsense()
        return [
            each
            for each, result in zip(addresses, results, strict=True)
            if not isinstance(result, dict) or result.get("Status") == "Failed"
        ]

    def _entry(self, item: Record) -> Listed:
        held = _HELD.get(text(item, "SuppressionReason"), Held.MANUAL)
        if held is Held.MANUAL and text(item, "Origin") == "Recipient":
            held = Held.UNSUBSCRIBED
        return Listed(
            address=address(item, "EmailAddress"),
            held=held,
            since=instant(item.get("CreatedAt"), self.clock()),
        )
