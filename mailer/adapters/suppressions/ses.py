"""Amazon SES's suppression list: of the whole account in one region.

Facts: the SES API v2 as of 2026-11 (ListSuppressedDestinations and the calls beside it;
botocore's model of them): pages by token, from a time on, with one address a call put
there or taken off. SES knows bounces and complaints only.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from mailer.adapters.providers.options import Setup
from mailer.adapters.providers.ses.access import access
from mailer.adapters.providers.telling import Record, address, instant, text
from mailer.adapters.suppressions.api import PART, ListApi, in_path, part
from mailer.core.suppressions import Held, Listed
from mailer.ports import Part

_PATH = "/v2/email/suppression/addresses"


class SesList(ListApi):
    """The list of the account."""

    vendor = "Amazon SES"
    denied = (
        "the IAM user must be allowed ses:ListSuppressedDestinations,"
        " ses:PutSuppressedDestination and ses:DeleteSuppressedDestination"
    )

    def __init__(self, setup: Setup, sleep: Callable[[float], object]) -> None:
        self._signing, url = access(setup.options)
        super().__init__(setup, sleep, url=url)

    def headers(self, method: str, url: str, data: bytes) -> Mapping[str, str]:
        """Return the headers of a call, signed for now."""
        return self._signing.sign(
            url, data, self._access, at=self.clock(), method=method
        )

    def read(self, since: datetime | None) -> Iterator[Part]:
        """Read the list, page by page."""
        asked = {"PageSize": str(PART)}
        if since:
            asked["StartDate"] = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        pages = self.pages()
        while True:
            found = self.ask(_PATH, asked)
            items = self.member(found, "SuppressedDestinationSummaries")
            yield part(items, self._entry)
            following = found.get("NextToken")
            if not following:
                return
            pages.turn(items, str(following))
            asked["NextToken"] = str(following)

    def add(self, entries: Sequence[Listed]) -> int:
        """Put addresses on it, those without a complaint as bounced."""
        for entry in entries:
            complained = entry.held is Held.COMPLAINED
            body = {
                "EmailAddress": entry.address,
                "Reason": "COMPLAINT" if complained else "BOUNCE",
            }
            self.ask(_PATH, method="PUT", body=body)
        return 0

    def remove(self, addresses: Sequence[str]) -> Sequence[str]:
        """Take addresses off it."""
        for each in addresses:
            self.ask(f"{_PATH}/{in_path(each)}", method="DELETE", missing=True)
        return []

    def _entry(self, item: Record) -> Listed:
        complained = text(item, "Reason") == "COMPLAINT"
        return Listed(
            address=address(item, "EmailAddress"),
            held=Held.COMPLAINED if complained else Held.BOUNCED,
            since=instant(item.get("LastUpdateTime"), self.clock()),
        )
