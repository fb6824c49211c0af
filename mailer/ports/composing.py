"""What composing asks: words for content."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from mailer.core.digest import Digest
from mailer.core.lists import MailingList
from mailer.core.notices import Confirmation, Correction, Note


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A digest as words: slots are still markers, in HTML and in plain text."""

    subject: str
    preheader: str
    html: str
    text: str


class Renderer(Protocol):
    """Turns content into words, by the templates of the project folder."""

    def fingerprint(self, template: str) -> str:
        """Return a hash of everything but the content that shapes the output."""
        ...

    def digest(
        self,
        digest: Digest,
        *,
        mailing_list: MailingList,
        shown: int,
        changes_shown: int | None = None,
        slots: Mapping[str, str],
    ) -> Rendered:
        """Render a digest; after `shown` upcoming items comes one line with a link.

        The same goes for `changes_shown` changes; None shows them all.

        `slots` maps "leave", "preferences" (parts of a URL) and "reason" (a
        sentence) to markers; "reason" differs between HTML ("reason_html") and
        text ("reason_text"). Raises TemplateError.
        """
        ...

    def reason(
        self, language: str, organization: str | None, consented_on: date | None
    ) -> str:
        """Say in one sentence why this person gets the mail, on lines of 72."""
        ...


class NoteRenderer(Protocol):
    """Turns what is to be said to one person into words."""

    def confirmation(
        self,
        confirmation: Confirmation,
        *,
        mailing_list: MailingList,
        slots: Mapping[str, str],
    ) -> Rendered:
        """Render the question whether an address is its owner's; raises TemplateError.

        `slots` maps "confirm" (part of a URL), "address_html" and "address_text".
        """
        ...

    def note(self, note: Note, *, slots: Mapping[str, str]) -> Rendered:
        """Render a short note to one person; `slots` are those that its URL holds.

        Raises TemplateError.
        """
        ...


class CorrectionRenderer(Protocol):
    """Turns what was wrong and what is right into words."""

    def correction(
        self, correction: Correction, *, slots: Mapping[str, str]
    ) -> Rendered:
        """Render a correction; `slots` are the digest's. Raises TemplateError."""
        ...
