"""A renderer whose words tell exactly what it was given."""

from collections.abc import Mapping
from datetime import date

from mailer.core.digest import Digest
from mailer.core.lists import MailingList
from mailer.ports import Rendered


class PlainRenderer:
    """Prints one line per item, and every slot."""

    def __init__(self) -> None:
        self.rendered: list[Digest] = []

    def fingerprint(self, template: str) -> str:
        """Return the template's name."""
        return template

    def digest(
        self,
        digest: Digest,
        *,
        mailing_list: MailingList,
        shown: int,
        changes_shown: int | None = None,
        slots: Mapping[str, str],
    ) -> Rendered:
        """Return the digest as plain lines."""
        self.rendered.append(digest)
        place = digest.reader.label if digest.reader else "nowhere"
        lines = [
            f"{section.kind.value} {item.kind.value} {item.facts.place.label}"
            f" {item.facts.start_date}"
            for section in digest.sections
            for item in section.items
        ]
        body = "\n".join([place, *lines])
        links = f"/u/{slots['leave']} /p/{slots['preferences']}"
        return Rendered(
            subject=f"{mailing_list.title(digest.language)}: {len(digest.upcoming)}",
            preheader=f"{shown} and {changes_shown} shown",
            html=f"<p>{body}</p>{links} {slots['reason_html']}",
            text=f"{body}\n{links}\n{slots['reason_text']}",
        )

    def reason(
        self, language: str, organization: str | None, consented_on: date | None
    ) -> str:
        """Return all that is known."""
        return f"{language} {organization} {consented_on}"
