"""Resend's suppressions: of the whole account.

Facts: Resend's OpenAPI file as of 2026-11 (suppressions): pages of 100 from the entry
after which they go on; no asking for a time. 100 addresses a call are put there or taken
off. There are no unsubscribes: Resend adds no links to transactional mail.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from mailer.adapters.providers.options import Setup
from mailer.adapters.providers.resend import URL
from mailer.adapters.providers.telling import Record, address, instant, text
from mailer.adapters.suppressions.api import ListApi, lots, part
from mailer.core.suppressions import Held, Listed
from mailer.ports import Part

_PAGE = 100
_HELD = {
    "bounce": Held.BOUNCED,
    "complaint": Held.COMPLAINED,
    "manual": Held.MANUAL,
}


class ResendList(ListApi):
    """The list of the account."""

    vendor = "Resend"
    reset = "ratelimit-reset"
    denied = "a key that may only send is told nothing: it needs full access"

    def __init__(self, setup: Setup, sleep: Callable[[float], object]) -> None:
        token = setup.options.secret("token")
        super().__init__(
            setup, sleep, url=URL, headers={"Authorization": f"Bearer {token}"}
        )

    def read(self, since: datetime | None) -> Iterator[Part]:
        """Read the list; Resend cannot be asked for a time."""
        del since
        asked, pages = {"limit": str(_PAGE)}, self.pages()
        while True:
            found = self.ask("/suppressions", asked)
            items = self.member(found, "data")
            yield part(items, self._entry)
            if found.get("has_more") is not True or not items:
                return
            last = items[-1].get("id") if isinstance(items[-1], dict) else None
            if not isinstance(last, str):
                raise self.nonsense()
            pages.turn(items, last)
            asked["after"] = last

    def add(self, entries: Sequence[Listed]) -> int:
        """Put addresses on it, by our hand whatever the reason."""
        for some in lots([entry.address for entry in entries], _PAGE):
            body = {"emails": list(some)}
            self.ask("/suppressions/batch/add", method="POST", body=body)
        return 0

    def remove(self, addresses: Sequence[str]) -> Sequence[str]:
        """Take addresses off it, one by one: who is not there spoils no other's."""
        for each in addresses:
            body = {"emails": [each]}
            path = "/suppressions/batch/remove"
            self.ask(path, method="POST", body=body, missing=True)
        return []

    def _entry(self, item: Record) -> Listed:
        return Listed(
            address=address(item, "email"),
            held=_HELD.get(text(item, "origin"), Held.MANUAL),
            since=instant(item.get("created_at"), self.clock()),
        )
