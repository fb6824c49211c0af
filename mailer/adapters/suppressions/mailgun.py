"""Mailgun's suppressions: three lists of a sending domain.

Facts: Mailgun's API reference as of 2026-11 (suppressions). A page names the next one,
until one is empty; there is no asking for a time. A call puts up to 1,000 addresses on a
list, and takes one off. An unsubscribe may be of one tag, which is none of ours: our tags
are keys of calls. The allowlist keeps bounces from being noted and changes no entry, so
that it is left alone.
"""

import base64
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial
from urllib.parse import parse_qsl, urlsplit

from mailer.adapters.providers.mailgun import URL
from mailer.adapters.providers.options import Setup
from mailer.adapters.providers.telling import Record, address, instant, text
from mailer.adapters.suppressions.api import PART, ListApi, in_path, lots, part
from mailer.core.events import EventKind, sort_bounce
from mailer.core.suppressions import Held, Listed
from mailer.ports import Part

_HELD = {
    "bounces": Held.BOUNCED,
    "complaints": Held.COMPLAINED,
    "unsubscribes": Held.UNSUBSCRIBED,
}
_OURS = "suppressed by the sender"  # how an entry of ours is known again
_ALL_TAGS = "*"


class MailgunList(ListApi):
    """The lists of the provider's sending domain."""

    vendor = "Mailgun"
    denied = "the key must be one of the account, or of a domain with all rights"

    def __init__(self, setup: Setup, sleep: Callable[[float], object]) -> None:
        login = base64.b64encode(f"api:{setup.options.secret('token')}".encode())
        access = {"Authorization": f"Basic {login.decode('ascii')}"}
        super().__init__(setup, sleep, url=URL, headers=access)
        self._path = f"/v3/{setup.options.text('domain')}"

    def read(self, since: datetime | None) -> Iterator[Part]:
        """Read all three lists; Mailgun cannot be asked for a time."""
        del since
        for name, held in _HELD.items():
            yield from self._read(name, held)

    def _read(self, name: str, held: Held) -> Iterator[Part]:
        asked, pages = {"limit": str(PART)}, self.pages()
        while True:
            found = self.ask(f"{self._path}/{name}", asked)
            items = self.member(found, "items")
            if not items:
                return
            yield part(items, partial(self._entry, held))
            paging = found.get("paging")
            following = paging.get("next") if isinstance(paging, dict) else None
            # Its question only: our key goes to no other server.
            query = urlsplit(str(following or "")).query
            asked = dict(parse_qsl(query))
            if not asked:
                raise self.nonsense()
            pages.turn(items, query)

    def add(self, entries: Sequence[Listed]) -> int:
        """Put complaints on the list of those, and everybody else on that of bounces."""
        for name in ("bounces", "complaints"):
            chosen = [
                {"address": entry.address, "code": "550", "error": _OURS}
                if name == "bounces"
                else {"address": entry.address}
                for entry in entries
                if (entry.held is Held.COMPLAINED) == (name == "complaints")
            ]
            for some in lots(chosen, PART):
                self.ask(f"{self._path}/{name}", method="POST", body=list(some))
        return 0

    def remove(self, addresses: Sequence[str]) -> Sequence[str]:
        """Take addresses off all three."""
        for each in addresses:
            for name in _HELD:
                path = f"{self._path}/{name}/{in_path(each)}"
                self.ask(path, method="DELETE", missing=True)
        return []

    def _entry(self, held: Held, item: Record) -> Listed | None:
        tags = item.get("tags")
        if isinstance(tags, list) and tags and _ALL_TAGS not in tags:
            return None
        if held is Held.BOUNCED:
            held = _bounced(text(item, "error"), text(item, "code"))
        return Listed(
            address=address(item, "address"),
            held=held,
            since=_moment(item.get("created_at"), self.clock()),
        )


def _bounced(error: str, code: str) -> Held:
    if error == _OURS:
        return Held.MANUAL
    found = sort_bounce(None, f"{code} {error}")
    return Held.BLOCKED if found is EventKind.BLOCK else Held.BOUNCED


def _moment(value: object, instead: datetime) -> datetime:
    """Return the moment of a date as in mail, which is how Mailgun writes it here."""
    try:
        found = parsedate_to_datetime(str(value).replace("UTC", "+0000"))
    except ValueError:
        return instant(value, instead)
    return instant(found.isoformat(), instead)
