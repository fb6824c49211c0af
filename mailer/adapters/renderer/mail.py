"""Mail as readers get it: each kind of message by its folder of templates."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from mailer.adapters.renderer import blasts, corrections, notes, plain
from mailer.adapters.renderer.brand import Brand
from mailer.adapters.renderer.inline import Engine
from mailer.adapters.renderer.locating import spelled
from mailer.adapters.renderer.press import Press
from mailer.adapters.renderer.rows import LABEL
from mailer.adapters.renderer.view import view
from mailer.core.blast import Blast
from mailer.core.digest import Digest
from mailer.core.errors import TemplateError
from mailer.core.lists import MailingList
from mailer.core.notices import Confirmation, Correction, Note
from mailer.ports import Rendered

_QUIET = "quiet"  # the folder that speaks for every list when there is nothing to tell
_SOMEBODY = "zqorganizationqz"  # stands for any name while the sentence is printed
_ENGINES = ("jinja2", "babel", "premailer", "cssutils", "lxml")


class MailRenderer:
    """Renders by `templates/email/`; the slots' markers come out as they went in."""

    def __init__(
        self,
        templates_folder: Path,
        brand: Brand,
        base_url: str,
        engine: Engine = Engine.PREMAILER,
    ) -> None:
        self._folder = templates_folder
        self._brand = brand
        self._base_url = base_url.rstrip("/")
        self._press = Press(templates_folder, brand, self._base_url, engine)
        self._reason = lru_cache(maxsize=65_536)(self._fill_reason)
        self._sentence = lru_cache(maxsize=8_192)(self._print_reason)

    def fingerprint(self, template: str) -> str:
        """Return a hash of all but the content: templates, words, engines, brand."""
        known = hashlib.sha256()
        for part in (repr(self._brand), self._base_url, *_versions()):
            known.update(part.encode() + b"\0")
        for file in self._shaping(template):
            known.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
        return known.hexdigest()

    def digest(
        self,
        digest: Digest,
        *,
        mailing_list: MailingList,
        shown: int,
        changes_shown: int | None = None,
        slots: Mapping[str, str],
    ) -> Rendered:
        """Render a digest; after `shown` upcoming actions comes one line with a link.

        One that has nothing to tell is a quiet week. Raises TemplateError naming the
        template's file and line.
        """
        if not digest.upcoming and not digest.changes:
            return self.quiet(digest, slots=slots)
        seen = view(
            digest,
            brand=self._brand,
            base_url=self._base_url,
            shown=shown,
            changes_shown=changes_shown,
            is_public=mailing_list.archive,
        )
        words = {"view": seen}
        return self._press.letter(mailing_list.template, digest.language, words, slots)

    def quiet(self, digest: Digest, *, slots: Mapping[str, str]) -> Rendered:
        """Render a week without a single action; raises TemplateError."""
        seen = view(digest, brand=self._brand, base_url=self._base_url, shown=0)
        return self._press.letter(_QUIET, digest.language, {"view": seen}, slots)

    def blast(
        self, blast: Blast, *, template: str = "blast", slots: Mapping[str, str]
    ) -> Rendered:
        """Render a coordinator's message, once or in both languages.

        Its slots are the digest's. Raises TemplateError.
        """
        words = blasts.words(blast, self._press, folder=template, slots=slots)
        return self._press.letter(template, blast.version.language, words, slots)

    def confirmation(
        self,
        confirmation: Confirmation,
        *,
        mailing_list: MailingList,
        slots: Mapping[str, str],
    ) -> Rendered:
        """Render the question whether an address is its owner's.

        Slots: "confirm" (part of a URL), "address_html", "address_text", and
        "organization_html" and "_text" where it speaks on behalf of one. Raises
        TemplateError.
        """
        words = notes.question(confirmation, mailing_list, self._press)
        return self._press.letter("confirm", confirmation.language, words, slots)

    def note(self, note: Note, *, slots: Mapping[str, str]) -> Rendered:
        """Render a short note to one person; `slots` are those that its URL holds.

        Raises TemplateError, also for a blank of the wording that nothing fills.
        """
        words = notes.words(note, self._press)
        return self._press.letter("note", note.language, words, slots)

    def correction(
        self, correction: Correction, *, slots: Mapping[str, str]
    ) -> Rendered:
        """Render what was wrong and what is right; the digest's slots.

        Raises TemplateError.
        """
        words = corrections.words(correction, self._base_url)
        return self._press.letter("correction", correction.language, words, slots)

    def reason(
        self, language: str, organization: str | None, consented_on: date | None
    ) -> str:
        """Say in one sentence why this person gets the mail, on lines of 72."""
        return self._reason(language, organization, consented_on)

    def _fill_reason(
        self, language: str, organization: str | None, consented_on: date | None
    ) -> str:
        name = plain.shortened(plain.clean(organization or ""), LABEL)
        return plain.wrapped(self._named(language, name, consented_on))

    def _named(self, language: str, name: str, consented_on: date | None) -> str:
        # Days are few and organizations many: one template per day, not per pair.
        sentence = self._sentence(language, name and _SOMEBODY, consented_on)
        if name and _SOMEBODY not in sentence:  # the template does something to it
            return self._print_reason(language, name, consented_on)
        return sentence.replace(_SOMEBODY, name)

    def _print_reason(
        self, language: str, organization: str, consented_on: date | None
    ) -> str:
        words = {"organization": organization, "consented_on": consented_on}
        return self._press.text("email/_design/reason.txt", language, words).strip()

    def _shaping(self, template: str) -> list[Path]:
        """Return every file whose change may change the output."""
        email = self._folder / "email"
        if not (email / template).is_dir():
            raise TemplateError(
                f"{spelled(email / template)}: there is no such folder; the list's template"
                f" must be one of {', '.join(sorted(_templates(email)))}"
            )
        files = set(Path(__file__).parent.glob("*.py"))
        files.update((self._folder / "translations").rglob("*.po"))
        for folder in (template, _QUIET, "_design"):
            files.update((email / folder).rglob("*"))
        return sorted(
            file for file in files if file.is_file() and file.suffix != ".json"
        )


@lru_cache(maxsize=1)
def _versions() -> tuple[str, ...]:
    return tuple(map(version, _ENGINES))


def _templates(email: Path) -> Iterator[str]:
    return (folder.name for folder in email.glob("[!_]*") if folder.is_dir())
