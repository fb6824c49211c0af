"""Brevo's blocked contacts: of transactional mail, by sender.

Facts: Brevo's API reference as of 2026-11 (transactional emails, blocked contacts):
pages of 100 by offset, between two days. Nobody can be put there by the API, and anybody
taken off. An account may ask a hundred times an hour, which is 10,000 entries.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from mailer.adapters.providers.brevo import URL
from mailer.adapters.providers.options import Setup
from mailer.adapters.providers.telling import Record, address, inner, instant, text
from mailer.adapters.suppressions.api import ListApi, in_path, part
from mailer.core.suppressions import Held, Listed
from mailer.ports import Part

_PAGE = 100
_PATH = "/v3/smtp/blockedContacts"
_HELD = {
    "hardBounce": Held.BOUNCED,
    "contactFlaggedAsSpam": Held.COMPLAINED,
    "unsubscribedViaEmail": Held.UNSUBSCRIBED,
    "unsubscribedViaMA": Held.UNSUBSCRIBED,
    "unsubscribedViaApi": Held.MANUAL,
    "adminBlocked": Held.MANUAL,
}


class BrevoList(ListApi):
    """The list of the account."""

    vendor = "Brevo"
    takes = False
    reset = "x-sib-ratelimit-reset"
    denied = "the key must be one of the API (xkeysib-…)"

    def __init__(self, setup: Setup, sleep: Callable[[float], object]) -> None:
        token = setup.options.secret("token")
        super().__init__(setup, sleep, url=URL, headers={"api-key": token})

    def read(self, since: datetime | None) -> Iterator[Part]:
        """Read the list from a day on, or all of it, the oldest first."""
        asked = {"limit": str(_PAGE), "sort": "asc"}
        if since:
            days = (since.date(), self.clock().date())
            asked |= dict(zip(("startDate", "endDate"), map(str, days), strict=True))
        offset, count, pages = 0, _PAGE, self.pages()
        while count == _PAGE:
            found = self.ask(_PATH, {**asked, "offset": str(offset)})
            # Without any, the answer may say nothing at all.
            empty = isinstance(found, dict) and found.keys() <= {"count"}
            items = [] if empty else self.member(found, "contacts")
            pages.turn(items)
            offset, count = offset + len(items), len(items)
            yield part(items, self._entry)

    def add(self, entries: Sequence[Listed]) -> int:
        """Put nobody on it: Brevo has no call for that."""
        return len(entries)

    def remove(self, addresses: Sequence[str]) -> Sequence[str]:
        """Take addresses off it."""
        for each in addresses:
            self.ask(f"{_PATH}/{in_path(each)}", method="DELETE", missing=True)
        return []

    def _entry(self, item: Record) -> Listed:
        return Listed(
            address=address(item, "email"),
            held=_HELD.get(text(inner(item, "reason"), "code"), Held.MANUAL),
            since=instant(item.get("blockedAt"), self.clock()),
        )
