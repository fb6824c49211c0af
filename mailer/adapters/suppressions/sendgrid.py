"""SendGrid's suppressions: bounces, invalid addresses, spam reports, unsubscribes.

Facts: SendGrid's OpenAPI file as of 2026-11 (suppressions): pages of 500 by offset, from
a time on. Nothing but global unsubscribes can be put there. Blocks are not looked at:
SendGrid goes on writing to them. Groups of unsubscribes are never used by our mail.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial

from mailer.adapters.providers.options import Setup
from mailer.adapters.providers.sendgrid import URL
from mailer.adapters.providers.telling import Record, address, instant, text
from mailer.adapters.suppressions.api import ListApi, in_path, lots, part
from mailer.core.events import EventKind, sort_bounce
from mailer.core.suppressions import Held, Listed
from mailer.ports import Part

_PAGE = 500
_MOST = 1000  # addresses of a call
_HELD = {
    "bounces": Held.BOUNCED,
    "invalid_emails": Held.BOUNCED,
    "spam_reports": Held.COMPLAINED,
    "unsubscribes": Held.UNSUBSCRIBED,
}
_GLOBAL = "/v3/asm/suppressions/global"


class SendGridList(ListApi):
    """The lists of the account, or of the subuser that the key is of."""

    vendor = "SendGrid"
    reset = "X-RateLimit-Reset"
    denied = "the key needs Suppressions: Full Access"

    def __init__(self, setup: Setup, sleep: Callable[[float], object]) -> None:
        token = setup.options.secret("token")
        super().__init__(
            setup, sleep, url=URL, headers={"Authorization": f"Bearer {token}"}
        )

    def read(self, since: datetime | None) -> Iterator[Part]:
        """Read the four lists, page by page."""
        asked = {"limit": str(_PAGE)}
        if since:
            asked["start_time"] = str(int(since.timestamp()))
        for name, held in _HELD.items():
            offset, count, pages = 0, _PAGE, self.pages()
            while count == _PAGE:
                page = {**asked, "offset": str(offset)}
                found = self.rows(self.ask(f"/v3/suppression/{name}", page))
                pages.turn(found)
                offset, count = offset + len(found), len(found)
                yield part(found, partial(self._entry, held))

    def add(self, entries: Sequence[Listed]) -> int:
        """Put addresses among the global unsubscribes, whatever the reason."""
        for some in lots([entry.address for entry in entries], _MOST):
            self.ask(_GLOBAL, method="POST", body={"recipient_emails": list(some)})
        return 0

    def remove(self, addresses: Sequence[str]) -> Sequence[str]:
        """Take addresses off all four."""
        for each in addresses:
            for path in (
                *(f"/v3/suppression/{name}" for name in list(_HELD)[:3]),
                _GLOBAL,
            ):
                self.ask(f"{path}/{in_path(each)}", method="DELETE", missing=True)
        return []

    def _entry(self, held: Held, item: Record) -> Listed:
        if held is Held.BOUNCED:
            found = sort_bounce(text(item, "status") or None, text(item, "reason"))
            held = Held.BLOCKED if found is EventKind.BLOCK else held
        return Listed(
            address=address(item, "email"),
            held=held,
            since=instant(item.get("created"), self.clock()),
        )
