"""A renderer whose words tell exactly what it was given, and a real one that keeps."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

from mailer.adapters.renderer.brand import Brand
from mailer.adapters.renderer.mail import MailRenderer
from mailer.core.blast import Blast
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


class KeptMail(MailRenderer):
    """The real renderer of templates that stay as they are; each call is set once.

    A call is set whenever it is looked at, and most tests are about the same one.
    """

    def __init__(self, templates_folder: Path, brand: Brand, base_url: str) -> None:
        super().__init__(templates_folder, brand, base_url)
        self._known = cache(super().fingerprint)
        self._calls: dict[str, Rendered] = {}

    def fingerprint(self, template: str) -> str:
        """Return what the templates were when they were first asked for."""
        return self._known(template)

    def blast(
        self, blast: Blast, *, template: str = "blast", slots: Mapping[str, str]
    ) -> Rendered:
        """Return the call with its slots, as it was set the first time."""
        said = repr((blast, template, sorted(slots.items())))
        if said not in self._calls:
            self._calls[said] = super().blast(blast, template=template, slots=slots)
        return self._calls[said]
